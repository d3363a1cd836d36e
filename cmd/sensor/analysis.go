package main

import (
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/detectors"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/intel"
	"mailsensor/detectors/rules"
	"mailsensor/detectors/session"
	"mailsensor/detectors/summary"
	"mailsensor/protocols"
)

// analysis is all that looks at events, of a file or of a wire. It is for the one
// goroutine that events come from.
type analysis struct {
	border   *inside.Border
	sessions *session.Tracker
	rules    *rules.Tracker
	sum      *summary.Summary
	habits   *habits.Tracker // what is usual, learned; detectors.Learner for who stores it
	set      *detectors.Set

	indicators *intel.Detector // one of set, whose lists may change
}

func newAnalysis(conf config.Config) (*analysis, error) { return newAnalysisWithin(conf, 0) }

// newAnalysisWithin keeps tables of at most so many hosts and accounts; 0: as many as
// is usual.
func newAnalysisWithin(conf config.Config, entities int) (*analysis, error) {
	a := &analysis{border: inside.New(insideConfig(conf)), sessions: session.New(conf.Trusted)}
	a.rules, a.sum = rules.New(a.border), summary.New(a.border)
	if entities > 0 {
		a.sum = summary.NewWithin(a.border, entities)
		conf.Detectors.Baseline.Entities = min(conf.Detectors.Baseline.Entities, entities)
	}
	var err error
	if a.set, a.habits, a.indicators, err = watch(conf, a.border); err == nil && entities > 0 {
		a.set.Within(entities)
	}
	return a, err
}

// observe takes the next event. What is there for the others alone is not shown to
// the user.
func (a *analysis) observe(ev protocols.Event) (shown bool) {
	a.sessions.Observe(ev)
	a.rules.Observe(ev)
	a.sum.Observe(ev)
	a.set.Observe(ev)
	_, inner := ev.(*protocols.Opening)
	return !inner
}

// knowledge is what of it the metrics show.
func (a *analysis) knowledge() metrics.Knowledge {
	return metrics.Knowledge{Downloaded: a.sum.Downloaded, InForce: a.rules.InForce}
}

// document is the summary so far; what the events do not tell is for the caller to
// fill in.
func (a *analysis) document() *summary.Document {
	doc := a.sum.Document()
	doc.Rules, doc.RulesEvicted = a.rules.Rules(), a.rules.Evicted
	doc.Capture.Sessions = counters(a.sessions.Counters())
	doc.Alerts, doc.AlertsDropped, doc.AlertsHeld = a.set.Alerts(), a.set.Dropped, a.habits.Held()
	doc.AlertsForgotten, doc.DetectorsEvicted = a.set.Forgotten, a.set.Evicted()
	var techniques []string
	for _, alert := range doc.Alerts {
		techniques = append(techniques, alert.Techniques...)
	}
	doc.Overlap = intel.Overlap(techniques)
	return doc
}
