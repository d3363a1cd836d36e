package baseline

import (
	"fmt"
	"math"
	"time"
)

// Channel is what a Score was found by.
type Channel uint8

const (
	HourWindow Channel = iota // one window
	Rise                      // more than should be, summed over windows
	Fall                      // less than should be, summed over windows
	DayWindow                 // since local midnight
	Drift                     // the level of late, against the long run; counts are by day
	Burst                     // five minutes
)

var channelNames = []string{"window", "rise", "fall", "day", "drift", "burst"}

func (c Channel) String() string { return name(channelNames, int(c)) }

// Score is how unusual something was, and why.
type Score struct {
	Kind        Kind
	Entity      string
	Metric      Metric
	Channel     Channel
	From, Until int64   // what was looked at, Unix ns
	Seen        float64 // counts; bytes in KiB
	Expected    float64
	Bound       float64 // 99.9 % of what is usual is within
	Score       float64 // nats: e^-Score is how often chance alone does it, if the model holds
	Threshold   float64
	Alert       bool   // the score is at its threshold or beyond
	Provisional bool   // the entity, or its group, is younger than a week
	Days        int    // of history
	Group       string // peers: kind and hours they keep

	location *time.Location
}

// Severity is the score in units of its threshold: comparable between channels,
// kinds and metrics.
func (s *Score) Severity() float64 { return ratio(s.Score, s.Threshold) }

// score begins a Score of the open window.
func (e *Engine) score(k key, m Metric, s *series, g *group, o *outlook, c Channel) *Score {
	e.scores = append(e.scores, Score{
		Kind: k.kind, Entity: k.name, Metric: m, Channel: c,
		From: e.window * e.step, Until: (e.window + 1) * e.step,
		Days: int(o.age), Group: k.kind.String() + ", " + classNames[s.class],
		location: e.config.Location,
	})
	return &e.scores[len(e.scores)-1]
}

// spanned fills in what a sum was made of.
func (e *Engine) spanned(sc *Score, o *outlook, run uint16, seen, mean, inflation float32) {
	sc.From -= int64(max(run, 1)-1) * e.step
	sc.Seen, sc.Expected = float64(seen), float64(mean)
	n := max(1, float64(run))
	// How little is known of the shape of one window says nothing of their sum.
	d := negbin{max(sc.Expected, minMean), float64(o.phi*float64(max(1, inflation)))/n + o.unsure}
	if sc.Channel == Fall {
		sc.Bound = math.Floor(max(0, d.mean-3.09*math.Sqrt(d.variance())))
		return
	}
	sc.Bound = d.bound()
}

// midnight is the beginning of the local day, Unix ns.
func (e *Engine) midnight() int64 {
	t := time.Unix(0, e.window*e.step).In(e.config.Location)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location()).UnixNano()
}

// String is one line for a person: "Tue 03:00, 142 messages, expected 0.4, bound 6".
func (s *Score) String() string {
	from, until := time.Unix(0, s.From).In(s.location), time.Unix(0, s.Until).In(s.location)
	when := from.Format("Mon 15:04")
	switch s.Channel {
	case Burst:
		when += " (5 minutes)"
	case Rise, Fall, DayWindow, Drift:
		when += " to " + until.Format("Mon 15:04")
	}
	noun := ""
	if n := name(nouns[:], int(s.Metric)); n != "" {
		noun = " " + n
	}
	return fmt.Sprintf("%s, %s%s, expected %s, bound %s", when, number(s.Seen), noun, number(s.Expected), number(s.Bound))
}

// number has as many digits as mean something.
func number(x float64) string {
	switch {
	case x == math.Trunc(x) || x >= 10:
		return fmt.Sprintf("%.0f", x)
	case x >= .095:
		return fmt.Sprintf("%.1f", x)
	case x >= .005:
		return fmt.Sprintf("%.2f", x)
	}
	return "0"
}
