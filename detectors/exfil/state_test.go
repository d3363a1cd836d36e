package exfil

import (
	"testing"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
)

var _ detectors.Learner = (*Detector)(nil)

func TestStateIsAll(t *testing.T) {
	d, n := New(Default(), detectortest.Border()), New(Default(), detectortest.Border())
	s := d.senders.Insert("ann@corp.example")
	*s = sender{name: "ann@corp.example", first: 1, messages: 2, known: []uint64{3, 4}, largest: 5, past: 6, today: 7, day: 8}
	s.strange.Add(1e15, 1e9, 9)
	*d.seen.Insert(10) = 11
	d.seen.Evicted = 12
	detectortest.Reload(t, d, n)
	detectortest.Same(t, n.senders.Peek("ann@corp.example"), *s)
	if p := n.seen.Peek(10); p == nil || *p != 11 || n.Evicted() != 12 {
		t.Error(p, n.Evicted())
	}
}
