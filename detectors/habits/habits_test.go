package habits

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

func tracker() *Tracker { return New(Default(), detectortest.Border(), time.UTC, nil) }

func nobody(detectors.Alert) {}

func play(t *Tracker, events ...protocols.Event) {
	for _, ev := range events {
		t.Observe(ev, nobody)
	}
}

// seen is what the engine counted in the open window.
func seen(t *Tracker, k baseline.Kind, name string, m baseline.Metric) float64 {
	x, _ := t.Engine().Expect(k, name, m)
	return x.Seen
}

func TestCounts(t *testing.T) {
	s := new(detectortest.Story)
	s.Mail(1*time.Hour, "10.20.0.7", "Ann@corp.example", 2048, "bob@corp.example", "carol@partner.example")
	m := s.Mail(1*time.Hour+1, "10.20.0.7", "ann@corp.example", 4096, "carol@partner.example")
	m.Outcome = protocols.Rejected
	m.Account = []byte("Ann@corp.example")
	m.Conn.Server = at("203.0.113.25:25")
	s.Mail(1*time.Hour+2, "198.51.100.7", "stranger@partner.example", 1024, "ann@corp.example")
	s.Mail(1*time.Hour+3, "10.20.0.7", "stranger@partner.example", 1024, "ann@corp.example")
	s.Read(1*time.Hour+4, "10.20.0.7", "ann@corp.example", "INBOX", 1, 20, 1024)
	s.Read(1*time.Hour+5, "10.20.0.8", "ANN@corp.example", "INBOX", 11, 20, 1024) // ten of them again
	s.Read(1*time.Hour+6, "198.51.100.9", "ann@corp.example", "Archive", 1, 5, 1024)
	s.Login(1*time.Hour+7, "10.20.0.7", "ann@corp.example", protocols.Accepted)
	s.Login(1*time.Hour+8, "10.20.0.7", "ann@corp.example", protocols.Rejected)
	s.Login(1*time.Hour+9, "10.20.0.7", "madeup@corp.example", protocols.Rejected)
	s.Login(1*time.Hour+10, "10.20.0.8", "ann@corp.example", protocols.Accepted)
	u := &protocols.TLSUse{Head: s.Head(1*time.Hour+11, "imap", "10.20.0.9", ""), Service: "imap", Bytes: 1 << 20}
	s.Add(u)
	tr := tracker()
	play(tr, s.Events...)
	const ann, host = "ann@corp.example", "10.20.0.7"
	for _, w := range []struct {
		kind   baseline.Kind
		name   string
		metric baseline.Metric
		want   float64
	}{
		{baseline.Host, host, baseline.MessagesSent, 3},
		{baseline.Host, host, baseline.MessagesAccepted, 2},
		{baseline.Host, host, baseline.Recipients, 4},
		{baseline.Host, host, baseline.OutsideRecipients, 2},
		{baseline.Host, host, baseline.OutsideServers, 1},
		{baseline.Host, host, baseline.BytesSent, 3},
		{baseline.Host, host, baseline.MessagesDownloaded, 20},
		{baseline.Host, host, baseline.BytesDownloaded, 20},
		{baseline.Host, host, baseline.MailboxesRead, 1},
		{baseline.Host, host, baseline.Logins, 1},
		{baseline.Host, host, baseline.LoginFailures, 2},
		{baseline.Host, host, baseline.Accounts, 1},
		{baseline.Account, ann, baseline.MessagesSent, 1},
		{baseline.Account, ann, baseline.MessagesDownloaded, 35},
		{baseline.Account, ann, baseline.MailboxesRead, 2},
		{baseline.Account, ann, baseline.Hosts, 2},
		{baseline.Account, ann, baseline.LoginFailures, 1},
		{baseline.Account, "madeup@corp.example", baseline.LoginFailures, 0},
		{baseline.Sender, ann, baseline.MessagesSent, 1},
		{baseline.Sender, "stranger@partner.example", baseline.MessagesSent, 0},
		{baseline.Domain, "corp.example", baseline.MessagesSent, 2},
		{baseline.Network, "198.51.100.0/24", baseline.MessagesSent, 1},
		{baseline.Network, "198.51.100.0/24", baseline.MessagesDownloaded, 5},
		{baseline.Host, "198.51.100.7", baseline.MessagesSent, 0},
		{baseline.Server, "10.20.1.25", baseline.MessagesSent, 3},
		{baseline.Host, "10.20.0.9", baseline.TLSBytes, 1024},
	} {
		if got := seen(tr, w.kind, w.name, w.metric); got != w.want {
			t.Errorf("%s %s: %v %s, want %v", w.kind, w.name, got, w.metric, w.want)
		}
	}
}

// A flood of senders that somebody makes up does not push out who is known.
func TestMadeUpSenders(t *testing.T) {
	s := new(detectortest.Story)
	s.Mail(0, "10.20.0.7", "ann@corp.example", 100, "x@corp.example")
	for i := range 3 * maxNames {
		s.Mail(time.Duration(i), "10.20.0.8", fmt.Sprintf("user%d@corp.example", i), 100, "x@corp.example")
	}
	tr := tracker()
	play(tr, s.Events...)
	if n := tr.Engine().Entities(); n > maxNames+10 || tr.Refused != uint64(3*maxNames+2-maxNames) {
		t.Errorf("%d entities, %d refused", n, tr.Refused)
	}
}

func TestShared(t *testing.T) {
	s := new(detectortest.Story)
	for d := range 4 {
		for u := range 6 {
			s.Read(time.Duration(d)*24*time.Hour, "10.20.1.44", fmt.Sprintf("user%d@corp.example", u), "INBOX", d+1, 1, 900)
			s.Read(time.Duration(d)*24*time.Hour, fmt.Sprintf("10.20.0.%d", u), fmt.Sprintf("user%d@corp.example", u), "INBOX", d+1, 1, 900)
		}
	}
	tr := tracker()
	play(tr, s.Events...)
	if !tr.Shared(at("10.20.1.44:0").Addr()) || tr.Shared(at("10.20.0.3:0").Addr()) {
		t.Error("who is shared is not known")
	}
}

// mail is some weeks of invented traffic.
func mail(days int) []protocols.Event {
	s, r := new(detectortest.Story), rand.New(rand.NewPCG(1, 2))
	for h := range days * 24 {
		for u := range 12 {
			client, name := fmt.Sprintf("10.20.0.%d", u/2), fmt.Sprintf("user%d@corp.example", u)
			at := time.Duration(h)*time.Hour + time.Duration(r.Int64N(int64(time.Hour)))
			switch r.IntN(4) {
			case 0:
				s.Mail(at, client, name, r.IntN(9000), fmt.Sprintf("x%d@partner%d.example", r.IntN(9), r.IntN(9)))
			case 1:
				s.Read(at, client, name, "INBOX", h+1, 1+r.IntN(5), 800)
			case 2:
				s.Login(at, client, name, protocols.Outcome(1+r.IntN(2)))
			}
		}
	}
	slices.SortStableFunc(s.Events, func(a, b protocols.Event) int { return int(a.Header().Time/1000 - b.Header().Time/1000) })
	return s.Events
}

// Stopped and started again at any time, it goes on as if nothing had been.
func TestRestart(t *testing.T) {
	events := mail(9)
	whole := tracker()
	play(whole, events...)
	want, _ := whole.AppendState(nil)
	for _, cut := range []int{0, 1, 100, len(events) / 2, len(events) - 1} {
		first := tracker()
		play(first, events[:cut]...)
		state, err := first.AppendState([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		second := tracker()
		if err := second.LoadState(state[len("before"):]); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		play(second, events[cut:]...)
		if got, _ := second.AppendState(nil); !bytes.Equal(got, want) {
			t.Errorf("cut at %d: another state", cut)
		}
	}
}

func TestStateRefused(t *testing.T) {
	tr := tracker()
	play(tr, mail(1)...)
	state, _ := tr.AppendState(nil)
	for i := 0; i < len(state); i += 1 + i/7 {
		bad := slices.Clone(state)
		bad[i] ^= 4
		n := tracker()
		if err := n.LoadState(bad); !errors.Is(err, codec.ErrDamaged) && !errors.Is(err, codec.ErrNewer) {
			t.Fatalf("octet %d changed: %v", i, err)
		}
		if n.Engine().Entities() != 0 || n.LoadState(state) != nil {
			t.Fatalf("octet %d changed: not as good as new", i)
		}
		if err := n.LoadState(state[:i]); err == nil {
			t.Fatalf("%d octets are taken for a state", i)
		}
	}
}

// A state of version 1, which had no traces, is gone on with.
func TestStateOfVersion1(t *testing.T) {
	tr := tracker()
	play(tr, mail(3)...)
	old := codec.Seal(nil, format.Name, 1, func(b []byte) []byte {
		return appendPart(appendPart(b, tr.engine.AppendState), tr.appendRest)
	})
	n := tracker()
	if err := n.LoadState(old); err != nil || n.Engine().Entities() != tr.Engine().Entities() || n.traces.Len() != 0 || tr.traces.Len() == 0 {
		t.Error(err, n.Engine().Entities(), n.traces.Len(), tr.traces.Len())
	}
}

func FuzzLoadState(f *testing.F) {
	tr := tracker()
	play(tr, mail(1)...)
	state, _ := tr.AppendState(nil)
	f.Add(state)
	f.Add(tr.appendRest(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := tracker()
		n.LoadState(b)
		if n = tracker(); n.loadRest(b) == nil { // behind the checksum
			n.appendRest(nil)
		}
	})
}

// What comes again and again costs no memory.
func TestAllocates(t *testing.T) {
	s := new(detectortest.Story)
	s.Mail(0, "10.20.0.7", "a.rather.long.name.of.somebody@department.corp.example", 100, "x@partner.example")
	s.Mail(0, "198.51.100.7", "stranger@partner.example", 100, "x@corp.example")
	s.Read(0, "10.20.0.7", "a.rather.long.name.of.somebody@department.corp.example", "INBOX", 1, 20, 1024)
	s.Login(0, "10.20.0.7", "a.rather.long.name.of.somebody@department.corp.example", protocols.Accepted)
	tr := tracker()
	play(tr, s.Events...)
	if n := testing.AllocsPerRun(100, func() { play(tr, s.Events...) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMessage is the cost of a message: six entities with up to five metrics each.
func BenchmarkMessage(b *testing.B) {
	s := new(detectortest.Story)
	for u := range 1000 {
		s.Mail(time.Duration(u), fmt.Sprintf("10.20.%d.%d", u/200, u%200), fmt.Sprintf("user%d@corp.example", u), 100, "x@partner.example").Account =
			fmt.Appendf(nil, "user%d@corp.example", u)
	}
	tr := tracker()
	play(tr, s.Events...)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tr.Observe(s.Events[i%len(s.Events)], nobody)
	}
}

func at(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
