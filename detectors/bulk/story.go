package bulk

import (
	"mailsensor/detectors"
	"mailsensor/detectors/habits"
)

// stories raises what the baselines found about accounts: that of an account which is
// being emptied is the same matter, and updates its alert.
func (d *Detector) stories(raise func(detectors.Alert)) {
	for s := range d.habits.Stories(habits.Downloading) {
		al := s.Alert()
		al.What, al.Key, al.Techniques = "unusual_download", s.Subject.Name, []string{"T1114.002"}
		if a := d.accounts.Peek(s.Subject.Name); a != nil {
			al.Score = d.sources(a, &al, al.Score)
		}
		raise(al)
	}
}
