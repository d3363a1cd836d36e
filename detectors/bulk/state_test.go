package bulk

import (
	"net/netip"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
	"mailsensor/protocols"
)

var _ detectors.Learner = (*Detector)(nil)

func TestStateIsAll(t *testing.T) {
	border := detectortest.Border()
	blank := func() *Detector {
		return New(Default(), border, habits.New(habits.Default(), border, time.UTC, nil))
	}
	d, client := blank(), netip.MustParseAddr("10.20.0.1")
	d.begun = 1
	a := d.account("ann@corp.example", 2)
	a.day, a.low, a.high, a.told, a.toldAt, a.waiting = 3, true, true, 4, 5, true
	a.burst.Add(1e15, 1e9, 6)
	a.daily.Add(1e15, 1e9, 7)
	a.bytes.Add(1e15, 1e9, 8)
	a.sources = []reader{{client, 9, 10}}
	a.folders = []folder{{11, 12}, {13, 14}}
	a.what = finding{"burst", 15, 16, time.Hour, "messages", habits.Habit{Expected: 17, Bound: 18, Days: 19}}
	s := &detectortest.Story{}
	s.Read(time.Hour, "10.20.0.1", "ann@corp.example", "INBOX", 1, 1, 1)
	a.note(s.Events[0].(*protocols.MailboxRead))
	d.pending = append(d.pending, a)
	h := d.hosts.Insert(client)
	*h = host{reads: []taken{{20, 21, 22}}, told: 23}
	h.many.Add(1e15, 1e9, 24)
	n := blank()
	detectortest.Reload(t, d, n)
	detectortest.Same(t, n.accounts.Peek(a.name), *a)
	detectortest.Same(t, n.hosts.Peek(client), *h, "room")
	if n.begun != 1 || len(n.pending) != 1 || n.pending[0] != n.accounts.Peek(a.name) {
		t.Error(n.begun, n.pending)
	}
}

// What is kept back for the next Tick is told by who goes on, once.
func TestKeptBackGoesOn(t *testing.T) {
	border := detectortest.Border()
	h := habits.New(habits.Default(), border, time.UTC, nil)
	d := New(Default(), border, h)
	s := &detectortest.Story{}
	s.Read(time.Hour, "10.20.0.1", "ann@corp.example", "INBOX", 1, 300, 100)
	s.Read(time.Hour+time.Second, "10.20.0.1", "ann@corp.example", "INBOX", 301, 20, 100)
	told := 0
	raise := func(detectors.Alert) { told++ }
	for _, ev := range s.Events {
		h.Observe(ev, raise)
		d.Observe(ev, raise)
	}
	n := New(Default(), border, h)
	detectortest.Reload(t, d, n)
	if d.Flush(raise); told != 2 {
		t.Fatalf("told %d times", told)
	}
	n.Tick(detectortest.At(time.Hour+time.Minute), raise)
	if n.Tick(detectortest.At(time.Hour+2*time.Minute), raise); told != 3 {
		t.Errorf("told %d times", told)
	}
}
