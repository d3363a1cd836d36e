package baseline

import "math"

// The functions here stand for those of package math, whose results differ in the
// last bit between processors: some have instructions of their own for them, some
// fuse a product and a sum. A baseline has to be the same everywhere, so each
// product is rounded by a conversion before it is added to.

// ln is the natural logarithm of a positive, finite number.
func ln(x float64) float64 {
	frac, exp := math.Frexp(x)
	if frac < math.Sqrt2/2 {
		frac *= 2
		exp--
	}
	s := (frac - 1) / (frac + 1) // artanh series, |s| < .1716
	z := s * s
	sum := 0.
	for n := 21; n >= 3; n -= 2 {
		sum = float64(z * (1/float64(n) + sum))
	}
	// exp*ln2 in two parts: the first is exact.
	const hi, lo = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33
	e := float64(exp)
	return float64(e*hi) + (float64(e*lo) + float64(2*s*(1+sum)))
}

// exp2 is 2^x for x in [-60,0], which is what decays need.
func exp2(x float64) float64 {
	n := math.Floor(x)
	y := float64((x - n) * math.Ln2)
	sum := 1.
	for i := 18; i >= 1; i-- {
		sum = 1 + float64(sum*y/float64(i))
	}
	return math.Ldexp(sum, int(n))
}

// exp is e^x for x <= 0.
func exp(x float64) float64 { return exp2(max(-60, float64(x*math.Log2E))) }

// lnGamma is the logarithm of the gamma function of a positive number: Stirling's
// series above 10, the recurrence below.
func lnGamma(x float64) float64 {
	product := 1.
	for x < 10 {
		product *= x
		x++
	}
	const half = 0.91893853320467274178 // ln(2π)/2
	y := 1 / float64(x*x)
	series := float64(y*(-1./1680)) + 1./1260
	series = float64(y*series) - 1./360
	series = float64(y*series) + 1./12
	v := float64((x-.5)*ln(x)) - x + half + float64(series/x)
	if product != 1 {
		v -= ln(product)
	}
	return v
}

func clamp(x, low, high float64) float64 { return max(low, min(high, x)) }

func square(x float64) float64 { return float64(x * x) }
