package gauge

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A series of 4,000 points: a daily wave of 288 with noise, into which something
// happens at 3,000.
func series(seed uint64, change func(i int, x float64, r *rand.Rand) float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 9))
	out := make([]float64, 4000)
	for i := range out {
		x := 50 + 10*math.Sin(2*math.Pi*float64(i)/288) + 2*r.NormFloat64()
		if i >= 3000 {
			x = change(i-3000, x, r)
		}
		out[i] = x
	}
	return out
}

var changes = map[string]func(i int, x float64, r *rand.Rand) float64{
	"step":  func(_ int, x float64, _ *rand.Rand) float64 { return x + 30 },
	"drift": func(i int, x float64, _ *rand.Rand) float64 { return x + .1*float64(i) },
	"spike": func(i int, x float64, _ *rand.Rand) float64 {
		if i < 3 {
			return x + 45
		}
		return x
	},
	"frequency": func(i int, x float64, r *rand.Rand) float64 {
		return 50 + 10*math.Sin(2*math.Pi*float64(i)/40) + 2*r.NormFloat64()
	},
	"amplitude": func(_ int, x float64, _ *rand.Rand) float64 { return 50 + 3*(x-50) },
	"noise":     func(_ int, x float64, r *rand.Rand) float64 { return x + 10*r.NormFloat64() },
	"flat":      func(int, float64, *rand.Rand) float64 { return 50 },
	"dropout": func(i int, x float64, _ *rand.Rand) float64 {
		if i < 40 {
			return 0
		}
		return x
	},
}

// Each change is found within 400 points in most of ten series, and there is next to no alert before it.
func TestChanges(t *testing.T) {
	early := 0
	for name, change := range changes {
		found := 0
		for seed := range uint64(10) {
			e := New()
			hit := false
			for i, x := range series(seed, change) {
				if p := e.Observe(x); p.Alert {
					if i < 3000 {
						early++
					} else if i < 3400 {
						hit = true
					}
				}
			}
			if hit {
				found++
			}
		}
		t.Logf("%-10s %d of 10", name, found)
		if found < 8 {
			t.Errorf("%s: found in %d of 10", name, found)
		}
	}
	per := float64(early) / float64(10*len(changes)*3000) * 1000
	t.Logf("%.2f alerts per 1,000 points before", per)
	if per > 1 {
		t.Errorf("%.2f alerts per 1,000 points before", per)
	}
}

// Scale and offset do not matter, and what is no number does no harm.
func TestScale(t *testing.T) {
	a, b := New(), New()
	for i, x := range series(3, changes["step"]) {
		p, q := a.Observe(x), b.Observe(1024*x)
		if math.Abs(p.Score-q.Score) > 1e-6 || p.Alert != q.Alert {
			t.Fatalf("point %d: %v and %v", i, p, q)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), 1e308, -1e308, 5e-324, 0} {
		if p := a.Observe(x); math.IsNaN(p.Score) || math.IsNaN(p.Bound) || math.IsInf(p.Score, 0) {
			t.Errorf("%v: %+v", x, p)
		}
	}
}

func TestConstant(t *testing.T) {
	e := New()
	for i := range 1000 {
		if p := e.Observe(7); p.Alert || p.Expected != 7 {
			t.Fatalf("point %d: %+v", i, p)
		}
	}
	if p := e.Observe(8); p.Score < 2 {
		t.Errorf("after a thousand sevens an eight scores %.1f", p.Score)
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	r := rand.New(rand.NewPCG(4, 4))
	for range 5000 {
		h.add(math.Abs(r.NormFloat64()))
	}
	for _, x := range []float64{.5, 1, 2, 3} {
		want := -math.Log(math.Erfc(x / math.Sqrt2))
		if got := h.surprise(x); math.Abs(got-want) > .6 {
			t.Errorf("surprise(%v) = %.2f, want %.2f", x, got, want)
		}
	}
	if s, far := h.surprise(6), h.surprise(60); s < 6.5 || far < s+3 {
		t.Errorf("far out: %.1f and %.1f", s, far)
	}
}

func BenchmarkObserve(b *testing.B) {
	e := New()
	list := series(1, changes["drift"])
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Observe(list[i%len(list)])
	}
}
