package session

import (
	"net/netip"
	"testing"

	"mailsensor/protocols"
)

const (
	front   = "10.0.1.80:443"
	backend = "10.0.2.25:8080"
)

func ask(h protocols.Head, what uint64) *protocols.Opening {
	return &protocols.Opening{Head: h, Request: what}
}

func from(h protocols.Head, origin, source string) protocols.Head {
	h.Via = &protocols.Via{Origin: netip.MustParseAddrPort(origin), OriginSource: source}
	return h
}

// A host that makes the request it was asked is a proxy, whatever it says of itself; what
// a trusted peer names the client of is passed on, whichever of its addresses it uses.
func TestReverseProxy(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.3.0/24")}
	const outer, inner = "10.0.1.80:50000", "10.0.3.80:50000"
	for name, c := range map[string]struct {
		asked, passed protocols.Head
		repeat        bool
	}{
		"same host":       {head(0, user, front, 1e9), head(2, outer, backend, 1e9), true},
		"another host":    {head(0, user, front, 1e9), head(2, inner, backend, 1e9), false},
		"named":           {head(0, user, front, 1e9), from(head(2, inner, backend, 1e9), "10.0.0.1:0", "x-forwarded-for"), true},
		"named another":   {head(0, user, front, 1e9), from(head(2, inner, backend, 1e9), "10.0.0.2:0", "x-forwarded-for"), false},
		"not believed":    {head(0, user, front, 1e9), from(head(2, "10.0.4.1:9", backend, 1e9), "10.0.0.1:0", "x-forwarded-for"), false},
		"too long ago":    {head(0, user, front, 1e9), head(2, outer, backend, 200e9), false},
		"itself twice":    {head(0, "127.0.0.1:50000", "127.0.0.1:80", 1e9), head(2, "127.0.0.1:50001", "127.0.0.1:80", 1e9), false},
		"same connection": {head(0, user, front, 1e9), head(1, user, front, 1e9), false},
	} {
		tr := New(trusted)
		see(tr, ask(c.asked, 7), ask(c.passed, 7))
		b := &protocols.MailOperation{Head: c.passed}
		f := &protocols.MailOperation{Head: c.asked}
		see(tr, b, f)
		if b.Repeat != c.repeat || f.Repeat || c.repeat && (b.Session == 0 || b.Session != f.Session || b.Client() == f.Client() || f.Server().String() != "10.0.2.25") {
			t.Errorf("%s: %+v %+v", name, b.Head, f.Head)
		}
	}
}

// A proxy behind a proxy, each request on its own; a request of the proxy itself is no
// repeat.
func TestReverseProxies(t *testing.T) {
	tr := New(nil)
	const second, last = "10.0.2.25:50001", "10.0.5.5:8080"
	repeat := func(h protocols.Head) bool {
		e := &protocols.Login{Head: h}
		see(tr, e)
		return e.Repeat
	}
	one, two, three := head(0, user, front, 1e9), head(2, "10.0.1.80:50000", backend, 1e9), head(3, second, last, 1e9)
	see(tr, ask(one, 7), ask(two, 7), ask(three, 7))
	if repeat(one) || !repeat(two) || !repeat(three) {
		t.Error("of three legs the first counts")
	}
	if see(tr, ask(two, 8)); repeat(two) {
		t.Error("a request of the proxy itself is taken for a repeat")
	}
	for i := range uint64(4 * maxRequests) {
		see(tr, ask(one, 100+i))
	}
	if tr.relays.Len() > 2*maxRequests || tr.Counters().RequestsEvicted == 0 {
		t.Errorf("%+v", tr.Counters())
	}
}

// A peer that names address and port of a client passes on that connection, whichever of
// the two begins first, unless the proxy alone shows what is in it.
func TestNamedConnection(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.3.0/24")}
	imap := func(h protocols.Head) protocols.Head { h.Protocol = "imap"; return h }
	f, plain := imap(head(1, user, "10.0.1.80:143", 1e9)), imap(head(2, "10.0.3.80:50000", server, 1e9))
	b := from(plain, user, "proxy")
	open := func(h protocols.Head) protocols.Event { return &protocols.Opening{Head: h} }
	tls := f
	tls.Protocol = "tls"
	forged := from(imap(head(2, "10.0.4.80:50000", server, 1e9)), user, "proxy")
	for name, c := range map[string]struct {
		events []protocols.Event
		back   protocols.Head
		repeat bool
	}{
		"front first":   {[]protocols.Event{open(f), open(b)}, b, true},
		"back first":    {[]protocols.Event{open(b), open(f)}, b, true},
		"named later":   {[]protocols.Event{open(f), open(plain)}, from(plain, user, "imap-id"), true},
		"a filter":      {[]protocols.Event{open(f), open(plain)}, from(plain, user, "xforward"), false},
		"another port":  {[]protocols.Event{open(f), open(b)}, from(plain, "10.0.0.1:40001", "proxy"), false},
		"not believed":  {[]protocols.Event{open(f), open(forged)}, forged, false},
		"TLS in front":  {[]protocols.Event{open(tls), open(b)}, b, false},
		"STARTTLS":      {[]protocols.Event{open(f), open(b), &protocols.TLSStart{Head: f}}, b, false},
		"STARTTLS soon": {[]protocols.Event{open(f), &protocols.TLSStart{Head: f}, open(b)}, b, false},
		"over":          {[]protocols.Event{open(f), &protocols.ConnEnd{Head: f}, open(b)}, b, false},
	} {
		tr := New(trusted)
		if name == "another port" {
			c.events[1] = open(c.back)
		}
		see(tr, c.events...)
		e := &protocols.Login{Head: c.back}
		see(tr, e)
		if e.Repeat != c.repeat || (e.Client().String() == "10.0.0.1") == c.repeat && name != "not believed" {
			t.Errorf("%s: %+v", name, e.Head)
		}
		see(tr, &protocols.ConnEnd{Head: f}, &protocols.ConnEnd{Head: c.back})
		if tr.named.Len() > 0 || tr.conns.Len() > 0 {
			t.Errorf("%s: %d and %d left", name, tr.named.Len(), tr.conns.Len())
		}
	}
}
