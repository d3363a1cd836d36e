// Package tls recognises TLS, so that encrypted connections are counted as what
// they are and cost nothing after their first record. It keeps no bytes.
package tls

import (
	"mailsensor/capture"
	"mailsensor/protocols"
)

// New returns the protocol. The ports are those of mail over implicit TLS
// (RFC 8314) and HTTPS.
func New() protocols.Protocol {
	return protocols.Protocol{
		Name:    "tls",
		Ports:   []uint16{443, 465, 993, 995},
		Probe:   probe,
		New:     func() protocols.Parser { return new(parser) },
		Visible: protocols.ImplicitTLS,
	}
}

// Record content types and the handshake types of the hellos (RFC 8446,
// sections 5.1 and 4).
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23

	clientHello = 1
	serverHello = 2
)

const maxRecord = 1<<14 + 2048 // RFC 5246, section 6.2.3: a TLSCiphertext may grow by 2,048

func probe(p protocols.Probe) protocols.Verdict {
	c, s := record(p.ToServer, clientHello, p.Midstream), record(p.ToClient, serverHello, p.Midstream)
	switch {
	case c == protocols.Reject || s == protocols.Reject:
		return protocols.Reject
	case c == protocols.Accept || s == protocols.Accept && p.Midstream:
		return protocols.Accept
	}
	return protocols.NeedMore
}

// record judges the first bytes of one direction. In mid-stream they have to
// begin with a record, which is so for most segments that begin a write.
func record(b []byte, hello byte, midstream bool) protocols.Verdict {
	if len(b) == 0 {
		return protocols.NeedMore
	}
	if b[0] < changeCipherSpec || b[0] > applicationData {
		return protocols.Reject
	}
	if len(b) < 6 {
		return protocols.NeedMore
	}
	n := int(b[3])<<8 | int(b[4])
	if b[1] != 3 || b[2] > 4 || n == 0 || n > maxRecord {
		return protocols.Reject
	}
	if b[0] == handshake && b[5] == hello || midstream {
		return protocols.Accept
	}
	return protocols.Reject
}

// parser wants nothing: what follows is encrypted.
type parser struct{}

func (*parser) Parse(_ capture.Dir, t int64, _ []byte, out protocols.Sink) (int, protocols.Action) {
	out.TLSStart(t)
	return 0, protocols.Stop
}

func (*parser) Gap(capture.Dir, int64, int, protocols.Sink) {}
func (*parser) Close(int64, protocols.Sink)                 {}
func (*parser) Reset(capture.Conn)                          {}
