package session

import (
	"net/netip"
	"testing"

	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

// A proxy that was known is known, so that legs are joined that begin behind it; no
// session number is given out twice.
func TestStateGoesOn(t *testing.T) {
	before, tr := New(nil), New(nil)
	see(before, &protocols.Tunnel{Head: head(1, user, proxy, 1e9), Outcome: protocols.Accepted})
	before.last = 6
	detectortest.Reload(t, before, tr)
	if tr.proxies.Peek(netip.MustParseAddrPort(proxy).Addr()) == nil {
		t.Fatal("the proxy was forgotten")
	}
	see(tr, &protocols.Opening{Head: head(12, egress, server, 2e9), Fingerprint: 7},
		&protocols.Opening{Head: via(head(11, user, proxy, 2e9), "imap.partner.test"), Fingerprint: 7})
	e := &protocols.Login{Head: head(12, egress, server, 3e9)}
	if see(tr, e); !e.Repeat || e.Session != 7 {
		t.Errorf("%+v", e.Head)
	}
}
