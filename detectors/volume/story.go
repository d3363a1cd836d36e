package volume

import (
	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/habits"
)

// stories raises what the baselines found: of the same entity it is the same alert.
func (d *Detector) stories(raise func(detectors.Alert)) {
	for s := range d.habits.Stories(habits.Sending) {
		al := s.Alert()
		al.What, al.Techniques = what(s)
		al.Key = key(al.What, s.Subject.Name)
		raise(al)
	}
}

func what(s *habits.Story) (what string, techniques []string) {
	switch {
	case s.Quiet:
		return "gone_quiet", []string{}
	case s.Scores[0].Metric == baseline.MessagesDownloaded, s.Scores[0].Metric == baseline.BytesDownloaded, s.Scores[0].Metric == baseline.TLSBytes:
		return "unusual_download", []string{"T1114.002"}
	}
	return "unusual_volume", []string{"T1071.003", "T1048.003"}
}

// key is what alerts of a finding about somebody go under: that somebody sends too much
// is one matter, by whatever it shows.
func key(what, name string) string {
	switch what {
	case "mail_burst", "many_servers", "unusual_volume":
		what = "sending"
	}
	return what + " " + name
}
