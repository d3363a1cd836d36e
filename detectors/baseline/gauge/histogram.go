package gauge

import "math"

// histogram ranks positive numbers: counts by eighths of a doubling, of which older
// ones weigh less. Beyond what it has seen it goes on as a power law, whose exponent
// is Hill's estimate from the uppermost twentieth.
type histogram struct {
	bins  [cells]float64
	total float64
}

const (
	cells  = 384 // 48 doublings
	fine   = 8
	lowest = -24 // exponent of the first
)

func cell(x float64) int {
	if !(x > 0) {
		return 0
	}
	return int(math.Max(0, math.Min(cells-1, (math.Log2(x)-lowest)*fine)))
}

func value(cell float64) float64 { return math.Exp2(cell/fine + lowest) }

// fade is what a count weighs after another has come: half after 3,500.
const fade = .9998

func (h *histogram) add(x float64) { h.weigh(x, 1) }

// learn adds what was as surprising as that. What is an alert is to be one again when it
// comes again: it counts for little.
func (h *histogram) learn(x, surprise float64) {
	weight := 1.
	if surprise >= Threshold {
		weight = guarded
	}
	h.weigh(x, weight)
}

// guarded is what an alert counts for.
const guarded = .1

func (h *histogram) weigh(x, weight float64) {
	for i := range h.bins {
		h.bins[i] *= fade
	}
	h.total = h.total*fade + weight
	h.bins[cell(x)] += weight
}

// surprise is -ln of the share of numbers as large as x.
func (h *histogram) surprise(x float64) float64 {
	if h.total < 20 {
		return 0
	}
	c := cell(x)
	above := h.bins[c] / 2
	for _, n := range h.bins[c+1:] {
		above += n
	}
	from, share, alpha := h.tail()
	if v := value(float64(c) + .5); v > from && above < share*h.total/4 {
		power := share * math.Pow(v/from, -alpha)
		above = math.Max(above, power*h.total)
	}
	return -math.Log(math.Min(1, (above+1e-9)/h.total))
}

// tail is where the uppermost twentieth begins, its share, and Hill's exponent.
func (h *histogram) tail() (from, share, alpha float64) {
	sum, i := 0., cells-1
	for ; i > 0 && sum+h.bins[i] < h.total/20; i-- {
		sum += h.bins[i]
	}
	from = value(float64(i) + 1)
	logs := 0.
	for j := i + 1; j < cells; j++ {
		logs += h.bins[j] * (float64(j) + .5 - float64(i) - 1) * math.Ln2 / fine
	}
	// Two counts of prior belief in an exponent of 3.
	return from, math.Max(sum, .5) / h.total, math.Min(30, (sum+2)/(logs+2./3))
}

// quantile is the number that a share of all is above.
func (h *histogram) quantile(share float64) float64 {
	sum := 0.
	for i := cells - 1; i > 0; i-- {
		if sum += h.bins[i]; sum > share*h.total {
			return value(float64(i) + 1)
		}
	}
	return 0
}
