package gauge

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// made is a series with the windows in which something happens.
type made struct {
	values  []float64
	windows [][2]int
}

// change sets values from at on, n of them.
func (m *made) change(at, n int, f func(i int, x float64) float64) {
	for i := range n {
		m.values[at+i] = f(i, m.values[at+i])
	}
	m.windows = append(m.windows, [2]int{at, at + n})
}

const (
	fiveMinutes = 288 // points a day
	halfHours   = 48
	hours       = 24
)

// kinds are series as machines, sites and markets make them, each with what may
// happen to it. None is taken from anywhere.
var kinds = map[string]func(r *rand.Rand) made{
	"plateau every day": func(r *rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		for i := range m.values {
			x := 20 + 2*r.NormFloat64()
			if h := i % fiveMinutes; h > 110 && h < 220 {
				x += 60
			}
			m.values[i] = x
		}
		at := 10*fiveMinutes + 100
		switch r.IntN(4) {
		case 0: // the plateau does not come
			m.change(at, 130, func(int, float64) float64 { return 20 + 2*r.NormFloat64() })
		case 1: // it is another one
			m.change(at+20, 100, func(_ int, x float64) float64 { return x + 40 })
		case 2: // noise goes
			m.change(at, 200, func(int, float64) float64 { return 20 })
		case 3:
			m.change(at, 120, func(_ int, x float64) float64 { return x / 4 })
		}
		return m
	},
	"wave and noise": func(r *rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		for i := range m.values {
			m.values[i] = 50 + 15*math.Sin(2*math.Pi*float64(i)/fiveMinutes) + 2.5*r.NormFloat64()
		}
		at := 2600 + r.IntN(500)
		switch r.IntN(4) {
		case 0:
			m.change(at, 300, func(_ int, x float64) float64 { return x + 30 })
		case 1: // the sensor hangs
			stuck := m.values[at]
			m.change(at, 300, func(int, float64) float64 { return stuck })
		case 2:
			m.change(at, 300, func(i int, x float64) float64 { return x + .15*float64(i) })
		case 3:
			m.change(at, 6, func(_ int, x float64) float64 { return x + 50 })
		}
		return m
	},
	"temperature": func(r *rand.Rand) made {
		m := made{values: make([]float64, 12000)}
		level, wander := 85., 0.
		for i := range m.values {
			wander += .004*(0-wander) + .25*r.NormFloat64()
			m.values[i] = level + wander + math.Sin(2*math.Pi*float64(i)/fiveMinutes) + .4*r.NormFloat64()
		}
		m.change(5000+r.IntN(1000), 500, func(i int, x float64) float64 { return x - .08*float64(i) })
		m.change(9000+r.IntN(1000), 300, func(i int, x float64) float64 { return x - 45*math.Min(1, float64(i)/30) })
		return m
	},
	"processor with bursts": func(r *rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		left := 0
		for i := range m.values {
			if left == 0 && r.IntN(40) == 0 {
				left = 1 + r.IntN(4)
			}
			x := 2.5 + .2*r.NormFloat64()
			if left > 0 {
				left--
				x += 8 + 6*r.Float64()
			}
			m.values[i] = x
		}
		if r.IntN(2) == 0 {
			m.change(2700+r.IntN(300), 250, func(_ int, x float64) float64 { return x + 35 })
		} else {
			m.change(2700+r.IntN(300), 250, func(_ int, x float64) float64 { return x + 10*math.Floor(2*r.Float64()) })
		}
		return m
	},
	"market by the hour": func(r *rand.Rand) made {
		m := made{values: make([]float64, 1620)}
		for i := range m.values {
			day := 1 + .5*math.Sin(2*math.Pi*float64(i)/hours)
			week := 1.
			if i/hours%7 >= 5 {
				week = .8
			}
			m.values[i] = day * week * math.Exp(.18*r.NormFloat64())
		}
		m.change(900+r.IntN(100), 5, func(_ int, x float64) float64 { return 3.5 * x })
		m.change(1300+r.IntN(100), 20, func(_ int, x float64) float64 { return .15 * x })
		return m
	},
	"riders by the half hour": func(r *rand.Rand) made {
		m := made{values: make([]float64, 8000)}
		for i := range m.values {
			d := float64(i%halfHours) / halfHours
			x := 9 + 7*math.Sin(2*math.Pi*(d-.35)) + 2*math.Sin(4*math.Pi*d)
			if i/halfHours%7 >= 5 {
				x *= .85
			}
			m.values[i] = 1000 * math.Max(.2, x) * (1 + .05*r.NormFloat64())
		}
		for _, at := range []int{3000, 5000, 7000} {
			f := .25
			if at == 5000 {
				f = 1.8
			}
			m.change(at+r.IntN(300), halfHours, func(_ int, x float64) float64 { return f * x })
		}
		return m
	},
	"mentions": func(r *rand.Rand) made {
		m := made{values: make([]float64, 12000)}
		burst := 0.
		for i := range m.values {
			if r.IntN(600) == 0 {
				burst = 20 + 60*r.Float64()
			}
			burst *= .8
			mean := 15*(1.2+math.Sin(2*math.Pi*float64(i)/fiveMinutes)) + burst
			mean *= math.Exp(.3 * r.NormFloat64())
			m.values[i] = math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
		}
		for _, at := range []int{5000, 8000, 10500} {
			m.change(at+r.IntN(800), 60, func(i int, x float64) float64 { return x + math.Round(500*math.Exp(-float64(i)/15)) })
		}
		return m
	},
	"network": func(r *rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		for i := range m.values {
			x := 40 * math.Exp(.2*r.NormFloat64())
			if i%fiveMinutes < 8 { // a backup
				x += 4e4 * math.Exp(.1*r.NormFloat64())
			}
			m.values[i] = x
		}
		if r.IntN(2) == 0 {
			m.change(2600+r.IntN(800), 150, func(_ int, x float64) float64 { return x + 2e4 })
		} else {
			m.change(2600+r.IntN(800), 200, func(int, float64) float64 { return 0 })
		}
		return m
	},
	"nothing: noise": func(r *rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		for i := range m.values {
			m.values[i] = 10 + r.NormFloat64()
		}
		return m
	},
	"nothing: wave": func(r *rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		for i := range m.values {
			m.values[i] = 80*math.Floor(float64(i%fiveMinutes)/200) + r.Float64()
		}
		return m
	},
	"nothing: one value": func(*rand.Rand) made {
		m := made{values: make([]float64, 4032)}
		for i := range m.values {
			m.values[i] = 45
		}
		return m
	},
}

// points scores alerts as the Numenta benchmark does, standard profile (Lavin, Ahmad
// 2015): what comes first in a window is worth most at its beginning; a window without
// any costs 1, each alert outside of all .11. The beginning of a series is not scored.
// In a tenth of the series, divided among its windows, anything may be found.
func points(m *made, alerts []int) (sum float64, windows int) {
	sigmoid := func(y float64) float64 { return 2/(1+math.Exp(5*y)) - 1 }
	n := len(m.values)
	begin := min(n*15/100, 750)
	wide := make([][2]int, len(m.windows))
	for i, w := range m.windows {
		half := n / 10 / len(m.windows) / 2
		centre := w[0]
		wide[i] = [2]int{max(0, centre-half), min(n, max(centre+half, 0))}
	}
	found := make([]bool, len(wide))
	for _, at := range alerts {
		if at < begin {
			continue
		}
		in, before := -1, -1
		for i, w := range wide {
			if at >= w[0] && at < w[1] {
				in = i
			}
			if at >= w[1] {
				before = i
			}
		}
		switch {
		case in >= 0 && !found[in]:
			found[in] = true
			w := wide[in]
			sum += sigmoid(-float64(w[1]-at)/float64(w[1]-w[0])) / sigmoid(-1)
		case in < 0 && before >= 0:
			w := wide[before]
			sum += .11 * sigmoid(math.Min(3, float64(at-w[1])/float64(w[1]-w[0])))
		case in < 0:
			sum -= .11
		}
	}
	for _, f := range found {
		if !f {
			sum--
		}
	}
	return sum, len(wide)
}

// Other seeds than those the threshold was chosen on, where the score was 72.
var heldBack = []uint64{101, 102, 103, 104}

func TestScore(t *testing.T) {
	total, all := 0., 0
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		sum, windows, n, seen := 0., 0, 0, 0
		for _, seed := range heldBack {
			m := kinds[name](rand.New(rand.NewPCG(seed, 77)))
			var alerts []int
			e := New()
			for i, x := range m.values {
				if e.Observe(x).Alert {
					alerts = append(alerts, i)
				}
			}
			s, w := points(&m, alerts)
			sum, windows, n, seen = sum+s, windows+w, n+len(alerts), seen+len(m.values)
		}
		total, all = total+sum, all+windows
		t.Logf("%-24s %5.1f of %2d windows, %d alerts in %d points", name, 100*share(sum, windows), windows, n, seen)
	}
	score := 100 * share(total, all)
	t.Logf("in all %.1f", score)
	if score < 65 {
		t.Errorf("%.1f of 100 points", score)
	}
}

// share is 1 for every window found at once and no alert beside, 0 for no alert at all.
func share(points float64, windows int) float64 {
	return (points + float64(windows)) / (2 * math.Max(1, float64(windows)))
}
