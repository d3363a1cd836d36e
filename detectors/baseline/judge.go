package baseline

import (
	"math"
	"slices"
	"strings"
)

func root(x float64) float64 { return math.Sqrt(x) } // exact on every processor

// verdict is what learning has to know of a judgement.
type verdict struct {
	score     float64 // of the window
	explained float64 // counts of a burst that was expected
	stop      bool    // learn nothing
	doubt     bool    // learn less: something is adding up
}

// judge scores a window in all channels, and notes the most telling.
func (e *Engine) judge(k key, m Metric, s *series, g *group, o *outlook, x float64) (v verdict) {
	limit := &e.limits[k.kind][m]
	above := o.above()
	if x > above.mean && (e.config.Every || square(x-above.mean) > 4*above.variance()) {
		v.score = above.tail(x)
	}
	if o.peak > 0 && x > o.up {
		v.explained = min(x-o.up, peakMuch*o.peak)
	}
	rest := x - v.explained
	best, channel := 0., HourWindow
	note := func(c Channel, score, threshold, excess float64) {
		if r := ratio(score, threshold); r > best && excess >= limit.Least {
			best, channel = r, c
		}
	}
	note(HourWindow, v.score, limit.Hour, x-above.mean)
	note(Rise, e.up(s, o, rest), limit.Rise, float64(s.riseSeen-s.riseMean))
	note(Fall, e.down(s, o, rest), limit.Fall, float64(s.fallMean-s.fallSeen))
	note(DayWindow, e.daySoFar(s, g, o, rest), limit.Day, float64(s.day-s.dayMean))
	if e.local.ends {
		note(Drift, e.drifted(s, g, o), limit.Drift, (o.level-s.reference())*e.perDay)
	}

	provisional := o.age < warmUp || float64(e.window-g.born) < warmUp*e.perDay
	alert := best >= 1 && !(provisional && float64(e.window-g.born) < warmUp*e.perDay)
	if x > o.up && (v.score > suspicious || x-o.up > o.peak/2 && o.peak > 0) {
		s.remember(e.local.slot, e.local.today, x-o.up)
	}
	if alert || e.config.Every {
		shown := channel
		if channel == DayWindow && float64(s.day) <= x && v.score >= limit.Hour && limit.Hour > 0 {
			shown = HourWindow // the day was this hour, which says more
		}
		sc := e.score(k, m, s, g, o, shown)
		sc.Provisional, sc.Alert = provisional, alert
		switch shown {
		case HourWindow:
			sc.Score, sc.Threshold, sc.Seen = v.score, limit.Hour, x
			sc.Expected, sc.Bound = above.mean, above.bound()
		case Rise:
			sc.Score, sc.Threshold = float64(s.rise), limit.Rise
			e.spanned(sc, o, s.run[0], s.riseSeen, s.riseMean, s.inflation)
		case Fall:
			sc.Score, sc.Threshold = float64(s.fall), limit.Fall
			e.spanned(sc, o, s.run[1], s.fallSeen, s.fallMean, s.inflation)
		case DayWindow:
			d := e.dayModel(s, g, o)
			sc.Score, sc.Threshold, sc.Seen = d.tail(float64(s.day))-1, limit.Day, float64(s.day)
			sc.Expected, sc.Bound = d.mean, d.bound()
			sc.From = e.midnight()
		case Drift:
			d := negbin{max(float64(s.reference()*e.perDay), minMean), s.dayDispersion(g)}
			sc.Score, sc.Threshold, sc.Seen = float64(s.drift), limit.Drift, float64(o.level*e.perDay)
			sc.Expected, sc.Bound = d.mean, d.bound()
			sc.From = sc.Until - int64(levelLife*24*hour)
		}
	}
	if alert {
		s.flags |= alarmed
	}
	if alert && !provisional {
		if channel == Rise || channel == DayWindow {
			s.hold = uint16(e.perDay) // each window for itself may look usual
		}
		if channel == Fall {
			s.hold = uint16(e.perDay / 2)
		}
	}
	if alert { // or it would stick
		if s.day > s.dayMean {
			s.day = s.dayMean
		}
		switch channel {
		case Rise, HourWindow, DayWindow:
			s.rise, s.riseSeen, s.riseMean = 0, 0, 0
		case Fall:
			s.fall, s.fallSeen, s.fallMean = 0, 0, 0
		case Drift: // told once: the new level is the reference
			s.drift = 0
			s.refA = float32(float64(s.refB) * o.level)
		}
	}
	v.doubt = best >= .5 && o.age >= warmUp && channel != Fall
	v.stop = e.guard(s, alert && !provisional)
	return v
}

func ratio(score, threshold float64) float64 {
	if threshold <= 0 {
		return 0
	}
	return score / threshold
}

// guard reports that nothing is to be learned. After some days of it the entity has
// changed: its level is learned anew.
func (e *Engine) guard(s *series, alert bool) bool {
	if !alert && s.hold == 0 {
		s.held = 0
		return false
	}
	if s.hold > 0 {
		s.hold--
	}
	s.held++
	if float64(s.held) < maxHeld*e.perDay {
		return true
	}
	s.held, s.hold = 0, 0
	s.a *= .1
	s.b *= .1
	return false
}

// trickle is how many counts a window are too many where none are expected.
const trickle = .1

// up adds to the evidence that the entity sends twice as much as it should.
func (e *Engine) up(s *series, o *outlook, x float64) float64 {
	if x == 0 && s.rise == 0 {
		return 0
	}
	d := negbin{o.up, o.psi}
	inc := min(6, d.evidence(x, 2*o.up+trickle))
	if s.inflation > 1 {
		inc /= float64(s.inflation)
	}
	sum := float64(s.rise) + inc
	if sum <= 0 {
		s.rise, s.riseSeen, s.riseMean = 0, 0, 0
		return 0
	}
	if s.rise == 0 {
		s.run[0] = 0
	}
	s.run[0] = min(s.run[0], 65534) + 1
	s.rise = float32(sum)
	s.riseSeen += float32(x)
	s.riseMean += float32(o.up)
	if s.riseSeen < 1.2*s.riseMean {
		return 0 // single windows were odd, their sum is not
	}
	return float64(s.rise) - 1
}

// quietDay is the activity of any peer group below which nobody is asked why it is
// quiet, and quietMass how much must have been expected of it by then.
const (
	quietDay  = .6
	quietMass = 20
)

// down adds to the evidence that it sends a third of what it should.
func (e *Engine) down(s *series, o *outlook, x float64) float64 {
	if o.age < seasonedFrom || o.down <= 3 || e.quiet || !e.seen {
		return 0 // nothing is added; what there is waits for a busier hour
	}
	d := negbin{o.down, o.psi}
	inc := clamp(d.evidence(x, .35*o.down), -6, 5)
	if s.inflation > 1 {
		inc /= float64(s.inflation)
	}
	sum := float64(s.fall) + inc
	if sum <= 0 {
		s.fall, s.fallSeen, s.fallMean = 0, 0, 0
		return 0
	}
	if s.fall == 0 {
		s.run[1] = 0
	}
	s.run[1] = min(s.run[1], 65534) + 1
	s.fall = float32(sum)
	s.fallSeen += float32(x)
	s.fallMean += float32(o.down)
	if s.fallSeen > .6*s.fallMean {
		return 0
	}
	return float64(s.fall) - 1
}

// daySoFar scores what was seen since local midnight.
func (e *Engine) daySoFar(s *series, g *group, o *outlook, x float64) float64 {
	s.day += float32(x)
	s.dayMean += float32(o.up)
	s.daySquares += float32(square(o.up))
	s.share += float32(o.share)
	if x == 0 || s.day <= s.dayMean || e.perDay < 2 {
		return 0
	}
	d := e.dayModel(s, g, o)
	if !e.config.Every && square(float64(s.day)-d.mean) < 4*d.variance() {
		return 0
	}
	return d.tail(float64(s.day)) - 1
}

func (e *Engine) dayModel(s *series, g *group, o *outlook) negbin {
	mean := max(float64(s.dayMean), minMean)
	return negbin{mean, s.dayDispersion(g) + float64(o.psi*float64(s.daySquares))/square(mean)}
}

// burst scores the five minutes that end.
func (e *Engine) burst(k key, m Metric, s *series, x float64) {
	limit := e.limits[k.kind][m].Burst
	if x < burstFrom || limit == 0 {
		return
	}
	g := e.groups[k.kind][m][s.class]
	if float64(e.window-g.born) < warmUp*e.perDay {
		return
	}
	o := e.outlook(s, g, e.local)
	// A peak that is expected may come in five minutes; without it, a share of the window.
	mean := float64(o.up*float64(fiveMinutes)/float64(e.step)) + o.peak
	d := negbin{mean, o.psi + burstPhi}
	if x <= mean || x-mean < e.limits[k.kind][m].Least {
		return
	}
	if score := d.tail(x); score >= limit {
		sc := e.score(k, m, s, g, &o, Burst)
		sc.Score, sc.Threshold, sc.Seen, sc.Expected, sc.Bound = score, limit, x, mean, d.bound()
		sc.From, sc.Until = e.next-fiveMinutes, e.next
		sc.Alert, sc.Provisional = true, o.age < warmUp
	}
}

const (
	burstFrom = 20 // counts in five minutes
	burstPhi  = 1. // their overdispersion within the hour: people and queues come in clusters
)

// hand gives the scores of what was closed to whom they are for.
func (e *Engine) hand() {
	if len(e.scores) == 0 {
		return
	}
	slices.SortStableFunc(e.scores, func(a, b Score) int {
		if a.Kind != b.Kind {
			return int(a.Kind) - int(b.Kind)
		}
		if c := strings.Compare(a.Entity, b.Entity); c != 0 {
			return c
		}
		return int(a.Metric) - int(b.Metric)
	})
	for i := range e.scores {
		e.raise(&e.scores[i])
	}
	e.scores = e.scores[:0]
}

// reference is the long-run level.
func (s *series) reference() float64 { return float64(s.refA) / max(float64(s.refB), 1e-9) }

// drifted adds a day to the evidence that the level has crept up to some times of
// what it was in the long run. What an attacker teaches slowly enough for all else
// shows here.
func (e *Engine) drifted(s *series, g *group, o *outlook) float64 {
	seen, share := float64(s.day), float64(s.share)
	if o.age < dispersionFrom || g.activity < holiday {
		return 0
	}
	score := 0.
	if o.age >= seasonedFrom && s.refB > 0 {
		mean := max(float64(s.reference()*share), minMean)
		d := negbin{mean, s.dayDispersion(g) + 1/(float64(s.refA)+.5)}
		inc := clamp(d.evidence(seen, driftTimes*mean), -driftStep, driftStep)
		s.drift = float32(max(0, float64(s.drift)+inc))
		if o.level > driftLeast*s.reference() {
			score = float64(s.drift)
		}
	}
	if float64(s.away) < minAbsent*e.perDay {
		s.refA = float32(float64(e.decay.reference*float64(s.refA)) + seen)
		s.refB = float32(float64(e.decay.reference*float64(s.refB)) + share)
	}
	return score
}

const (
	driftTimes = 1.7
	driftStep  = 3.
	driftLeast = 1.2 // times the long run that the level must have come to
)
