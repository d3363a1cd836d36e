// Package session knows which connections belong together and who they really
// belong to. A session through a proxy is on the tap twice, before it and behind it:
// both legs get one session number, and the one behind is marked as a repeat, so
// that totals count the user's own leg. Where a peer that the configuration trusts
// names the real client, that is who events are put down to.
//
// It is the first to see the events, and completes their heads. Everything is
// bounded, least recent out, and counted. It is used from one goroutine.
package session

import (
	"net/netip"

	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Bounds.
const (
	maxConns   = 1 << 16 // connections that there is something to say about
	maxLegs    = 1 << 10 // protocols and ports of connections that may be legs of a tunnel
	maxProxies = 1 << 12
)

// near is how far apart in time the two legs of a tunnel may begin.
const near = int64(30e9)

// Tracker follows sessions.
type Tracker struct {
	trusted []netip.Prefix
	conns   *recent.Table[uint64, conn]
	front   *recent.Table[mark, []leg] // before a proxy, not joined yet
	back    *recent.Table[mark, []leg] // perhaps behind one
	proxies *recent.Table[netip.Addr, struct{}]
	asks    requests // made to a proxy
	passed  requests // made by one, that nobody was seen to make
	relays  *recent.Table[heard, request]
	named   *recent.Table[netip.AddrPort, named]
	logins  *recent.Table[relogin, request]
	last    uint64 // session number given out
	joined  uint64
	dropped uint64 // legs beyond maxWaiting of a mark
}

// requests are by their fingerprint.
type requests = *recent.Table[uint64, request]

// conn is what is known of a connection.
type conn struct {
	session  uint64
	repeat   bool
	repeated bool // what came over it was a repeat, at least once
	whole    bool // all of it is
	behind   netip.Addr
	origin   netip.AddrPort // whom a trusted peer named
	named    bool           // a connection names this one:
	back     uint64         // that one
	hidden   bool           // this one went on in TLS
}

// mark is what both legs of a tunnel share.
type mark struct {
	protocol string
	port     uint16
}

// leg is a connection that waits for its other half.
type leg struct {
	conn   uint64
	client netip.Addr
	server netip.Addr
	target netip.Addr // what the tunnel was asked for, where that is an address
	time   int64
	// What it began with; 0: not known. Different ones are no legs of one tunnel.
	fingerprint uint64
}

// maxWaiting bounds the legs of one mark.
const maxWaiting = 64

// New returns a Tracker that believes the peers in trusted.
func New(trusted []netip.Prefix) *Tracker {
	return &Tracker{
		trusted: trusted,
		conns:   recent.New[uint64, conn](maxConns),
		front:   recent.New[mark, []leg](maxLegs),
		back:    recent.New[mark, []leg](maxLegs),
		proxies: recent.New[netip.Addr, struct{}](maxProxies),
		asks:    recent.New[uint64, request](maxRequests),
		passed:  recent.New[uint64, request](maxRequests),
		relays:  recent.New[heard, request](2 * maxRequests),
		named:   recent.New[netip.AddrPort, named](maxNamed),
		logins:  recent.New[relogin, request](maxRequests),
	}
}

// Counters say how much was joined, and what was forgotten for want of room.
type Counters struct {
	Joined, ConnectionsEvicted, LegsEvicted, RequestsEvicted uint64
}

// Counters returns the counters.
func (t *Tracker) Counters() Counters {
	return Counters{t.joined, t.conns.Evicted, t.front.Evicted + t.back.Evicted + t.named.Evicted + t.dropped, t.asks.Evicted + t.passed.Evicted + t.relays.Evicted + t.logins.Evicted}
}

// Observe completes the head of an event.
func (t *Tracker) Observe(ev protocols.Event) {
	h := ev.Header()
	switch e := ev.(type) {
	case *protocols.Opening:
		t.opening(e)
	case *protocols.Tunnel:
		t.proxy(h.Conn.Server.Addr())
	case *protocols.TLSStart:
		t.hides(h)
	case *protocols.Login:
		if e.Outcome == protocols.Accepted && !e.Proxy {
			t.loggedIn(e)
		}
	}
	if h.Via != nil {
		t.via(h)
	}
	c := t.conns.Get(h.Conn.ID)
	if c != nil {
		if h.Session, h.Repeat, h.Behind = c.session, c.repeat, c.behind; h.Repeat {
			h.Host = netip.Addr{} // the client's own leg counts for the client
		}
		if l, ok := ev.(*protocols.Login); ok && l.Proxy {
			h.Behind = netip.Addr{} // it is the proxy's
		}
	}
	if _, over := ev.(*protocols.ConnEnd); over {
		t.end(h, c)
	}
}

// end forgets a connection. It repeats another if anything that came over it did.
func (t *Tracker) end(h *protocols.Head, c *conn) {
	if c == nil {
		c = &conn{}
	} else if h.Repeat = c.repeat || c.repeated; h.Repeat {
		h.Host = netip.Addr{}
	}
	t.left(h, c)
	t.conns.Delete(h.Conn.ID)
}

func (t *Tracker) conn(id uint64) *conn {
	c := t.conns.Get(id)
	if c == nil {
		c = t.conns.Insert(id)
		*c = conn{}
	}
	return c
}

func (t *Tracker) proxy(a netip.Addr) {
	if t.proxies.Get(a) == nil {
		t.proxies.Insert(a)
	}
}

// via takes in what a head says of how its connection came here.
func (t *Tracker) via(h *protocols.Head) {
	if h.Via.Origin.IsValid() && t.believes(h.Conn.Client.Addr()) {
		h.Host = t.origin(h.Via)
	}
	if t.names(h) {
		t.claimed(h)
	}
	if c := t.conns.Get(h.Conn.ID); h.Via.Target != "" && (c == nil || !c.behind.IsValid()) {
		if a, err := netip.ParseAddr(h.Via.Target); err == nil {
			t.conn(h.Conn.ID).behind = a.Unmap()
		}
	}
}

// origin is the real client: the nearest that is not itself believed when it names
// another. Who is farther may have been made up by it.
func (t *Tracker) origin(v *protocols.Via) netip.Addr {
	a := v.Origin.Addr()
	for _, before := range v.Before {
		if !t.believes(a) {
			break
		}
		a = before
	}
	return a
}

// believes reports whether configuration trusts a peer to name the real client.
func (t *Tracker) believes(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range t.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// opening joins a connection to its other leg.
func (t *Tracker) opening(e *protocols.Opening) {
	joined := e.Forwarded && t.passedOn(e)
	if e.Proxied {
		t.asked(e)
	}
	if e.Request != 0 && !joined {
		t.relayed(e)
	}
	if e.Proxied || e.Forwarded || e.Request != 0 { // it began before
		return
	}
	t.met(&e.Head)
	client := e.Conn.Client.Addr()
	l := leg{conn: e.Conn.ID, fingerprint: e.Fingerprint, client: client, server: e.Conn.Server.Addr(), time: e.Time}
	if v := e.Via; v != nil && v.Kind != "" {
		if a, err := netip.ParseAddr(v.Target); err == nil {
			l.target = a.Unmap()
		}
		k := mark{e.Protocol, v.Port}
		if other, ok := t.take(t.back, k, l.time, func(b *leg) bool { return t.fits(&l, b) }); ok {
			t.join(&l, &other)
			return
		}
		t.wait(t.front, k, l)
		return
	}
	k := mark{e.Protocol, e.Conn.Server.Port()}
	if other, ok := t.take(t.front, k, l.time, func(a *leg) bool { return t.fits(a, &l) }); ok {
		t.join(&other, &l)
		return
	}
	if t.proxies.Get(client) != nil { // nobody else makes connections for others
		t.wait(t.back, k, l)
	}
}

// fits reports whether b may be the leg behind the proxy of a.
func (t *Tracker) fits(a, b *leg) bool {
	if a.fingerprint != b.fingerprint && a.fingerprint != 0 && b.fingerprint != 0 {
		return false
	}
	if a.conn == b.conn || a.target.IsValid() && a.target != b.server.Unmap() {
		return false
	}
	return b.client == a.server || t.proxies.Get(b.client) != nil
}

// take finds the oldest waiting leg that fits, and takes it out.
func (t *Tracker) take(table *recent.Table[mark, []leg], k mark, now int64, fits func(*leg) bool) (leg, bool) {
	list := table.Get(k)
	if list == nil {
		return leg{}, false
	}
	for i := range *list {
		l := (*list)[i]
		if l.time >= now-near && l.time <= now+near && fits(&l) {
			*list = append((*list)[:i], (*list)[i+1:]...)
			if len(*list) == 0 {
				table.Delete(k)
			}
			return l, true
		}
	}
	return leg{}, false
}

func (t *Tracker) wait(table *recent.Table[mark, []leg], k mark, l leg) {
	list := table.Get(k)
	if list == nil {
		list = table.Insert(k)
		*list = (*list)[:0]
	}
	if len(*list) == maxWaiting {
		t.dropped++
		*list = append((*list)[:0], (*list)[1:]...)
	}
	*list = append(*list, l)
}

// join makes two legs one session.
func (t *Tracker) join(front, back *leg) {
	t.last++
	t.joined++
	f := t.conn(front.conn)
	f.session, f.behind = t.last, back.server
	b := t.conn(back.conn)
	b.session, b.repeat, b.whole = t.last, true, true
}
