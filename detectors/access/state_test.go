package access

import (
	"net/netip"
	"testing"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
)

var _ detectors.Learner = (*Detector)(nil)

func TestStateIsAll(t *testing.T) {
	d, n := New(Default(), detectortest.Border()), New(Default(), detectortest.Border())
	a := netip.MustParseAddr("10.20.0.1")
	h := d.host(a)
	*h = host{1, "rdp", netip.MustParseAddr("2001:db8::1"), true, 2, "ann@corp.example"}
	o := d.services.Insert(service{a, "imap"})
	o.told = 3
	o.users.Add(1e15, 1e9, 4)
	detectortest.Reload(t, d, n)
	detectortest.Same(t, n.hosts.Peek(a), *h)
	detectortest.Same(t, n.services.Peek(service{a, "imap"}), *o)
}
