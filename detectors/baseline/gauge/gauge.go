// Package gauge scores a single series of real numbers, such as a temperature, a
// latency or a rate, whose shape nothing is known of: how unlike all that was there
// before is what it does now.
//
// It remembers what it has seen in a few memories of fixed size, each on a time scale
// of its own. A memory looks at running means now and some time ago, scaled by the
// usual deviation, and keeps 64 prototypes of such states. The distance to the nearest
// one is ranked among the distances so far. The memories' mean
// surprise, of a point and of late, is ranked in turn among what it has been.
//
// Three things do not look strange point by point, and are looked for beside that: a
// series that stands still, one that slowly leaves all that it ever was in, and one
// that is not what it is at this time of its day. The score is that of the most
// surprising. Nothing is fitted to any benchmark; the tests make their own series.
package gauge

import "math"

// Engine scores one series. The zero Engine is not of use.
type Engine struct {
	memories [len(scales)]memory
	n        int
	near     float64 // running mean, for what is expected
	level    float64
	spread   float64 // running deviation from near
	errors   histogram
	lasting  float64 // running mean of the memories' surprise
	sudden   histogram
	drawn    histogram // of lasting: a change that no single point shows
	surprise float64
	still    still
	reach    reach
	season   season
	recent   float64
}

// scales are the memories: weights of the running mean, and how many points lie
// between the two that are looked at.
var scales = [...]struct {
	weight float64
	lag    int
}{{1, 1}, {.5, 4}, {.2, 10}, {.07, 30}, {.025, 80}}

// Point is what the engine says of a value.
type Point struct {
	Expected float64
	Bound    float64 // 99.9 % of the values so far were not as far above what was expected
	Score    float64 // nats of surprise
	Alert    bool
}

// rare is what the time of day has to be stranger for than the rest.
const rare = 2

// Threshold is the score from which on a Point is an alert. After one, the next
// comes only when the surprise has gone.
const Threshold = 6

// warmUp is the number of values that nothing is said about.
const warmUp = 400

// settle is how many values the memories fill with before their surprise is ranked.
const settle = 60

// New returns an Engine that knows nothing.
func New() *Engine {
	e := &Engine{season: newSeason()}
	for i := range e.memories {
		e.memories[i].init(scales[i].weight, scales[i].lag)
	}
	return e
}

// Observe takes in the next value.
func (e *Engine) Observe(x float64) Point {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Point{Expected: e.near, Bound: e.near}
	}
	x = math.Max(-1e150, math.Min(1e150, x))
	if e.n == 0 {
		e.near, e.level = x, x
	}
	p := Point{Expected: e.near}
	off := math.Abs(x - e.near)
	unit := e.spread + 1e-12*math.Abs(e.near) + 1e-300
	p.Bound = e.near + unit*e.errors.quantile(.001)
	sum := 0.
	for i := range e.memories {
		sum += e.memories[i].observe(x)
	}
	sum = (sum + e.errors.surprise(off/unit)) / float64(len(e.memories)+1)
	e.errors.add(off / unit)
	e.n++
	rate := math.Max(.01, 1/float64(e.n))
	e.spread += rate * (math.Min(off, 6*unit+off*rate) - e.spread)
	e.near += .3 * (x - e.near)
	if e.n > settle {
		e.lasting += .06 * (sum - e.lasting)
		now, later := e.sudden.surprise(sum), e.drawn.surprise(e.lasting)
		e.sudden.learn(sum, now)
		e.drawn.learn(e.lasting, later)
		e.surprise = math.Max(0, math.Max(now, later)-math.Ln2) // two were asked
	}
	still, reach, season := e.still.observe(x), e.reach.observe(x), e.season.observe(x)
	if e.n <= warmUp {
		return p
	}
	p.Score = math.Max(math.Max(e.surprise, season-rare), math.Max(still, reach))
	p.Alert = p.Score >= Threshold && e.recent < Threshold
	e.recent = math.Max(p.Score, .99*e.recent)
	return p
}
