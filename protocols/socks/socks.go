// Package socks follows SOCKS 4, 4a and 5 (RFC 1928, 1929) up to the proxy's word
// that the tunnel stands: what follows is identified afresh, and its events say
// through which proxy it came and as whom.
//
// Ownership: bytes given to Parse are borrowed. The name of a user and of a target
// are kept until the tunnel stands; a password is passed by.
//
// # Anomalies
//
//	socks_bad_message     a message that the version does not have; the rest was only counted
package socks

import "mailsensor/protocols"

// New returns the protocol.
func New() protocols.Protocol {
	return protocols.Protocol{
		Name:  "socks",
		Ports: []uint16{1080, 9050, 9150},
		Probe: probe,
		New:   func() protocols.Parser { return new(parser) },
	}
}

// Versions, and what a client can ask for (RFC 1928, section 4).
const (
	version4 = 4
	version5 = 5

	connect   = 1
	bind      = 2
	associate = 3 // UDP; not in version 4
)

// Methods of authentication (RFC 1928, section 3).
const (
	noAuth   = 0
	gssapi   = 1
	userPass = 2
	refused  = 0xff
)

// Replies that grant the request (SOCKS4 protocol; RFC 1928, section 6).
const (
	granted4 = 90
	granted5 = 0
)

// maxName bounds the strings of version 4, which end with NUL.
const maxName = 255
