// Package proxy reads the header of the PROXY protocol, versions 1 and 2
// (HAProxy, doc/proxy-protocol.txt), which a load balancer puts before the
// client's first octet to say for whom it speaks. What follows is identified
// afresh; its events carry the claim as Via.Origin, to be believed by whoever
// trusts the peer.
//
// Ownership: bytes given to Parse are borrowed, and none are kept.
//
// # Anomalies
//
//	proxy_bad_header      a header that begins as one and does not go on as one
package proxy

import (
	"bytes"

	"mailsensor/protocols"
)

// New returns the protocol.
func New() protocols.Protocol {
	return protocols.Protocol{
		Name:  "proxy",
		Probe: probe,
		New:   func() protocols.Parser { return new(parser) },
	}
}

// What the versions begin with, and their sizes.
const (
	textSignature   = "PROXY "
	binarySignature = "\r\n\r\n\x00\r\nQUIT\n"
	maxText         = 107                      // the line with its end (section 2.1)
	fixed           = len(binarySignature) + 4 // of version 2: up to the length of what follows (section 2.2)
)

// probe accepts the signature of either version. Nothing else begins so.
func probe(p protocols.Probe) protocols.Verdict {
	b := p.ToServer
	switch {
	case p.Midstream, len(b) == 0 && len(p.ToClient) > 0: // the server waits for the header
		return protocols.Reject
	case begins(b, binarySignature):
		return whole(len(b) >= len(binarySignature))
	case begins(b, textSignature):
		word := b[min(len(b), len(textSignature)):]
		if i := bytes.IndexByte(word, ' '); i >= 0 {
			word = word[:i+1]
		}
		for _, f := range [...]string{"TCP4 ", "TCP6 ", "UNKNOWN"} {
			if begins(word, f) {
				return whole(len(word) >= len(f))
			}
		}
	}
	return protocols.Reject
}

func whole(yes bool) protocols.Verdict {
	if yes {
		return protocols.Accept
	}
	return protocols.NeedMore
}

// begins reports whether b begins as s does, as far as either goes.
func begins(b []byte, s string) bool {
	n := min(len(b), len(s))
	return string(b[:n]) == s[:n]
}
