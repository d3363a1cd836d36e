package workload

import (
	"math"
	"math/rand/v2"
)

// between is uniform in [a,b).
func between(r *rand.Rand, a, b float64) float64 { return a + (b-a)*r.Float64() }

// lognormal has the median m and the deviation s of its logarithm.
func lognormal(r *rand.Rand, m, s float64) float64 { return m * math.Exp(s*r.NormFloat64()) }

// gamma has mean 1 and variance v. Marsaglia and Tsang, "A simple method for
// generating gamma variables", 2000.
func gamma(r *rand.Rand, v float64) float64 {
	if v <= 0 {
		return 1
	}
	k, boost := 1/v, 1.0
	if k < 1 {
		boost = math.Pow(1-r.Float64(), 1/k)
		k++
	}
	d := k - 1./3
	for {
		x := r.NormFloat64()
		c := 1 + x/math.Sqrt(9*d)
		if c <= 0 {
			continue
		}
		c = c * c * c
		if math.Log(1-r.Float64()) < x*x/2+d-d*c+d*math.Log(c) {
			return d * c * boost * v
		}
	}
}

// poisson has mean m. Above 30 it is a rounded normal: what the engine is asked
// about is far in the tails of the gamma that m comes from.
func poisson(r *rand.Rand, m float64) uint32 {
	if m > 30 {
		return uint32(max(0, math.Round(m+math.Sqrt(m)*r.NormFloat64())))
	}
	n, p, limit := uint32(0), r.Float64(), math.Exp(-m)
	for p > limit {
		p *= r.Float64()
		n++
	}
	return n
}

// pick takes one of the shares, which add up to 1.
func pick(r *rand.Rand, shares []float64) int {
	x := r.Float64()
	for i, s := range shares {
		if x -= s; x < 0 {
			return i
		}
	}
	return len(shares) - 1
}
