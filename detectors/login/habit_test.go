package login

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

// byHabit plays a story to the baselines as well.
func byHabit(s *detectortest.Story) []*detectors.Alert {
	d := detector(nil)
	return s.Play(d.habits, d)
}

// Who tries slowly stays below the floors, and is found by what is usual: a few
// passwords an hour on one account, some accounts an hour from one host, an account
// that is used at ever more hosts.
func TestSlowLogins(t *testing.T) {
	if got := byHabit(office(28)); len(got) != 0 {
		t.Fatalf("%d alerts before, the first: %s", len(got), got[0].Summary)
	}
	for name, tt := range map[string]struct {
		attack  func(s *detectortest.Story, i int, at time.Duration)
		entity  detectors.Entity
		measure string
	}{
		"guessing": {func(s *detectortest.Story, i int, at time.Duration) {
			s.Login(at, "10.20.0.199", "user3@corp.example", protocols.Rejected)
		}, detectors.Entity{Kind: detectors.Account, Name: "user3@corp.example"}, "login_failures"},
		"spraying": {func(s *detectortest.Story, i int, at time.Duration) {
			s.Login(at, "10.20.0.45", fmt.Sprintf("user%d@corp.example", i%20), protocols.Rejected)
		}, detectors.Entity{Kind: detectors.Host, Name: "10.20.0.45"}, "login_failures"},
		"a session that is used everywhere": {func(s *detectortest.Story, i int, at time.Duration) {
			s.Login(at, fmt.Sprintf("10.20.2.%d", 1+i), "user3@corp.example", protocols.Accepted)
		}, detectors.Entity{Kind: detectors.Account, Name: "user3@corp.example"}, "hosts"},
	} {
		s := office(28)
		for i := range 60 {
			tt.attack(s, i, 23*day+10*time.Hour+time.Duration(i)*5*time.Minute)
		}
		var found []*detectors.Alert
		for _, a := range byHabit(s) {
			if a.What == "unusual_logins" {
				found = append(found, a)
			}
		}
		if len(found) == 0 {
			t.Errorf("%s: not found", name)
			continue
		}
		a := found[0]
		ok := false
		for _, m := range a.Evidence {
			ok = ok || len(m.Name) > len(tt.measure) && m.Name[:len(tt.measure)] == tt.measure && m.Seen > *m.Bound
		}
		if a.Entity != tt.entity || len(a.Flows) == 0 || a.Packets == nil || len(a.Techniques) == 0 || !ok || a.First < at(23*day) || a.First > at(24*day) {
			t.Errorf("%s: %+v", name, a)
		}
		t.Logf("%s: %.2f %s", name, a.Score, a.Summary)
	}
}

func at(d time.Duration) detectors.Time { return detectors.Time(detectortest.At(d)) }

// What a floor told is not told again by the baselines.
func TestFloorFirst(t *testing.T) {
	s := office(28)
	for i := range 60 {
		s.Login(23*day+10*time.Hour+time.Duration(i)*time.Second, "10.20.0.45", "user5@corp.example", protocols.Rejected)
	}
	if got := kinds(byHabit(s)); !slices.Contains(got, "guessing") || slices.Contains(got, "unusual_logins") {
		t.Errorf("%v", got)
	}
}
