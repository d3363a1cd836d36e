package login

import (
	"bytes"
	"errors"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

var _ detectors.Learner = (*Detector)(nil)

func saved(t testing.TB, d *Detector) []byte {
	t.Helper()
	b, err := d.AppendState([]byte("before"))
	if err != nil || string(b[:6]) != "before" {
		t.Fatal(err)
	}
	return b[6:]
}

// eventful is an office where somebody guesses, sprays and gets in.
func eventful() *detectortest.Story {
	s := office(9)
	for i := range 30 {
		s.Login(7*day+time.Duration(i)*10*time.Second, "198.51.100.9", "user3@corp.example", protocols.Rejected)
		s.Login(7*day+23*time.Hour+55*time.Minute+time.Duration(i)*20*time.Second, "203.0.113.8", string(rune('a'+i%20))+"@corp.example", protocols.Rejected)
	}
	s.Login(7*day+time.Hour, "198.51.100.9", "user3@corp.example", protocols.Accepted)
	s.Login(8*day+3*time.Hour, "192.0.2.77", "user4@corp.example", protocols.Accepted)
	return s
}

// TestStateGoesOn stops at every midnight and goes on in a new Detector: the alerts
// and what is known at the end are those of one that never stopped. A midnight lies
// within a spray.
func TestStateGoesOn(t *testing.T) {
	events := eventful().Events
	slices.SortStableFunc(events, func(a, b protocols.Event) int { return int(min(1, max(-1, a.Header().Time-b.Header().Time))) })
	play := func(cut bool) (alerts []string, state []byte) {
		d := detector(nil)
		midnight := detectortest.At(day)
		for _, ev := range events {
			for ; ev.Header().Time >= midnight; midnight += int64(day) {
				if cut {
					n := detector(nil)
					if err := n.LoadState(saved(t, d)); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(saved(t, n), saved(t, d)) {
						t.Fatal("what was loaded is stored differently")
					}
					d = n
				}
			}
			d.Observe(ev, func(a detectors.Alert) { alerts = append(alerts, string(a.AppendJSON(nil))) })
		}
		return alerts, saved(t, d)
	}
	whole, want := play(false)
	pieces, got := play(true)
	if len(whole) < 20 || !slices.Equal(whole, pieces) {
		t.Errorf("%d alerts in pieces, %d in one", len(pieces), len(whole))
	}
	if !bytes.Equal(want, got) {
		t.Error("in pieces something else is known at the end")
	}
}

// TestStateIsAll: every field comes back, so that a new one cannot be left out.
func TestStateIsAll(t *testing.T) {
	d := detector(nil)
	a := d.account([]byte("user@corp.example"))
	a.failed.Add(1e15, 1e9, 3)
	a.strangers.Add(1e15, 1e9, 77)
	a.first, a.logins, a.hours, a.outside = 5, 6, [4]uint64{1, 2, 3, 4}, true
	a.over = 7
	a.clients = []client{{"Thunderbird", 11, 12}}
	a.sources = []source{{netip.MustParsePrefix("192.0.2.0/24"), "DE", 64500, 7, 8, 52.5, -13.4, 20, true}}
	for _, v := range []any{*a, a.sources[0], a.clients[0]} {
		for i, v := 0, reflect.ValueOf(v); i < v.NumField(); i++ {
			if v.Field(i).IsZero() {
				t.Fatalf("%s of %T is not tested", v.Type().Field(i).Name, v.Interface())
			}
		}
	}
	h := d.host(netip.MustParseAddr("2001:db8::1"))
	h.failed.Add(1e15, 1e9, 78)
	h.tried.Add(1e15, 1e9, 4)
	d.pairs.Insert(pair{"user@corp.example", netip.MustParseAddr("192.0.2.1")}).Add(1e15, 1e9, 5)
	s := d.server(netip.MustParseAddr("192.0.2.25"))
	s.secured, s.clear, s.told = 1, 2, 3
	s.users.Add(1e15, 1e9, 79)
	l := d.legacy.Insert("192.0.2.25 imap NTLM")
	l.told = 11
	l.users.Add(1e15, 1e9, 80)
	d.floor("user@corp.example", 12)
	d.accounts.Evicted, d.hosts.Evicted = 9, 10
	n := detector(nil)
	if err := n.LoadState(saved(t, d)); err != nil {
		t.Fatal(err)
	}
	if got := n.accounts.Peek(a.name); got == nil || !reflect.DeepEqual(*got, *a) {
		t.Errorf("%+v", got)
	}
	if got := n.hosts.Peek(netip.MustParseAddr("2001:db8::1")); got == nil || !reflect.DeepEqual(*got, *h) {
		t.Errorf("%+v", got)
	}
	if got := n.servers.Peek(netip.MustParseAddr("192.0.2.25")); got == nil || !reflect.DeepEqual(*got, *s) {
		t.Errorf("%+v", got)
	}
	if got := n.legacy.Peek("192.0.2.25 imap NTLM"); got == nil || !reflect.DeepEqual(*got, *l) {
		t.Errorf("%+v", got)
	}
	if got := n.floored.Peek("user@corp.example"); got == nil || *got != 12 {
		t.Errorf("%+v", got)
	}
	if n.accounts.Evicted != 9 || n.hosts.Evicted != 10 || !bytes.Equal(saved(t, n), saved(t, d)) {
		t.Error("something is lost")
	}
}

func TestStateRefused(t *testing.T) {
	d := detector(nil)
	s := office(1)
	for _, ev := range s.Events[:40] {
		d.Observe(ev, func(detectors.Alert) {})
	}
	good := saved(t, d)
	n := detector(nil)
	blank := saved(t, n)
	for i := range good {
		if err := n.LoadState(good[:i]); !errors.Is(err, codec.ErrDamaged) {
			t.Fatalf("cut at %d: %v", i, err)
		}
		bad := slices.Clone(good)
		bad[i] ^= 0x40
		if err := n.LoadState(bad); !errors.Is(err, codec.ErrDamaged) {
			t.Fatalf("octet %d changed: %v", i, err)
		}
	}
	newer := codec.Seal(nil, "login", format.Version+1, func(b []byte) []byte { return b })
	if err := n.LoadState(newer); !errors.Is(err, codec.ErrNewer) {
		t.Error(err)
	}
	if !bytes.Equal(saved(t, n), blank) {
		t.Error("what was refused left something behind")
	}
}

// A state of version 1 is gone on with.
func TestStateOfVersion1(t *testing.T) {
	a := account{first: 5, logins: 6}
	old := codec.Seal(nil, "login", 1, func(b []byte) []byte {
		b = codec.Text(codec.U64(b, 0, 1), "user@corp.example")
		b = a.strangers.Append(a.failed.Append(b))
		b = codec.Truth(codec.U64(b, 5, 6, 1, 2, 3, 4), true)
		b = codec.Text(codec.U64(b, 1), "Thunderbird")
		b = codec.Text(codec.Prefix(codec.U64(b, 1), netip.MustParsePrefix("192.0.2.0/24")), "DE")
		b = codec.Truth(codec.F64(codec.U64(b, 64500, 8), 1, 2, 3), true)
		return codec.U64(b, 0, 0, 0, 0, 0, 0) // hosts, pairs, servers
	})
	d := detector(nil)
	if err := d.LoadState(old); err != nil {
		t.Fatal(err)
	}
	got := d.accounts.Peek("user@corp.example")
	if got == nil || got.logins != 6 || !got.outside || got.clients[0] != (client{"Thunderbird", 5, 5}) ||
		got.sources[0] != (source{netip.MustParsePrefix("192.0.2.0/24"), "DE", 64500, 8, 8, 1, 2, 3, true}) {
		t.Errorf("%+v", got)
	}
}

// FuzzLoadState: whatever the body says, it is refused and nothing has changed, or it
// is a state like any other.
func FuzzLoadState(f *testing.F) {
	d := detector(nil)
	for _, ev := range office(1).Events[:40] {
		d.Observe(ev, func(detectors.Alert) {})
	}
	head := len(codec.Seal(nil, "login", format.Version, func(b []byte) []byte { return b })) - 4
	state := saved(f, d)
	f.Add(state[head : len(state)-4])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		n := detector(nil)
		blank := saved(t, n)
		if n.LoadState(codec.Seal(nil, "login", format.Version, func(b []byte) []byte { return append(b, body...) })) != nil {
			if !bytes.Equal(saved(t, n), blank) {
				t.Fatal("what was refused left something behind")
			}
			return
		}
		once, again := saved(t, n), detector(nil)
		if err := again.LoadState(once); err != nil || !bytes.Equal(saved(t, again), once) {
			t.Fatalf("not stored as it was loaded: %v", err)
		}
	})
}
