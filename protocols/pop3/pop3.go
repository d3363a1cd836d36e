// Package pop3 follows POP3 (RFC 1939, with CAPA of RFC 2449, STLS of RFC 2595,
// AUTH of RFC 5034 and UTF8 and LANG of RFC 6856) and tells who logged in, which
// messages were downloaded, and which were deleted. It exists because POP3 is the
// quiet way to empty a mailbox: a RETR is a whole message, always, and only a
// QUIT makes the deletions good.
//
// Messages go by their UIDL where the session showed it, and by their number
// where it did not.
//
// Ownership: bytes given to Parse are borrowed. Of a session the user name is
// kept, bounded, and a hash for each UIDL; content is counted and kept by nobody,
// passwords are not even looked at.
//
// # Anomalies
//
// Kinds reported, each once a connection unless said otherwise:
//
//	pop3_unknown_command      a line that is no command
//	pop3_bad_response         a server line that is no response
//	pop3_unexpected_response  a response that answers nothing
//	pop3_long_line            a command or a status line beyond its bound
//	pop3_queue_overflow       more commands in flight than are followed
//	pop3_starttls_injection   bytes behind STLS or behind its +OK, before TLS began (each time)
//	pop3_starttls_refused     STLS was refused (each time)
//	pop3_starttls_stripped    STLS was overwritten on the way, in the response to CAPA
package pop3

import "mailsensor/protocols"

// New returns the protocol.
func New() protocols.Protocol {
	return protocols.Protocol{
		Name:  "pop3",
		Ports: []uint16{110, 995},
		Probe: probe,
		New:   func() protocols.Parser { return new(parser) },
	}
}

// Bounds. Each that is hit shows in an anomaly or in the event itself.
const (
	maxLine    = 14 << 10 // a command: SASL responses may have 12,288 octets (RFC 5034, section 4)
	maxCommand = 512      // beyond it a command is reported as long: 255 (RFC 2449, section 4), with room
	maxStatus  = 2 << 10  // a line of the server outside of message content
	maxQueue   = 512      // commands in flight
	maxNames   = 16 << 10 // messages whose UIDL is remembered, by number
	keepNames  = 1 << 10  // of those, memory kept for the next connection
	maxUser    = 320      // octets of a user name
	maxNumbers = 1 << 10  // messages read by number that may still get a UIDL
)
