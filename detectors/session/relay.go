package session

import (
	"net/netip"

	"mailsensor/protocols"
)

// What a reverse proxy passes on looks like what it was asked, and nothing need say
// that it is a proxy. Two things do: a host makes of a server the very request that it
// was asked a moment ago, or a peer that the configuration trusts names the client that
// made it.

// heard are requests by what a proxy leaves as it is of them, and a host: the server that
// was asked, or the client that asked.
type heard struct {
	request uint64
	host    netip.Addr
	asker   bool
}

// relayed is a request that may be one of a client to a reverse proxy, or of that to
// the server behind it, or both.
func (t *Tracker) relayed(e *protocols.Opening) {
	client := e.Conn.Client.Addr()
	front, ok := t.heard(heard{e.Request, client, false}, e)
	if !ok && e.Via != nil && e.Via.Origin.IsValid() && t.believes(client) {
		front, ok = t.heard(heard{e.Request, e.Via.Origin.Addr(), true}, e)
	}
	if ok {
		b := t.conn(e.Conn.ID)
		b.repeat, b.repeated = true, true
		t.number(front, e.Conn.ID)
		t.conn(front).behind = e.Conn.Server.Addr()
	} else if c := t.conns.Get(e.Conn.ID); c != nil {
		c.repeat = c.whole
	}
	r := request{conn: e.Conn.ID, port: e.Conn.Server.Port(), time: e.Time}
	put(t.relays, heard{e.Request, e.Conn.Server.Addr(), false}, r)
	if len(t.trusted) > 0 {
		put(t.relays, heard{e.Request, client, true}, r)
	}
}

// heard takes out the connection of a request that was made a moment ago.
func (t *Tracker) heard(k heard, e *protocols.Opening) (conn uint64, ok bool) {
	r := t.relays.Get(k)
	if r == nil || r.conn == e.Conn.ID || e.Time > r.time+near {
		return 0, false
	}
	if s := e.Conn.Server; s.Addr() == k.host && s.Port() == r.port { // a host that asks itself twice
		return 0, false
	}
	conn = r.conn
	forget(t.relays, k, r)
	return conn, true
}
