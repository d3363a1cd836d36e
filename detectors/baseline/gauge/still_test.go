package gauge

import (
	"math"
	"math/rand/v2"
	"testing"
)

// quiet series of which each is still in its own way, or never so.
func TestStill(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for name, f := range map[string]func(i int) float64{
		"noise":           func(int) float64 { return r.NormFloat64() },
		"one value":       func(int) float64 { return 7 },
		"nights of zeros": func(i int) float64 { return math.Max(0, math.Round(20*math.Sin(float64(i)/45)+r.NormFloat64())) },
		"steps":           func(i int) float64 { return float64(i / 200 % 5) },
		"counts":          func(int) float64 { return float64(r.IntN(3)) },
	} {
		var s still
		most := 0.
		for i := range 4000 {
			if v := s.observe(f(i)); i > warmUp {
				most = math.Max(most, v)
			}
		}
		if most >= Threshold {
			t.Errorf("%s: %.1f", name, most)
		}
		if name == "one value" || name == "steps" {
			continue
		}
		at := -1
		for i := range 400 {
			if s.observe(.25) >= Threshold {
				at = i
				break
			}
		}
		if at < 0 || name == "noise" && at > 20 {
			t.Errorf("%s: stands still, and is found after %d", name, at)
		}
	}
}

// A walk that comes back is no drift; one that goes on where it never was is.
func TestReach(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var s reach
	x, alerts, high := 0., 0, false
	for i := range 20000 {
		x += -.01*x + r.NormFloat64()
		v := s.observe(x)
		if now := v >= Threshold; i > warmUp {
			if now && !high {
				alerts++
			}
			high = now
		}
	}
	if alerts > 4 {
		t.Errorf("%d alerts of a walk that comes back", alerts)
	}
	for i := range 3000 {
		x += -.01*(x-.05*float64(i)) + r.NormFloat64()
		if s.observe(x) >= Threshold {
			return
		}
	}
	t.Errorf("drifted to %.0f, and was not found", x)
}
