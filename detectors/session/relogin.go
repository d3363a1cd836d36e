package session

import (
	"net/netip"

	"mailsensor/protocols"
)

// A proxy of IMAP, POP3 or ManageSieve that says nothing of its client is known by what
// it does: it logs in at a server as the user who is just logging in at it. The server's
// word to the proxy comes before the proxy's to the client, so the login behind is over
// by the time at which the two are known to be one; what follows is a repeat. The leg
// behind is opened later, and at another server: a host that talks to itself, as all do
// on a loopback, logs in at itself all the same.

// answers is how much later a proxy hands on that a login was accepted.
const answers = int64(1e9)

// relogin is a login by protocol, user, and the host that made it.
type relogin struct {
	protocol string
	user     uint64
	host     netip.Addr
}

// loggedIn takes in a login that was accepted.
func (t *Tracker) loggedIn(e *protocols.Login) {
	switch e.Protocol {
	case "imap", "pop3", "sieve":
	default:
		return
	}
	if len(e.User) == 0 {
		return
	}
	k := relogin{e.Protocol, protocols.NameID(e.User), e.Conn.Server.Addr()}
	if r := t.logins.Get(k); r != nil && r.conn > e.Conn.ID && e.Time-r.time <= answers && netip.AddrPortFrom(r.proxy, r.port) != e.Conn.Server {
		t.stands(e.Conn.ID, r.conn)
		if f := t.conn(e.Conn.ID); !f.behind.IsValid() {
			f.behind = r.proxy
		}
		t.logins.Delete(k)
	}
	k.host = e.Conn.Client.Addr()
	r := t.logins.Get(k)
	if r == nil {
		r = t.logins.Insert(k)
	}
	*r = request{conn: e.Conn.ID, proxy: e.Conn.Server.Addr(), port: e.Conn.Server.Port(), time: e.Time}
}
