package tls

import (
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// uses is a Sink that keeps estimates.
type uses struct {
	protocols.Sink
	list []*protocols.TLSUse
}

func (u *uses) TLSUse(int64) *protocols.TLSUse {
	u.list = append(u.list, new(protocols.TLSUse))
	return u.list[len(u.list)-1]
}

// fetch downloads messages one by one over so many hours, in a connection that was
// seen from the middle, and returns what is told of it.
func fetch(t *testing.T, messages int, hours float64) []*protocols.TLSUse {
	t.Helper()
	p := &parser{told: true, service: "imap", watch: new(watch)}
	p.half[0].sealed, p.half[1].sealed = true, true
	p.watch.reset(0x0303, 0xc02f, true)
	out := new(uses)
	say := func(d capture.Dir, at int64, n int) {
		b := make([]byte, 5+n)
		b[0], b[1], b[2], b[3], b[4] = 23, 3, 3, byte(n>>8), byte(n)
		if used, _ := p.Parse(d, at, b, out); used != len(b) {
			t.Fatal("not all is consumed")
		}
	}
	for i := range messages {
		at := int64(1e18) + int64(hours*3600e9)*int64(i)/int64(messages)
		say(capture.ToServer, at, 24+30)
		say(capture.ToClient, at+1e6, 24+6000)
	}
	p.Close(int64(1e18)+int64(hours*3600e9), out)
	return out.list
}

// A connection of hours is told of while it goes on, and the parts add up to the whole.
func TestLongConnectionsAreToldInParts(t *testing.T) {
	whole, parts := fetch(t, 400, 0.5), fetch(t, 400, 3.5)
	if len(whole) != 1 || whole[0].Interim || whole[0].Messages < 300 {
		t.Fatalf("at once: %+v", whole)
	}
	if len(parts) != 4 || parts[3].Interim {
		t.Fatalf("%d parts", len(parts))
	}
	var sum protocols.TLSUse
	for i, e := range parts {
		if e.Interim != (i < 3) || e.Messages < 40 {
			t.Errorf("part %d: %+v", i, e)
		}
		sum.Messages += e.Messages
		sum.ToServer += e.ToServer
		sum.ToClient += e.ToClient
		sum.Bursts += e.Bursts
	}
	if w := whole[0]; sum.ToServer != w.ToServer || sum.ToClient != w.ToClient || sum.Bursts != w.Bursts ||
		sum.Messages < w.Messages*95/100 || sum.Messages > w.Messages*105/100 {
		t.Errorf("the parts: %+v, the whole: %+v", sum, *w)
	}
	if idle := fetch(t, 0, 5); len(idle) > 1 {
		t.Errorf("nothing came, and %d times that is said", len(idle))
	}
}
