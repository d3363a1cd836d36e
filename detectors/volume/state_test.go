package volume

import (
	"net/netip"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
)

var _ detectors.Learner = (*Detector)(nil)

func TestStateIsAll(t *testing.T) {
	border := detectortest.Border()
	blank := func() *Detector {
		return New(Default(), border, habits.New(habits.Default(), border, time.UTC, nil))
	}
	d, a := blank(), netip.MustParseAddr("10.20.0.1")
	h := d.host(a)
	h.takes, h.told, h.toldFans, h.toldAt = true, 1, 2, 3
	h.sent.Add(1e15, 1e9, 4)
	h.refused.Add(1e15, 1e9, 5)
	h.people.Add(1e15, 1e9, 6)
	h.servers.Add(1e15, 1e9, 7)
	n := blank()
	detectortest.Reload(t, d, n)
	detectortest.Same(t, n.hosts.Peek(a), *h)
}
