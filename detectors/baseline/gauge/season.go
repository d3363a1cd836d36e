package gauge

import "math"

// periods are how many points a day may have: of an hour, half an hour, 15, 10, 5
// minutes and of one minute.
var periods = [...]int{24, 48, 96, 144, 288, 1440}

// season sees that a series is not what it is at this time of its day. Which of the
// periods is its day, if any, it finds out by how well each foretells it.
type season struct {
	days   [len(periods)]day
	n      int
	mean   float64
	spread float64 // from the mean
	off    histogram
}

// day is a profile of one period.
type day struct {
	profile []float64
	error   float64
	late    float64 // running mean of the last errors, signed
}

func newSeason() season {
	var s season
	for i, p := range periods {
		s.days[i].profile = make([]float64, p)
	}
	return s
}

// observe returns how surprising x is at its time of day, in nats.
func (s *season) observe(x float64) float64 {
	n := s.n
	s.n++
	rate := math.Max(.002, 1/float64(s.n))
	if n == 0 {
		s.mean = x
	}
	away := math.Abs(x - s.mean)
	s.spread += rate * (away - s.spread)
	s.mean += rate * (x - s.mean)
	best := -1
	for i := range s.days {
		d := &s.days[i]
		p := len(d.profile)
		v := &d.profile[n%p]
		if n < p {
			*v = x
			continue
		}
		miss := x - *v
		young := math.Max(.004, 1/float64(n-p+1))
		clip := math.Abs(miss)
		if n > 2*p {
			clip = math.Min(clip, 4*d.error+young*clip)
		}
		d.error += young * (clip - d.error)
		*v += math.Max(.25, 1/float64(n/p+1)) * math.Copysign(math.Min(math.Abs(miss), 5*d.error), miss)
		d.late += 1 / (1 + float64(p)/24) * (miss - d.late)
		if n >= 3*p && d.error < .5*s.spread && (best < 0 || d.error < .95*s.days[best].error) {
			best = i
		}
	}
	if best < 0 {
		return 0
	}
	d := &s.days[best]
	off := math.Abs(d.late) / (d.error + 1e-9*math.Abs(s.mean) + 1e-300)
	score := s.off.surprise(off)
	s.off.learn(off, score)
	return score
}
