package session

import (
	"net/netip"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

const (
	user   = "10.0.0.1:40000"
	proxy  = "10.0.1.80:3128"
	egress = "10.0.1.80:50000"
	server = "203.0.113.143:143"
)

func head(id uint64, client, server string, at int64) protocols.Head {
	return protocols.Head{Time: at, Conn: capture.Conn{ID: id, Client: netip.MustParseAddrPort(client), Server: netip.MustParseAddrPort(server)}}
}

func via(h protocols.Head, target string) protocols.Head {
	h.Via = &protocols.Via{Kind: "connect", Target: target, Port: 143, User: "ann"}
	return h
}

func see(t *Tracker, list ...protocols.Event) {
	for _, ev := range list {
		t.Observe(ev)
	}
}

// The legs are joined whichever begins first.
func TestLegs(t *testing.T) {
	for _, frontFirst := range []bool{true, false} {
		tr := New(nil)
		see(tr, &protocols.Tunnel{Head: head(1, user, proxy, 1e9), Outcome: protocols.Accepted})
		front := &protocols.Opening{Head: via(head(1, user, proxy, 2e9), "imap.partner.test"), Fingerprint: 7}
		back := &protocols.Opening{Head: head(2, egress, server, 2e9), Fingerprint: 7}
		if frontFirst {
			see(tr, front, back)
		} else {
			see(tr, back, front)
		}
		a := &protocols.Login{Head: via(head(1, user, proxy, 3e9), "imap.partner.test")}
		b := &protocols.Login{Head: head(2, egress, server, 3e9)}
		see(tr, a, b)
		if a.Session == 0 || a.Session != b.Session || a.Repeat || !b.Repeat || a.Server().String() != "203.0.113.143" {
			t.Errorf("front first %v: %+v %+v", frontFirst, a.Head, b.Head)
		}
		if tr.Counters().Joined != 1 {
			t.Errorf("%+v", tr.Counters())
		}
	}
}

// Connections of others, to another port, long after, or to another address than the
// tunnel was asked for, are no legs.
func TestStrangersAreNoLegs(t *testing.T) {
	for name, back := range map[string]*protocols.Opening{
		"client":      {Head: head(2, "10.0.0.9:50000", server, 2e9), Fingerprint: 7},
		"port":        {Head: head(2, egress, "203.0.113.143:993", 2e9), Fingerprint: 7},
		"time":        {Head: head(2, egress, server, 200e9), Fingerprint: 7},
		"address":     {Head: head(2, egress, "203.0.113.144:143", 2e9), Fingerprint: 7},
		"fingerprint": {Head: head(2, egress, server, 2e9), Fingerprint: 8},
	} {
		tr := New(nil)
		see(tr, &protocols.Tunnel{Head: head(1, user, proxy, 1e9)},
			&protocols.Opening{Head: via(head(1, user, proxy, 2e9), "203.0.113.143"), Fingerprint: 7}, back)
		b := &protocols.Login{Head: back.Head}
		if see(tr, b); b.Repeat || b.Session != 0 {
			t.Errorf("%s: joined", name)
		}
	}
}

// Of a first line that came in two pieces only one leg may have seen the whole.
func TestUnknownFingerprint(t *testing.T) {
	tr := New(nil)
	see(tr, &protocols.Tunnel{Head: head(1, user, proxy, 1e9)},
		&protocols.Opening{Head: head(2, egress, server, 2e9)},
		&protocols.Opening{Head: via(head(1, user, proxy, 2e9), "imap.partner.test"), Fingerprint: 7})
	e := &protocols.Login{Head: head(2, egress, server, 3e9)}
	if see(tr, e); !e.Repeat {
		t.Error("not joined")
	}
}

// Without a leg, the address that was asked for is the server all the same.
func TestTargetIsTheServer(t *testing.T) {
	tr := New(nil)
	a := &protocols.Login{Head: via(head(1, user, proxy, 3e9), "203.0.113.143")}
	if see(tr, a); a.Server().String() != "203.0.113.143" || a.Session != 0 {
		t.Errorf("%+v", a.Head)
	}
}

// A request that a proxy passes on is a repeat if somebody was seen to ask for it,
// each on its own: the connection is shared with clients that nobody sees.
func TestForwardedRequests(t *testing.T) {
	const origin = "203.0.113.80:80"
	ask := func(at int64, what uint64) *protocols.Opening {
		return &protocols.Opening{Head: head(1, user, proxy, at), Proxied: true, Fingerprint: what}
	}
	pass := func(at int64, what uint64) *protocols.Opening {
		return &protocols.Opening{Head: head(3, egress, origin, at), Forwarded: true, Fingerprint: what}
	}
	repeats := func(tr *Tracker, list ...protocols.Event) bool {
		e := &protocols.MailOperation{Head: head(3, egress, origin, 3e9)}
		see(tr, append(list, e)...)
		return e.Repeat
	}
	tr := New(nil)
	if repeats(tr, pass(1e9, 7)) {
		t.Error("a repeat of what nobody saw")
	}
	if !repeats(tr, ask(2e9, 7), pass(2e9, 7)) {
		t.Error("no repeat")
	}
	front := &protocols.MailOperation{Head: head(1, user, proxy, 3e9)}
	if see(tr, front); front.Repeat || front.Session == 0 || front.Server().String() != "203.0.113.80" {
		t.Errorf("%+v", front.Head)
	}
	if repeats(tr, pass(2e9, 7)) {
		t.Error("one request makes two repeats")
	}
	if repeats(tr, ask(2e9, 8), pass(2e9, 9)) || repeats(tr, ask(2e9, 10), pass(200e9, 10)) {
		t.Error("a repeat of something else")
	}
	if repeats(tr, pass(300e9, 11)) || !repeats(tr, ask(300e9+1e6, 11)) {
		t.Error("no repeat where the request was captured late")
	}
	end := &protocols.ConnEnd{Head: head(3, egress, origin, 4e9)}
	if see(tr, end); !end.Repeat {
		t.Error("the connection of repeats is none")
	}
	for i := range uint64(2 * maxRequests) {
		see(tr, ask(5e9, 1000+i))
	}
	if tr.asks.Len() > maxRequests || tr.Counters().RequestsEvicted == 0 {
		t.Errorf("%+v", tr.Counters())
	}
}

// Whoever is trusted may say who the client is; nobody else.
func TestRealClient(t *testing.T) {
	tr := New([]netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")})
	claim := func(id uint64, peer string) *protocols.Login {
		h := head(id, peer, server, 1e9)
		h.Via = &protocols.Via{Origin: netip.MustParseAddrPort("192.0.2.7:0"), OriginSource: "proxy"}
		return &protocols.Login{Head: h}
	}
	yes, no := claim(1, "10.0.1.9:1"), claim(2, "10.0.2.9:1")
	see(tr, yes, no)
	if yes.Client().String() != "192.0.2.7" || no.Client().String() != "10.0.2.9" {
		t.Errorf("%s, %s", yes.Client(), no.Client())
	}
	// Of a list, whom trusted peers added is passed over, and nothing farther is believed.
	chain := claim(3, "10.0.1.9:1")
	chain.Via.Origin = netip.MustParseAddrPort("10.0.1.8:0")
	chain.Via.Before = []netip.Addr{netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("192.0.2.9")}
	if see(tr, chain); chain.Client().String() != "192.0.2.8" {
		t.Errorf("%s", chain.Client())
	}
}

func TestBounded(t *testing.T) {
	tr := New(nil)
	see(tr, &protocols.Tunnel{Head: head(1, user, proxy, 1e9)})
	for i := range uint64(3 * maxConns) {
		h := via(head(10+i, user, proxy, 2e9), "203.0.113.143")
		h.Via.Port = uint16(i)
		see(tr, &protocols.Opening{Head: h, Fingerprint: i + 1})
	}
	c := tr.Counters()
	if tr.conns.Len() > maxConns || tr.front.Len() > maxLegs || c.ConnectionsEvicted == 0 || c.LegsEvicted == 0 {
		t.Errorf("%+v", c)
	}
}
