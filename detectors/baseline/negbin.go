package baseline

import "math"

// negbin is a negative binomial distribution of counts: a Poisson distribution
// whose mean is itself a gamma variable. Its variance is mean + psi*mean^2.
type negbin struct{ mean, psi float64 }

const (
	minMean = 1e-6
	minPsi  = 1e-6
)

// size is the shape of the gamma, and p the chance that each further count is
// multiplied with in the far tail.
func (d negbin) size() (r, p, q float64) {
	m := max(d.mean, minMean)
	r = 1 / max(d.psi, minPsi)
	return r, m / (m + r), r / (m + r)
}

func (d negbin) variance() float64 { return d.mean + float64(d.psi*square(d.mean)) }

// tail is -ln P(X >= x), in nats: exact, as the regularised incomplete beta function
// I_p(x, r) by its continued fraction.
func (d negbin) tail(x float64) float64 {
	if x <= 0 {
		return 0
	}
	r, p, q := d.size()
	if p < (x+1)/(x+r+2) {
		return -lnBeta(x, r, p, q)
	}
	below := lnBeta(r, x, q, p) // P(X < x), not small here
	if below > -1e-12 {
		return -lnBeta(x, r, p, q)
	}
	return -ln(max(1e-300, 1-exp(below)))
}

// lnBeta is ln I_p(a, b), q being 1-p: Lentz's method on the continued fraction of
// Abramowitz and Stegun, 26.5.8.
func lnBeta(a, b, p, q float64) float64 {
	const tiny, enough = 1e-300, 1e-12
	front := float64(a*ln(p)) + float64(b*ln(q)) + lnGamma(a+b) - lnGamma(a) - lnGamma(b) - ln(a)
	c, d := 1., 1-float64((a+b)*p/(a+1))
	if math.Abs(d) < tiny {
		d = tiny
	}
	d = 1 / d
	f := d
	for i := 1; i < 2000; i++ {
		m := float64(i)
		for _, term := range [2]float64{
			m * (b - m) * p / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * p / ((a + 2*m) * (a + 2*m + 1)),
		} {
			d = 1 + float64(term*d)
			if math.Abs(d) < tiny {
				d = tiny
			}
			c = 1 + float64(term/c)
			if math.Abs(c) < tiny {
				c = tiny
			}
			d = 1 / d
			f = float64(f * float64(c*d))
		}
		if math.Abs(float64(c*d)-1) < enough {
			break
		}
	}
	return front + ln(max(tiny, f))
}

// bound is the largest count that is not beyond the 99.9 % bound: the smallest b
// with P(X > b) <= 0.001.
func (d negbin) bound() float64 {
	const nats = 6.907755278982137 // -ln 0.001
	low, high := -1., 1.
	for d.tail(high+1) < nats {
		low, high = high, 2*high+1
		if high > 1e12 {
			return high
		}
	}
	for high-low > 1 {
		mid := math.Floor((low + high) / 2)
		if d.tail(mid+1) < nats {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// evidence is the logarithm of how much more likely x is with the mean other than
// with d's own, in nats.
func (d negbin) evidence(x, other float64) float64 {
	r := 1 / max(d.psi, minPsi)
	m := max(d.mean, minMean)
	more := ln((r + other) / (r + m))
	return float64(x*(ln(other/m)-more)) - float64(r*more)
}
