package login

import (
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/habits"
)

// floor notes that a floor told of somebody: for a day the baselines do not tell the
// same again.
func (d *Detector) floor(name string, t int64) {
	p := d.floored.Get(name)
	if p == nil {
		p = d.floored.Insert(name)
	}
	*p = t
}

// stories raises what the baselines found about logins.
func (d *Detector) stories(raise func(detectors.Alert)) {
	for s := range d.habits.Stories(habits.Entering) {
		al := s.Alert()
		if p := d.floored.Peek(s.Subject.Name); p != nil && int64(al.Last)-*p < int64(24*time.Hour) {
			continue
		}
		al.What, al.Key = "unusual_logins", "unusual "+s.Subject.Name
		switch s.Scores[0].Metric {
		case baseline.LoginFailures:
			al.Techniques = []string{"T1110"}
		case baseline.Accounts:
			al.Techniques = []string{"T1078", "T1110.003"}
		default:
			al.Techniques = []string{"T1078"}
		}
		raise(al)
	}
}
