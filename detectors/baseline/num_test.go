package baseline

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mathext"
)

func TestLn(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 1.37 {
		if got, want := ln(x), math.Log(x); math.Abs(got-want) > 1e-14*max(1, math.Abs(want)) {
			t.Fatalf("ln(%g) = %.17g, want %.17g", x, got, want)
		}
	}
	for x := .5; x < 2; x += .001 {
		if got, want := ln(x), math.Log(x); math.Abs(got-want) > 2e-16 {
			t.Fatalf("ln(%g) = %.17g, want %.17g", x, got, want)
		}
	}
}

func TestExp2(t *testing.T) {
	for x := -59.9; x <= 0; x += .01 {
		if got, want := exp2(x), math.Exp2(x); math.Abs(got/want-1) > 1e-15 {
			t.Fatalf("exp2(%g) = %.17g, want %.17g", x, got, want)
		}
	}
}

func TestLnGamma(t *testing.T) {
	for x := 1e-6; x < 1e9; x *= 1.1 {
		want, _ := math.Lgamma(x)
		if got := lnGamma(x); math.Abs(got-want) > 1e-11*max(1, math.Abs(want)) {
			t.Fatalf("lnGamma(%g) = %.15g, want %.15g", x, got, want)
		}
	}
}

// The tail against gonum's incomplete beta function where that is no underflow, and
// against the plain sum where it is.
func TestTail(t *testing.T) {
	for _, mean := range []float64{.001, .1, 1, 7.5, 60, 900, 1e5} {
		for _, psi := range []float64{1e-5, .01, .12, 1, 14} {
			d := negbin{mean, psi}
			r, p, _ := d.size()
			for _, times := range []float64{.3, .9, 1.2, 2, 6, 40} {
				x := math.Ceil(mean*times + 1)
				want := mathext.RegIncBeta(x, r, p)
				got := d.tail(x)
				if want > 1e-200 && math.Abs(got+math.Log(want)) > 1e-6*max(1, got) {
					t.Errorf("mean %g, psi %g: tail(%g) = %g, want %g", mean, psi, x, got, -math.Log(want))
				}
			}
		}
	}
	d := negbin{.4, .5}
	if got, want := d.tail(400), -sum(d, 400); math.Abs(got-want) > 1e-9*want {
		t.Errorf("far out: %g, want %g", got, want)
	}
}

// sum is ln P(X >= x) term by term.
func sum(d negbin, x float64) float64 {
	r, p, q := d.size()
	total, term := 0., 1.
	for k := x; k < x+4000; k++ {
		total += term
		term *= p * (k + r) / (k + 1)
	}
	return lnGamma(x+r) - lnGamma(r) - lnGamma(x+1) + r*math.Log(q) + x*math.Log(p) + math.Log(total)
}

func TestBound(t *testing.T) {
	for _, mean := range []float64{.001, .4, 3, 55, 4000} {
		for _, psi := range []float64{.001, .3, 3} {
			d := negbin{mean, psi}
			b := d.bound()
			if in, out := d.tail(b), d.tail(b+1); b > 0 && in >= -math.Log(.001) || out < -math.Log(.001) {
				t.Errorf("mean %g, psi %g: bound %g has the tails %g and %g", mean, psi, b, in, out)
			}
		}
	}
}

func TestEvidence(t *testing.T) {
	d, e := negbin{3, .4}, negbin{6, .4}
	pmf := func(d negbin, x float64) float64 {
		r, p, q := d.size()
		return lnGamma(x+r) - lnGamma(r) - lnGamma(x+1) + r*math.Log(q) + x*math.Log(p)
	}
	for x := 0.; x < 50; x++ {
		if got, want := d.evidence(x, 6), pmf(e, x)-pmf(d, x); math.Abs(got-want) > 1e-9 {
			t.Errorf("evidence(%g) = %g, want %g", x, got, want)
		}
	}
}

func TestHalf(t *testing.T) {
	for h := half(0); h <= 0x7bff; h++ {
		if got := toHalf(h.value()); got != h {
			t.Fatalf("%#x is %g, which is %#x", h, h.value(), got)
		}
		if h > 0x400 {
			if got := toHalf(h.value() * (1 + 0x1p-13)); got != h {
				t.Fatalf("%g rounds to %#x, not %#x", h.value()*(1+0x1p-13), got, h)
			}
		}
	}
	if toHalf(1e9) != 0x7bff || toHalf(math.NaN()) != 0 || toHalf(-1) != 0 {
		t.Error("what has no half is not clipped")
	}
	if got := toHalf(math.Nextafter(4, 0)).value(); got != 4 {
		t.Errorf("carry: %g", got)
	}
}
