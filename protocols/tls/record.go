package tls

import (
	"mailsensor/capture"
	"mailsensor/protocols"
)

// records cuts b into records (RFC 8446, section 5.1).
func (p *parser) records(d capture.Dir, t int64, b []byte, out protocols.Sink) {
	h := &p.half[d]
	for len(b) > 0 && !p.stopped {
		if h.lost {
			p.bare(d, len(b))
			return
		}
		if h.left > 0 {
			n := min(h.left, len(b))
			h.left -= n
			p.payload(d, t, b[:n], out)
			b = b[n:]
			continue
		}
		want := len(h.head)
		if !h.begun && (h.n > 0 && h.head[0]&0x80 != 0 || h.n == 0 && b[0]&0x80 != 0) {
			want = 2
		}
		n := copy(h.head[h.n:want], b)
		h.n += n
		b = b[n:]
		if h.n < want {
			return
		}
		h.n = 0
		if !p.begin(d, t, want == 2, out) {
			h.lost = true
		}
	}
}

// begin takes the head of a record. It reports whether it is one.
func (p *parser) begin(d capture.Dir, t int64, v2 bool, out protocols.Sink) bool {
	h := &p.half[d]
	first := !h.begun
	h.begun, h.v2 = true, v2
	if v2 {
		h.typ, h.left = handshake, int(h.head[0]&0x7f)<<8|int(h.head[1])
		return true
	}
	h.typ, h.left = h.head[0], int(h.head[3])<<8|int(h.head[4])
	if h.typ < changeCipherSpec || h.typ > heartbeat || h.head[1] != 3 || h.left > maxRecord {
		if !p.told {
			p.truncated = true
			p.tell(t, out)
		}
		return false
	}
	switch h.typ {
	case changeCipherSpec:
		if p.told {
			break
		}
		h.sealed = h.sealed || p.hs.server.version != tls13 && p.hs.server.seen // in TLS 1.3 it means nothing
		if d == capture.ToClient && h.sealed {
			p.hs.server.resumed = p.hs.server.resumed || len(p.hs.chain) == 0 && !p.hs.server.done // RFC 5077, section 3.1
			p.understood(t, out)
		}
	case applicationData:
		if !p.told && (first || h.sealed || p.hs.server.seen || d == capture.ToClient) { // early data of a client comes before the answer
			p.truncated = p.truncated || !p.hs.server.seen
			p.tell(t, out)
		}
		if p.watch != nil {
			p.watch.record(d, h.left)
		}
	}
	return true
}

// payload takes octets of a record.
func (p *parser) payload(d capture.Dir, t int64, b []byte, out protocols.Sink) {
	h := &p.half[d]
	if h.typ != handshake || h.sealed {
		return
	}
	if h.v2 {
		p.oldHello(d, t, b, out)
		return
	}
	for len(b) > 0 && !h.sealed {
		n, whole := p.hs.msg[d].add(b)
		b = b[n:]
		if p.hs.msg[d].oversize {
			p.truncated, h.sealed = true, true
			if d == capture.ToClient {
				p.understood(t, out)
			}
			return
		}
		if whole {
			p.message(d, t, p.hs.msg[d].kind(), p.hs.msg[d].buf[messageHead:], out)
			if p.told {
				return
			}
			p.hs.msg[d].reset()
		}
	}
}

// message is one of a handshake, as it is put together.
type message struct {
	buf      []byte // head and body
	skip     int    // octets left of one that is of no interest
	oversize bool
}

const (
	messageHead = 4        // RFC 8446, section 4: type and length
	maxMessage  = 64 << 10 // a chain of certificates has a few KiB, a hello with post-quantum key shares less
)

func (m *message) kind() byte { return m.buf[0] }

func (m *message) reset() { m.buf = m.buf[:0] }

// add takes octets in and returns how many; whole says that a message is there.
func (m *message) add(b []byte) (n int, whole bool) {
	if m.skip > 0 {
		n = min(m.skip, len(b))
		m.skip -= n
		return n, false
	}
	if len(m.buf) < messageHead {
		n = min(messageHead-len(m.buf), len(b))
		m.buf = append(m.buf, b[:n]...)
		if len(m.buf) < messageHead {
			return n, false
		}
		switch length := m.length(); {
		case !wanted(m.kind()):
			m.skip = length
			m.reset()
			return n, false
		case length > maxMessage:
			m.oversize = true
			return n, false
		case length == 0:
			return n, true
		}
		return n, false
	}
	n = min(messageHead+m.length()-len(m.buf), len(b))
	m.buf = append(m.buf, b[:n]...)
	return n, len(m.buf) == messageHead+m.length()
}

func (m *message) length() int { return int(m.buf[1])<<16 | int(m.buf[2])<<8 | int(m.buf[3]) }

func wanted(kind byte) bool {
	return kind == clientHello || kind == serverHello || kind == certificate || kind == serverHelloDone
}
