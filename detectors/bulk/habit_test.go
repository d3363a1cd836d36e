package bulk

import (
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
)

// Five times as many messages as usual, some every few minutes of the working day, for
// two days: below every floor, and found.
func TestSlowDrip(t *testing.T) {
	if got := play(office(20)); len(got) != 0 {
		t.Fatalf("%d alerts before", len(got))
	}
	s := office(20)
	drip(s, 18)
	drip(s, 19)
	a := one(t, play(s), "unusual_download")
	if a.Entity.Name != "user7@corp.example" || a.First < at(18*aDay) || a.First > at(19*aDay) {
		t.Errorf("%v from %d on", a.Entity, a.First)
	}
	e := a.Evidence[0]
	if e.Expected == nil || e.Seen < *e.Bound || !strings.Contains(e.Text, "messages downloaded, expected") || !strings.Contains(e.Text, "days of history") {
		t.Errorf("%+v", e)
	}
}

func drip(s *detectortest.Story, d int) {
	for i := range 130 {
		s.Read(time.Duration(d)*aDay+8*time.Hour+time.Duration(i)*4*time.Minute, "10.20.0.47", "user7@corp.example", "Archive", 1+i+200*d, 1, 900)
	}
}

func at(d time.Duration) detectors.Time { return detectors.Time(detectortest.At(d)) }
