package habits

import (
	"fmt"
	"math"
	"strconv"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/protocols"
)

// maxMeasures bounds the scores that an alert shows.
const maxMeasures = 6

// Alert is a story as an alert, but for what its detector knows: What, Key,
// Techniques.
func (s *Story) Alert() detectors.Alert {
	top := &s.Scores[0]
	a := detectors.Alert{Entity: s.Subject, Related: s.Related, Score: s.score(), Techniques: []string{},
		First: detectors.Time(top.From), Last: detectors.Time(top.Until)}
	if s.trace != nil {
		s.trace.show(&a)
	}
	a.Summary = fmt.Sprintf("%s: %s", s.Subject.Name, top)
	if top.Entity != s.Subject.Name {
		a.Summary = fmt.Sprintf("%s, by %s: %s", s.Subject.Name, top.Entity, top)
	}
	if top.Provisional {
		a.Summary += fmt.Sprintf(" (%s of history)", detectors.Plural(uint64(top.Days), "day", "days"))
	}
	for i := range s.Scores[:min(len(s.Scores), maxMeasures)] {
		a.Evidence = append(a.Evidence, measure(&s.Scores[i]))
	}
	for _, h := range s.Shared {
		a.Evidence = append(a.Evidence, detectors.Measure{Name: "shared_host", Seen: 1, Text: fmt.Sprintf("many accounts come from %s: what it does is judged by account", h)})
	}
	if top.Metric == baseline.TLSBytes {
		a.Confidence = protocols.Estimated
	}
	return a
}

// score is how sure one may be that the story deserves a person's time: by how far its
// first score is beyond its threshold, on a logarithmic scale. What rests on an
// estimate alone, or on an entity that nobody knows yet, is worth less, and so is
// silence.
func (s *Story) score() float64 {
	top := &s.Scores[0]
	score := min(.8, .35+.15*math.Log2(max(1, top.Severity())))
	switch {
	case s.Quiet, top.Metric == baseline.TLSBytes:
		score = min(score, .45)
	case top.Provisional:
		score *= .8
	}
	return math.Round(1000*score) / 1000
}

func measure(s *baseline.Score) detectors.Measure {
	return detectors.Measure{
		Name: s.Metric.String() + "_" + s.Channel.String(), Seen: s.Seen, Expected: detectors.Value(round(s.Expected)), Bound: detectors.Value(s.Bound),
		Unit: s.Metric.Unit(),
		Text: fmt.Sprintf("%s %s: %s; %s of history, peers: %s", s.Kind, s.Entity, s, detectors.Plural(uint64(s.Days), "day", "days"), s.Group),
	}
}

// round keeps three digits, which is what an expectation is worth.
func round(x float64) float64 {
	if x < .005 {
		return 0
	}
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64) // what was just written can be read
	return x
}
