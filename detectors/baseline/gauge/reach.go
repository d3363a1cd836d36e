package gauge

import "math"

// reach sees a series that leaves, however slowly, all that it ever was in: its running
// mean is beyond the range of running means of some time ago, and stays there.
type reach struct {
	n          int
	mean       float64
	low, high  float64 // of what is older than the blocks
	blocks     [lateBlocks][2]float64
	at, filled int
	beyond     int // points in a row
}

const (
	blockSize  = 50
	lateBlocks = 6
)

// observe returns how surprising the place is that the series has got to, in nats.
func (r *reach) observe(x float64) float64 {
	r.n++
	if r.n == 1 {
		r.mean, r.low, r.high = x, math.Inf(1), math.Inf(-1)
		r.blocks[0] = [2]float64{x, x}
	}
	r.mean += math.Max(.06, 1/float64(r.n)) * (x - r.mean)
	b := &r.blocks[r.at]
	b[0], b[1] = math.Min(b[0], r.mean), math.Max(b[1], r.mean)
	if r.n%blockSize == 0 {
		r.turn()
	}
	span := r.high - r.low
	if !(span > 0) {
		return 0
	}
	off := math.Max(r.mean-r.high, r.low-r.mean) / span
	if off < .1 {
		r.beyond = 0
		return 0
	}
	if r.beyond++; r.beyond < 10 {
		return 0
	}
	return math.Min(Threshold*off/(.25+150/float64(r.n)), 20)
}

// turn takes the oldest block into the range, which shrinks slowly to where the series
// is.
func (r *reach) turn() {
	r.at = (r.at + 1) % lateBlocks
	b := &r.blocks[r.at]
	if r.filled++; r.filled >= lateBlocks {
		const fade = .005
		middle := (r.high + r.low) / 2
		if r.high >= r.low {
			r.high += fade * (middle - r.high)
			r.low += fade * (middle - r.low)
		}
		r.low, r.high = math.Min(r.low, b[0]), math.Max(r.high, b[1])
	}
	*b = [2]float64{r.mean, r.mean}
}
