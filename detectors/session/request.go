package session

import (
	"net/netip"

	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Requests that a proxy passes on go over connections that many clients share, so
// they are joined one by one: by host and path, time, and the proxy's address. A
// request that no client was seen to make is not a repeat of anything.

// maxRequests bounds the requests that wait for their other half, on either side.
const maxRequests = 1 << 14

// request is what waits.
type request struct {
	conn  uint64
	proxy netip.Addr // as the client knows it, or as the server does
	time  int64
	n     uint32 // how many the same
	port  uint16 // of the server that was asked
}

// asked is a request to a proxy.
func (t *Tracker) asked(e *protocols.Opening) {
	t.proxy(e.Conn.Server.Addr())
	if e.Fingerprint == 0 {
		return
	}
	if c := t.conns.Get(e.Conn.ID); c != nil && e.Via == nil {
		c.behind = netip.Addr{} // of the request before
	}
	proxy := e.Conn.Server.Addr()
	if r := t.passed.Get(e.Fingerprint); r != nil && t.sameProxy(proxy, r, e.Time) {
		t.conn(r.conn).repeat, t.conn(r.conn).repeated = true, true
		t.number(e.Conn.ID, r.conn)
		forget(t.passed, e.Fingerprint, r)
		return
	}
	put(t.asks, e.Fingerprint, request{conn: e.Conn.ID, proxy: proxy, time: e.Time})
}

// passedOn is a request of a proxy to a server.
func (t *Tracker) passedOn(e *protocols.Opening) (joined bool) {
	client := e.Conn.Client.Addr()
	r := t.asks.Get(e.Fingerprint)
	if r == nil || r.conn == e.Conn.ID || e.Time > r.time+near || r.proxy != client && t.proxies.Get(client) == nil {
		if c := t.conns.Get(e.Conn.ID); c != nil {
			c.repeat = c.whole
		}
		if t.proxies.Get(client) != nil { // the tap may have seen it early
			put(t.passed, e.Fingerprint, request{conn: e.Conn.ID, proxy: client, time: e.Time})
		}
		return false
	}
	front := r.conn
	forget(t.asks, e.Fingerprint, r)
	b := t.conn(e.Conn.ID)
	b.repeat, b.repeated = true, true
	t.number(front, e.Conn.ID)
	t.conn(front).behind = e.Conn.Server.Addr()
	return true
}

// sameProxy reports whether a request that was seen behind a proxy may be the one
// that proxy is asked for now.
func (t *Tracker) sameProxy(proxy netip.Addr, r *request, now int64) bool {
	return now <= r.time+early && (r.proxy == proxy || t.proxies.Get(r.proxy) != nil)
}

// early is how much later than what it causes a request may be captured.
const early = int64(10e6)

// number makes two connections one session. One that a proxy uses for several clients
// stays in the session of the first.
func (t *Tracker) number(front, back uint64) {
	t.joined++
	f, b := t.conn(front), t.conn(back)
	if f.session == 0 && b.session == 0 {
		t.last++
		f.session = t.last
	}
	if b.session == 0 {
		b.session = f.session
	}
}

func forget[K comparable](table *recent.Table[K, request], k K, r *request) {
	if r.n--; r.n == 0 {
		table.Delete(k)
	}
}

// put adds to those that wait; of the same the last is kept, with their number.
func put[K comparable](table *recent.Table[K, request], k K, r request) {
	old := table.Get(k)
	if old == nil {
		old = table.Insert(k)
		old.n = 0
	}
	r.n = min(old.n, 1<<20) + 1
	*old = r
}
