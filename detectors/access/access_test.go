package access

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

const day = 24 * time.Hour

// session is a remote-control session.
func session(s *detectortest.Story, at time.Duration, client, server, kind string) {
	h := s.Head(at, kind, client, "")
	h.Conn.Server = netip.MustParseAddrPort(server)
	s.Add(&protocols.ConnEnd{Head: h, Remote: kind})
}

// office is people who read their mail, administrators who go from host to host
// inside, and out by SSH.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	for d := range days {
		for u := range 10 {
			host, user := fmt.Sprintf("10.20.0.%d", 40+u), fmt.Sprintf("user%d@corp.example", u)
			s.Login(time.Duration(d)*day+9*time.Hour, host, user, protocols.Accepted)
			s.Read(time.Duration(d)*day+9*time.Hour+time.Minute, host, user, "INBOX", 1+d, 1, 900)
		}
		session(s, time.Duration(d)*day+10*time.Hour, "10.20.0.40", "10.20.0.41:3389", "rdp")
		session(s, time.Duration(d)*day+10*time.Hour, "10.20.0.40", "203.0.113.5:22", "ssh")
	}
	return s
}

func one(t *testing.T, got []*detectors.Alert, what string) *detectors.Alert {
	t.Helper()
	if len(got) != 1 || got[0].What != what {
		for _, a := range got {
			t.Log(a.What, a.Summary)
		}
		t.Fatalf("%d alerts, want one of %s", len(got), what)
	}
	a := got[0]
	if len(a.Evidence) == 0 || len(a.Flows) == 0 || a.Packets == nil || a.ID == "" || len(a.Techniques) == 0 {
		t.Errorf("%+v does not explain itself", a)
	}
	return a
}

func play(s *detectortest.Story) []*detectors.Alert {
	return s.Play(New(Default(), detectortest.Border()))
}

func TestQuiet(t *testing.T) {
	if got := play(office(14)); len(got) != 0 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
}

func TestRemoteAccessAndMail(t *testing.T) {
	s := office(3)
	session(s, 2*day+11*time.Hour, "203.0.113.9", "10.20.0.44:3389", "rdp")
	a := one(t, play(s), "remote_access_and_mail")
	if a.Entity.Name != "10.20.0.44" || a.Severity != detectors.Medium || !strings.Contains(a.Summary, "1h59m apart") {
		t.Errorf("%v: %s", a.Severity, a.Summary)
	}
}

func TestMailBehindRemoteAccess(t *testing.T) {
	s := office(3)
	session(s, 12*time.Hour, "10.20.0.99", "198.51.100.7:443", "anydesk")
	s.Read(20*time.Hour, "10.20.0.99", "user1@corp.example", "INBOX", 1, 5, 900)
	got := play(s)
	if len(got) != 2 {
		t.Fatalf("%d alerts", len(got))
	}
	if a := one(t, got[:1], "remote_access_and_mail"); a.Related[1].Name != "user1@corp.example" {
		t.Errorf("%+v", a)
	}
	one(t, got[1:], "remote_access")
}

func TestMailFromOutside(t *testing.T) {
	s := office(3)
	for d := range 3 {
		for u := range 3 {
			s.Login(time.Duration(d)*day+time.Duration(u)*2*time.Hour, "203.0.113.9", fmt.Sprintf("user%d@corp.example", u), protocols.Accepted)
		}
	}
	if a := one(t, play(s), "mail_from_outside"); a.Severity != detectors.Info || a.Updates < 4 {
		t.Errorf("%+v", a)
	}
	c := Default()
	c.Allowed = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	if got := s.Play(New(c, detectortest.Border())); len(got) != 0 {
		t.Errorf("allowed, and %s", got[0].Summary)
	}
}
