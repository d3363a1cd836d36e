// Package tls reads the handshakes of TLS, from the first octet of a connection
// or behind STARTTLS: who is asked for, what was agreed on, what the client looks
// like, which certificates are shown. Behind the handshake a connection of IMAP or
// POP3 is watched for the lengths and directions of its records, from which
// estimate.go judges what was downloaded; of all others nothing more is wanted,
// so that they cost nothing.
//
// A handshake ends the event: it is sent once, when all was said that can be
// read, or when the connection ends. No octets of application data are kept.
//
// Ownership: bytes given to Parse are borrowed. What is collected of a handshake
// lies in the parser's own buffers, within bounds.
package tls

import (
	"sync"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// New returns the protocol. The ports are those of mail over implicit TLS
// (RFC 8314) and HTTPS.
func New() protocols.Protocol {
	pool := &sync.Pool{New: func() any { return new(hand) }}
	return protocols.Protocol{
		Name:    "tls",
		Ports:   []uint16{443, 465, 993, 995},
		Probe:   probe,
		New:     func() protocols.Parser { return &parser{pool: pool} },
		Visible: protocols.ImplicitTLS,
	}
}

// Record content types and handshake types (RFC 8446, sections 5.1 and 4;
// heartbeat: RFC 6520).
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23
	heartbeat        = 24

	clientHello     = 1
	serverHello     = 2
	certificate     = 11
	serverHelloDone = 14
)

// Versions.
const (
	tls12 = 0x0303
	tls13 = 0x0304
)

const maxRecord = 1<<14 + 2048 // RFC 5246, section 6.2.3: a TLSCiphertext may grow by 2,048

// maxUntold is how many octets of one direction go by before what is known of a
// handshake is told, whether it ended or not: one side may never be seen.
const maxUntold = 64 << 10

// parser follows one connection.
type parser struct {
	conn      capture.Conn
	half      [2]half
	pool      *sync.Pool
	hs        *hand // until it is told
	ready     bool  // nothing more of the handshake is to be seen
	told      bool
	stopped   bool
	truncated bool
	service   string // that is watched: imap, pop3; "": none
	watch     *watch // while it is
}

// half is one direction.
type half struct {
	head   [5]byte
	n      int    // octets of head
	typ    byte   // of the record
	left   int    // octets left of it
	octets uint64 // so far
	begun  bool   // the first record came
	v2     bool   // the record is a hello in the form of SSL 2
	sealed bool   // what follows is encrypted (or of no interest)
	lost   bool   // where records begin is not known any more
}

// hand is what a handshake takes. Most connections are long past theirs, so it
// is handed on.
type hand struct {
	hello  client
	server server
	chain  []byte // the certificate list, as sent
	msg    [2]message
}

func (h *hand) reset() {
	for d := range h.msg {
		h.msg[d] = message{buf: keep(h.msg[d].buf)}
	}
	h.hello = client{name: h.hello.name[:0], alpn: h.hello.alpn[:0]}
	h.server, h.chain = server{}, keep(h.chain)
}

// Reset implements protocols.Parser.
func (p *parser) Reset(c capture.Conn) {
	p.release()
	*p = parser{conn: c, pool: p.pool, hs: p.pool.Get().(*hand)}
	p.hs.reset()
}

func (p *parser) release() {
	if p.hs != nil {
		p.pool.Put(p.hs)
		p.hs = nil
	}
}

// keep empties a buffer for the next connection, if it is not too large.
func keep(b []byte) []byte {
	const most = 8 << 10
	if cap(b) > most {
		return nil
	}
	return b[:0]
}

// Parse implements protocols.Parser. It keeps what is needed of a record itself,
// so that it always consumes all.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	n = len(b)
	if p.watch != nil && d == capture.ToServer && p.watch.due(t) {
		p.watch.interim(p.service, t, out)
	}
	p.half[d].octets += uint64(n)
	p.records(d, t, b, out)
	if !p.told && p.half[d].octets > maxUntold {
		p.truncated = p.truncated || p.half[d].begun
		p.tell(t, out)
	}
	if p.stopped {
		return n, protocols.Stop
	}
	return n, protocols.Continue
}

// Gap implements protocols.Parser. A loss within a record only shortens it.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	h := &p.half[d]
	h.octets += uint64(n)
	if !p.told && !h.sealed && (h.typ == handshake || h.left < n) {
		p.truncated = p.truncated || d == capture.ToClient || !p.hs.hello.seen
		h.sealed = true
		if d == capture.ToClient { // what the server agreed to will not be known
			p.understood(t, out)
		}
	}
	if n <= h.left && !h.v2 {
		h.left -= n
		return
	}
	h.lost = true
	p.bare(d, n)
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.tell(t, out)
	if p.watch != nil {
		p.watch.report(p.service, t, out)
	}
}

// bare takes n octets that are not divided into records any more.
func (p *parser) bare(d capture.Dir, n int) {
	if p.watch != nil {
		p.watch.bare(d, n)
	}
}

// understood says that no more of the handshake can be read. It is told at once
// if the client's hello is there; it may still be on its way.
func (p *parser) understood(t int64, out protocols.Sink) {
	p.ready = true
	if p.hs.hello.seen || p.half[capture.ToServer].lost || p.half[capture.ToServer].sealed {
		p.tell(t, out)
	}
}

// tell sends the event, once, and decides whether the connection is watched.
func (p *parser) tell(t int64, out protocols.Sink) {
	if p.told {
		return
	}
	p.told = true
	e := out.TLSStart(t)
	h, s := &p.hs.hello, &p.hs.server
	e.Version, e.Cipher = h.version, s.cipher
	if s.version != 0 {
		e.Version = s.version
	}
	if h.seen && s.seen {
		e.Started = h.at
	}
	e.ServerName, e.ALPN = out.Copy(h.name), out.Copy(h.alpn)
	if len(s.alpn) > 0 {
		e.ALPN = out.Copy(s.alpn)
	}
	if h.fingerprinted {
		e.JA3, e.JA4 = out.Copy(h.ja3[:]), out.Copy(h.ja4[:])
	}
	e.Resumed = s.resumed
	e.Encrypted = h.encrypted
	p.certificates(e, out)
	e.Truncated = p.truncated
	if name := remoteService(h.name); name != "" {
		out.SetRemote(name, h.name)
	}
	if p.service = p.serviceOf(e, out.Via()); p.service == "" {
		p.stopped = true
	} else {
		p.watch = new(watch)
		p.watch.reset(s.version, s.cipher, !h.seen && !s.seen)
		if h.early {
			p.watch.maxEarly = maxEarlyData
		}
	}
	p.half[0].sealed, p.half[1].sealed = true, true
	p.release()
}
