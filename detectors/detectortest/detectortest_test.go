package detectortest

import (
	"slices"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/protocols"
)

// recorder notes what it is shown, and raises an alert about each.
type recorder struct {
	times   []int64
	indexes []uint64
	ticks   int
}

func (*recorder) Name() string                        { return "recorder" }
func (r *recorder) Tick(int64, func(detectors.Alert)) { r.ticks++ }
func (r *recorder) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	h := ev.Header()
	r.times, r.indexes = append(r.times, h.Time), append(r.indexes, h.Pos.Index)
	a := detectors.Alert{What: "seen", Key: "seen", Score: 0.5}
	a.Saw(h)
	raise(a)
}

func TestPlay(t *testing.T) {
	s := new(Story)
	s.Login(2*time.Hour, "10.20.0.40", "ann@corp.example", protocols.Accepted)
	s.Read(3*time.Hour, "10.20.0.40", "ann@corp.example", "INBOX", 1, 3, 1000)
	s.Mail(time.Hour, "10.20.0.40", "ann@corp.example", 2000, "bob@corp.example")
	r := new(recorder)
	alerts := s.Play(r)
	if want := []int64{At(time.Hour), At(2 * time.Hour), At(3 * time.Hour)}; !slices.Equal(r.times, want) || !slices.Equal(r.indexes, []uint64{0, 1, 2}) {
		t.Errorf("played at %d, as %d", r.times, r.indexes)
	}
	if want := 26 * 60; r.ticks != want {
		t.Errorf("%d ticks, not %d", r.ticks, want)
	}
	if len(alerts) != 1 || alerts[0].Updates != 2 || len(alerts[0].Flows) != 3 || alerts[0].Packets.Last != 2 || alerts[0].Severity != detectors.Medium {
		t.Errorf("%+v", alerts[0])
	}
	if got := new(Story).Play(r); len(got) != 0 {
		t.Errorf("alerts of nothing: %v", got)
	}
}
