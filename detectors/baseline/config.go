package baseline

import "time"

// Config is what can be set. The zero Config is of use.
type Config struct {
	Location    *time.Location // whose weeks are learned; nil is UTC
	Interval    time.Duration  // of the basic window: an hour where 0; from 5 minutes to a day, and a day is a multiple of it
	MaxEntities int            // 100,000 where 0; the one that was silent longest is forgotten first
	MaxSeries   int            // metrics of all entities; six for each entity where 0; bounded the same way
	Thresholds  func(Kind, Metric) Thresholds
	Every       bool // hand out a Score for every series and closed window, whatever it is
}

// Thresholds are the scores, in nats, from which on a Score is an alert. By channel:
// they differ in how often they are asked and in how far their models can be
// trusted. 0 is never.
type Thresholds struct {
	Hour  float64 `yaml:"hour"`  // one window
	Rise  float64 `yaml:"rise"`  // a sum over windows, up
	Fall  float64 `yaml:"fall"`  // a sum over windows, down
	Day   float64 `yaml:"day"`   // since local midnight
	Drift float64 `yaml:"drift"` // a sum over days, up, against the long run
	Burst float64 `yaml:"burst"` // five minutes

	// Least is how many counts more, or less, than expected there have to be: what is
	// less adds up until it is as much.
	Least float64 `yaml:"least"`
}

// Defaults are the thresholds as shipped; docs/baselines.md has their measure.
func Defaults(k Kind, m Metric) Thresholds {
	t := Thresholds{Hour: 18, Rise: 10, Fall: 40, Day: 11, Drift: 6, Burst: 40}
	if !k.single() {
		t = Thresholds{Hour: 20, Rise: 6.5, Fall: 6, Day: 7, Drift: 7, Burst: 40}
	}
	if m.unit() > 1 {
		// A large attachment is no attack: sizes have a heavier tail than any count.
		for _, v := range []*float64{&t.Hour, &t.Rise, &t.Fall, &t.Day, &t.Drift, &t.Burst} {
			*v *= bytesFactor
		}
	}
	return t
}

// bytesFactor is what thresholds of bytes are higher by: see TestBytes.
const bytesFactor = 8

// What the engine remembers, and for how long. Half-lives are in days.
const (
	levelLife      = 10
	dispersionLife = 28
	referenceLife  = 120
	shapeLife      = 6 * 7 // in weeks of visits to a bin
	profileLife    = 4 * 7

	shapeFrom      = 3  // days, before that the level is not known well enough
	dispersionFrom = 7  // days
	seasonedFrom   = 14 // days: holidays and falls are judged from then on
	warmUp         = 7  // days in which everything is learned and scores are provisional

	shapePrior      = 1   // expected counts that a shape weighs its group's with
	dispersionPrior = 20. // squared means
	dayPrior        = 5.

	guardTimes = 1.5
	suspicious = 7.  // nats from which on a window is learned from in part only
	maxHeld    = 7   // days that learning stops at most
	absentMean = 12  // counts that should have come since the last, for an entity to be away
	minAbsent  = 2.5 // days: longer than a weekend
	maxAbsent  = 21  // days
)
