package baseline

// series is what is known about one metric of one entity. There may be a million:
// float32 throughout, no pointers, the shape apart.
type series struct {
	a, b       float32 // sums of counts and of what was expected at level 1
	num, den   float32 // overdispersion of a window: excess variance over squared mean
	dnum, dden float32 // the same of a day
	norm       float32 // mean of the raw shape over the week
	inflation  float32 // variance of a day over what independent windows would have

	day, dayMean, daySquares float32 // so far: seen, expected, sum of squared expectations

	rise, riseSeen, riseMean float32 // the sum upwards, what was seen and expected since it left zero
	fall, fallSeen, fallMean float32
	silent                   float32 // expected since the last count

	share      float32 // of today: expected at level 1
	refA, refB float32 // the long-run level, as a and b, by day
	drift      float32 // the sum over days

	born  uint32    // window
	shape uint32    // its place in the slab of shapes; 0 is none
	hold  uint16    // windows that learning still pauses
	run   [2]uint16 // windows since the sums, up and down, left zero
	held  uint16    // windows that it has paused in a row
	away  uint16    // windows since the last count
	class uint8
	flags uint8

	weekday [7]half // what each day of the week is, against what the shape says
	peaks   [4]peak
}

const (
	alarmed uint8 = 1 << iota // something of today was an alert: the day teaches no dispersion
)

// age is in days.
func (s *series) age(e *Engine) float64 { return float64(e.window-int64(s.born)) / e.perDay }

// level is the expected count of a window, over the week.
func (s *series) level(g *group, age float64) float64 {
	a0 := .5
	if age >= 14 {
		a0 = .1
	}
	return (float64(s.a) + a0) / (float64(s.b) + a0/g.level)
}

// levelVariance is relative.
func (s *series) levelVariance(age float64) float64 {
	if age >= 14 {
		return 1 / (float64(s.a) + .1)
	}
	return 1 / (float64(s.a) + .5)
}

// dispersion is phi: what the variance has beyond a Poisson distribution's, over the
// squared mean.
func (s *series) dispersion(g *group) float64 {
	return max(minPsi, (float64(s.num)+float64(dispersionPrior*g.phi))/(float64(s.den)+dispersionPrior))
}

func (s *series) dayDispersion(g *group) float64 {
	return max(minPsi, (float64(s.dnum)+float64(dayPrior*g.dayPhi))/(float64(s.dden)+dayPrior))
}
