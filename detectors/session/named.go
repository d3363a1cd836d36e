package session

import (
	"net/netip"

	"mailsensor/protocols"
)

// A peer that names the real client with its port names the connection that it passes
// on. Where that was seen, too, and shows the same protocol in clear, it counts, and the
// one behind is a repeat. A connection that the proxy decrypts is no front leg.

// maxNamed bounds the connections that may be named.
const maxNamed = 1 << 16

// named is a connection by its client's address and port: the client's own, or one that
// names that client and waits for it.
type named struct {
	conn     uint64
	protocol string
	back     bool
}

// names reports whether a claim stands for a connection: a message that a filter gives
// back (XFORWARD) has been a transaction of its own before.
func (t *Tracker) names(h *protocols.Head) bool {
	v := h.Via
	if v == nil || v.Origin.Port() == 0 || !t.believes(h.Conn.Client.Addr()) {
		return false
	}
	switch v.OriginSource {
	case protocols.SourceProxy, "xclient", "imap-id":
		return true
	}
	return false
}

// met takes in that a connection has begun.
func (t *Tracker) met(h *protocols.Head) {
	if len(t.trusted) == 0 || t.names(h) {
		return
	}
	old := t.named.Get(h.Conn.Client)
	if old != nil && old.back && old.protocol == h.Protocol {
		t.stands(h.Conn.ID, old.conn)
	}
	if old == nil {
		old = t.named.Insert(h.Conn.Client)
	}
	*old = named{conn: h.Conn.ID, protocol: h.Protocol}
}

// claimed takes in that a peer names the client of a connection.
func (t *Tracker) claimed(h *protocols.Head) {
	c := t.conn(h.Conn.ID)
	if c.origin == h.Via.Origin {
		return
	}
	c.origin = h.Via.Origin
	switch front := t.named.Get(c.origin); {
	case front == nil:
		*t.named.Insert(c.origin) = named{conn: h.Conn.ID, protocol: h.Protocol, back: true}
	case !front.back && front.conn != h.Conn.ID && front.protocol == h.Protocol:
		t.stands(front.conn, h.Conn.ID)
	}
}

// stands makes one connection the front leg of another.
func (t *Tracker) stands(front, back uint64) {
	f, b := t.conn(front), t.conn(back)
	f.back, f.named = back, true
	if f.hidden || b.whole {
		return
	}
	b.repeat, b.repeated, b.whole = true, true, true
	t.number(front, back)
}

// hides takes in that a connection goes on in TLS: what comes now is to be read behind
// the proxy alone.
func (t *Tracker) hides(h *protocols.Head) {
	if n := t.named.Peek(h.Conn.Client); n == nil || n.conn != h.Conn.ID {
		return
	}
	f := t.conn(h.Conn.ID)
	f.hidden = true
	if b := t.conns.Get(f.back); f.named && b != nil {
		b.repeat, b.repeated, b.whole = false, false, false
	}
}

// left forgets a connection that is over.
func (t *Tracker) left(h *protocols.Head, c *conn) {
	if len(t.trusted) == 0 {
		return
	}
	for _, a := range [...]netip.AddrPort{h.Conn.Client, c.origin} {
		if n := t.named.Peek(a); n != nil && n.conn == h.Conn.ID {
			t.named.Delete(a)
		}
	}
}
