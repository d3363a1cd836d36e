package login

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/detectors/habits"
	"mailsensor/protocols"
)

const day = 24 * time.Hour

func detector(places Places) *Detector {
	return New(Default(), detectortest.Border(), habits.New(habits.Default(), detectortest.Border(), time.UTC, nil), time.UTC, places)
}

// office is two weeks of people who log in from their machines, with a typo now
// and then, and a monitor that never sleeps.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	for d := range days {
		for u := range 20 {
			user, host := fmt.Sprintf("user%d@corp.example", u), fmt.Sprintf("10.20.0.%d", 40+u)
			for k := range 5 {
				at := time.Duration(d)*day + 8*time.Hour + time.Duration(k)*2*time.Hour + time.Duration(u)*time.Minute
				if (u+d+k)%11 == 0 {
					s.Login(at-10*time.Second, host, user, protocols.Rejected)
				}
				s.Login(at, host, user, protocols.Accepted)
			}
		}
		for q := range 96 {
			s.Login(time.Duration(d)*day+time.Duration(q)*15*time.Minute, "10.20.1.90", "monitor@corp.example", protocols.Accepted)
		}
	}
	return s
}

func kinds(alerts []*detectors.Alert) (out []string) {
	for _, a := range alerts {
		out = append(out, a.What)
	}
	return out
}

func TestQuiet(t *testing.T) {
	if got := office(14).Play(detector(nil)); len(got) != 0 {
		t.Errorf("%d alerts, the first: %s", len(got), got[0].Summary)
	}
}

// one finds the only alert of its kind, and checks that it explains itself.
func one(t *testing.T, alerts []*detectors.Alert, what string) *detectors.Alert {
	t.Helper()
	var found *detectors.Alert
	for _, a := range alerts {
		if a.What == what {
			if found != nil {
				t.Fatalf("two alerts of %s", what)
			}
			found = a
		}
	}
	if found == nil {
		t.Fatalf("no alert of %s among %v", what, kinds(alerts))
	}
	if len(found.Evidence) == 0 || len(found.Flows) == 0 || found.Packets == nil || found.Summary == "" || len(found.Techniques) == 0 || found.ID == "" {
		t.Errorf("%+v does not explain itself", found)
	}
	return found
}

func TestGuessing(t *testing.T) {
	s := office(8)
	for i := range 48 {
		s.Login(7*day+11*time.Hour+time.Duration(i)*time.Second, "10.20.0.49", "user3@corp.example", protocols.Rejected)
	}
	alerts := s.Play(detector(nil))
	a := one(t, alerts, "guessing")
	if len(alerts) != 1 || a.Entity.Name != "user3@corp.example" || a.Evidence[0].Seen != 48 || a.Updates != 38 || a.Severity < detectors.Medium {
		t.Errorf("%v: %+v", kinds(alerts), a)
	}
}

func TestSprayingAndSuccess(t *testing.T) {
	s := office(8)
	for i := range 30 {
		s.Login(7*day+3*time.Hour+time.Duration(i)*time.Second, "203.0.113.9", fmt.Sprintf("user%d@corp.example", i), protocols.Rejected)
	}
	s.Login(7*day+3*time.Hour+time.Minute, "203.0.113.9", "user4@corp.example", protocols.Accepted)
	alerts := s.Play(detector(nil))
	a := one(t, alerts, "spraying")
	if a.Entity.Name != "203.0.113.9" || a.Evidence[0].Seen != 30 || !slices.Contains(a.Techniques, "T1110.003") {
		t.Errorf("%+v", a)
	}
	if a := one(t, alerts, "success_after_failures"); a.Entity.Name != "user4@corp.example" || a.Severity != detectors.Critical {
		t.Errorf("%+v", a)
	}
	one(t, alerts, "strange_login")
	if len(alerts) != 3 {
		t.Errorf("%v", kinds(alerts))
	}
}

func TestManyHostsOnOneAccount(t *testing.T) {
	s := office(8)
	for i := range 12 {
		s.Login(7*day+time.Hour+time.Duration(i)*time.Minute, fmt.Sprintf("203.0.113.%d", 1+i), "user3@corp.example", protocols.Rejected)
	}
	if a := one(t, s.Play(detector(nil)), "guessing_from_many"); a.Evidence[0].Seen != 12 {
		t.Errorf("%+v", a)
	}
}

func TestStrangeLogin(t *testing.T) {
	s := office(10)
	s.Login(9*day+22*time.Hour+30*time.Minute, "203.0.113.77", "user6@corp.example", protocols.Accepted)
	s.Login(9*day+23*time.Hour, "203.0.113.78", "user6@corp.example", protocols.Accepted) // the same network again
	alerts := s.Play(detector(nil))
	a := one(t, alerts, "strange_login")
	if len(alerts) != 1 || !strings.Contains(a.Summary, "new network 203.0.113.0/24, first from outside, unusual time Wed 22:30") {
		t.Errorf("%v: %s", kinds(alerts), a.Summary)
	}
}

// A new machine in the next room, at a usual hour, is not worth a word.
func TestNewMachineInside(t *testing.T) {
	s := office(10)
	s.Login(9*day+10*time.Hour, "10.20.7.7", "user6@corp.example", protocols.Accepted)
	if got := s.Play(detector(nil)); len(got) != 0 {
		t.Errorf("%s", got[0].Summary)
	}
}

// atlas puts 203.0.113.0/24 in Sydney, and the rest in Berlin.
type atlas struct{}

func sydney(a netip.Addr) bool { return netip.MustParsePrefix("203.0.113.0/24").Contains(a) }

func (atlas) Country(a netip.Addr) string {
	if sydney(a) {
		return "AU"
	}
	return "DE"
}

func (atlas) Location(a netip.Addr) (lat, lon, radius float64, ok bool) {
	if sydney(a) {
		return -33.87, 151.21, 100, true
	}
	return 52.52, 13.40, 50, true
}

func (atlas) Network(a netip.Addr) (uint32, string) { return 64500, "Example" }

func TestImpossibleTravel(t *testing.T) {
	s := office(10)
	s.Login(9*day+16*time.Hour+40*time.Minute, "203.0.113.77", "user6@corp.example", protocols.Accepted)
	a := one(t, s.Play(detector(atlas{})), "strange_login")
	if !strings.Contains(a.Summary, "new country AU") || !slices.ContainsFunc(a.Evidence, func(m detectors.Measure) bool { return m.Name == "impossible_travel" }) {
		t.Errorf("%+v", a)
	}
}

func TestNewClient(t *testing.T) {
	s := office(10)
	for d := range 9 {
		h := s.Head(time.Duration(d)*day+9*time.Hour, "imap", "10.20.0.46", "")
		s.Add(&protocols.ClientInfo{Head: h, Source: "id", Name: []byte("Thunderbird")})
		h.Time += int64(time.Second)
		s.Add(&protocols.Login{Head: h, User: []byte("user6@corp.example"), Outcome: protocols.Accepted})
	}
	h := s.Head(9*day+9*time.Hour+time.Minute, "imap", "198.51.100.7", "")
	s.Add(&protocols.ClientInfo{Head: h, Source: "id", Name: []byte("python-imaplib")})
	h.Time += int64(time.Second)
	s.Add(&protocols.Login{Head: h, User: []byte("user6@corp.example"), Outcome: protocols.Accepted})
	if a := one(t, s.Play(detector(nil)), "strange_login"); !strings.Contains(a.Summary, "new client python-imaplib") {
		t.Errorf("%s", a.Summary)
	}
}

func TestClearTextAndDowngrade(t *testing.T) {
	s := new(detectortest.Story)
	for i := range 30 {
		s.Add(&protocols.TLSStart{Head: s.Head(time.Duration(i)*time.Hour, "imap", "10.20.0.40", ""), StartTLS: true})
	}
	h := s.Head(31*time.Hour, "imap", "10.20.0.41", "")
	s.Add(&protocols.Login{Head: h, Mechanism: "PLAIN", User: []byte("ann@corp.example"), Outcome: protocols.Accepted})
	h = s.Head(32*time.Hour, "smtp", "10.20.0.41", "")
	s.Add(&protocols.Anomaly{Head: h, Kind: "smtp_starttls_stripped"})
	alerts := s.Play(detector(nil))
	if one(t, alerts, "tls_downgrade").Severity != detectors.Medium || one(t, alerts, "clear_text_password").Severity != detectors.Low {
		t.Errorf("%v", kinds(alerts))
	}
	one(t, alerts, "starttls_stripped")
}

// Somebody at the victim's own network, with another program, in the night.
func TestNightWithAnotherClient(t *testing.T) {
	s := office(20)
	with := func(at time.Duration, name string) {
		h := s.Head(at, "imap", "10.20.0.46", "")
		s.Add(&protocols.ClientInfo{Head: h, Source: "id", Name: []byte(name)})
		h.Time += int64(time.Second)
		s.Add(&protocols.Login{Head: h, User: []byte("user6@corp.example"), Outcome: protocols.Accepted})
	}
	for d := range 18 {
		with(time.Duration(d)*day+9*time.Hour, "Thunderbird")
	}
	with(18*day+10*time.Hour, "K-9 Mail")                                               // a new telephone, in the day
	s.Login(18*day+3*time.Hour, "10.20.0.47", "user7@corp.example", protocols.Accepted) // works late, once
	with(19*day+2*time.Hour+30*time.Minute, "python-imaplib")
	alerts := s.Play(detector(nil))
	a := one(t, alerts, "strange_login")
	if len(alerts) != 1 || a.Entity.Name != "user6@corp.example" || !strings.Contains(a.Summary, "new client python-imaplib, unusual time Sat 02:30") {
		t.Errorf("%v: %s", kinds(alerts), a.Summary)
	}
}

// Who uses a VPN now and then is at two places by turns.
func TestVPNByTurns(t *testing.T) {
	s := office(30)
	for d := range 30 {
		s.Login(time.Duration(d)*day+11*time.Hour+30*time.Minute, "203.0.113.77", "user6@corp.example", protocols.Accepted)
	}
	if got := s.Play(detector(atlas{})); len(got) != 0 {
		t.Errorf("%s", got[0].Summary)
	}
}

// A protocol that the account never used is a sign beside others, and none alone.
func TestNewProtocol(t *testing.T) {
	for _, tt := range []struct {
		protocol, client string
		want             bool
	}{{"pop3", "203.0.113.77", true}, {"imap", "203.0.113.77", false}, {"pop3", "10.20.0.43", false}} {
		s := office(14)
		h := s.Head(12*day+10*time.Hour, tt.protocol, tt.client, "")
		s.Add(&protocols.Login{Head: h, Mechanism: "SCRAM-SHA-256", User: []byte("user3@corp.example"), Outcome: protocols.Accepted})
		got := s.Play(detector(nil))
		if tt.client == "10.20.0.43" { // its own
			if len(got) != 0 {
				t.Errorf("%s alone: %s", tt.protocol, got[0].Summary)
			}
			continue
		}
		a := one(t, got, "strange_login")
		if said := strings.Contains(a.Summary, "new protocol POP3"); said != tt.want {
			t.Errorf("%s: %s", tt.protocol, a.Summary)
		}
	}
}
