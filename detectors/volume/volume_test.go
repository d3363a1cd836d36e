package volume

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
	"mailsensor/protocols"
)

const aDay = 24 * time.Hour

func play(s *detectortest.Story) []*detectors.Alert {
	b := detectortest.Border()
	h := habits.New(habits.Default(), b, time.UTC, nil)
	return s.Play(h, New(Default(), b, h))
}

// office is people who mail, a relay that passes all of it on, a newsletter.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	for d := range days {
		for u := range 40 {
			for k := range 6 {
				at := time.Duration(d)*aDay + 9*time.Hour + time.Duration(k)*time.Hour + time.Duration(u)*5*time.Second
				s.Mail(at, fmt.Sprintf("10.20.0.%d", 40+u), fmt.Sprintf("user%d@corp.example", u), 2000, "a@partner.test")
				out := s.Mail(at+time.Second, "10.20.1.25", fmt.Sprintf("user%d@corp.example", u), 2000, "a@partner.test")
				out.Conn.Server = netip.MustParseAddrPort(fmt.Sprintf("203.0.113.%d:25", 1+u))
			}
		}
		for i := range 200 {
			s.Mail(time.Duration(d)*aDay+10*time.Hour+time.Duration(i)*2*time.Second, "10.20.1.60", "newsletter@corp.example", 2000, "a@partner.test")
		}
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

func TestQuiet(t *testing.T) {
	if got := play(office(14)); len(got) != 0 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
}

func TestBurst(t *testing.T) {
	s := office(4)
	for i := range 1500 {
		m := s.Mail(3*aDay+3*time.Hour+time.Duration(i)*75*time.Millisecond, "10.20.0.52", "user12@corp.example", 2000, "a@partner.test", "b@partner.test")
		if i%6 == 0 {
			m.Outcome, m.RecipientsAccepted, m.RecipientsRejected = protocols.Rejected, 0, 2
		}
	}
	a := one(t, play(s), "mail_burst")
	if a.Entity.Name != "10.20.0.52" || a.Severity < detectors.High || a.Evidence[0].Seen < 1200 || !strings.Contains(a.Summary, "17 % of them refused") {
		t.Errorf("%v: %s", a.Severity, a.Summary)
	}
}

func TestManyServers(t *testing.T) {
	s := office(4)
	for i := range 20 {
		s.Mail(3*aDay+3*time.Hour+time.Duration(i)*10*time.Second, "10.20.0.52", "x@corp.example", 2000, "a@partner.test").Conn.Server = netip.MustParseAddrPort(fmt.Sprintf("203.0.113.%d:25", 1+i))
	}
	if a := one(t, play(s), "many_servers"); a.Evidence[0].Seen != 20 {
		t.Errorf("%+v", a)
	}
}
