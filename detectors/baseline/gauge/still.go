package gauge

import "math"

// still sees a series that stops moving: the same value again and again, far longer
// than it ever stayed at one before.
type still struct {
	last    float64
	n       int
	run     float64 // how often the last value came again
	longest float64 // of the runs before; older ones weigh less
	stays   float64 // share of values that are the one before
	step    float64 // usual size of a change
	moves   int
}

// observe returns how surprising it is that the series stands still, in nats.
func (s *still) observe(x float64) float64 {
	s.n++
	if s.n == 1 {
		s.last = x
		return 0
	}
	change := math.Abs(x - s.last)
	rate := math.Max(.002, 1/float64(s.n))
	s.last = x
	same := change <= .005*s.step
	s.step += rate * (math.Min(change, 4*s.step+rate*change) - s.step)
	if !same {
		s.longest = math.Max(.9995*s.longest, s.run)
		s.run = 0
		s.moves++
		s.stays -= rate * s.stays
		return 0
	}
	s.run++
	chance := math.Max(s.stays, rate) // before this run had its say
	if s.run < 4 {
		s.stays += rate * (1 - s.stays)
	}
	more := s.run - 2*s.longest
	if more < 8 || s.moves < 20 { // what hardly ever moved stands still as ever
		return 0
	}
	return math.Min(-more*math.Log(chance), 20)
}
