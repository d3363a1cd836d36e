// Package sieve follows ManageSieve (RFC 5804) and tells who logged in and which
// scripts were stored, made active, read, renamed and deleted, and what they do
// with mail. It exists because a script on the server goes on sending mail away
// when its maker has long left.
//
// Ownership: bytes given to Parse are borrowed. A script is read as it comes (see
// package script) and not kept; kept are the names of commands in flight, bounded,
// and what their scripts do.
//
// # Anomalies
//
// Kinds reported, each once a connection unless said otherwise:
//
//	sieve_unknown_command      a line that is no command
//	sieve_bad_response         a server line that is no response
//	sieve_unexpected_response  a response that answers nothing
//	sieve_bad_literal          a literal that is impossible
//	sieve_queue_overflow       more commands in flight than are followed
//	sieve_starttls_injection   bytes behind STARTTLS or behind its OK, before TLS began (each time)
//	sieve_starttls_refused     STARTTLS was refused (each time)
//	sieve_starttls_stripped    STARTTLS was overwritten on the way, among the capabilities
package sieve

import "mailsensor/protocols"

// New returns the protocol.
func New() protocols.Protocol {
	return protocols.Protocol{
		Name:  "sieve",
		Ports: []uint16{4190, 2000},
		Probe: probe,
		New:   func() protocols.Parser { return new(parser) },
	}
}

// Bounds. Each that is hit shows in an anomaly or in the event itself.
const (
	maxWord     = 64       // octets of a command's name or another atom
	maxHead     = 24       // a literal's length, with its brackets
	maxName     = 512      // octets of a script's name (RFC 5804, section 1.6)
	maxResponse = 12 << 10 // a message of an authentication exchange, in base64
	maxInFlight = 64       // commands
	maxUnheard  = 8        // commands in flight while the server was not heard
	maxScripts  = 4        // scripts of commands in flight that are read
	maxEarly    = 4        // responses that came before their command
	maxText     = 1 << 10  // octets of a server's string that are kept
)
