package workload

import "fmt"

// maker is what a series was drawn from, for attacks to be drawn from it too.
type maker struct {
	habit *habit
	rate  float64 // messages an hour, over the week
	week  [168]float64
	mean  []float64 // by hour, all but chance
	burst float64   // chance a day of a busy hour that means nothing
	phi   float64   // variance of an hour's factor
	day   float64   // variance of a day's factor
}

// account draws account i.
func (g *generator) account(i int) {
	r := g.rng
	b := &accountHabits[pick(r, accountShares)]
	daily := min(400, max(.2, lognormal(r, 8, 1.1)))
	if b.name == "rare" {
		daily = between(r, .05, .4)
	}
	m := maker{habit: b, rate: daily / 24, week: b.week(between(r, -1.5, 1.5)),
		phi: lognormal(r, .5, .6), day: sq(between(r, .2, .6))}
	born := 0
	if r.Float64() < .07 {
		born = int(between(r, 8*24, 60*24))
	}
	m.plan(g)
	what := func(w string, from, to int) {
		g.Benign = append(g.Benign, Span{len(g.Series), w, from, to})
	}
	if b.office && r.Float64() < .5 {
		from := int(between(r, 0, Days-5)) * 24
		to := min(Hours, from+int(between(r, 5, 15))*24)
		m.scale(from, to, 0)
		what("vacation", from, to)
	}
	switch x := r.Float64(); {
	case x < .05:
		m.grow(between(r, 1.5, 2.5))
		what("growth", 0, Hours)
	case x < .07:
		from := int(between(r, 10, 65)) * 24
		f := between(r, 2, 4)
		if r.Float64() < .5 {
			f = 1 / f
		}
		m.scale(from, Hours, f)
		what("role", from, min(Hours, from+7*24))
	}
	g.add(fmt.Sprintf("user%04d", i), false, born, m)
}

// host draws host i.
func (g *generator) host(i int) {
	r := g.rng
	b := &hostHabits[pick(r, hostShares)]
	medians := map[string]float64{"relay": 120, "application": 14, "scanner": 1.5, "gateway": 12}
	m := maker{habit: b, rate: min(900, max(.3, lognormal(r, medians[b.name], .9))), week: b.week(between(r, -1, 1)),
		phi: lognormal(r, .08, .7), day: sq(between(r, .05, .25))}
	if r.Float64() < .25 {
		m.burst = .15
	}
	born := 0
	if r.Float64() < .05 {
		born = int(between(r, 8*24, 60*24))
	}
	m.plan(g)
	if r.Float64() < .05 {
		m.grow(between(r, 1.5, 2.5))
		g.Benign = append(g.Benign, Span{len(g.Series), "growth", 0, Hours})
	}
	g.add(fmt.Sprintf("host%03d", i), true, born, m)
}

func sq(x float64) float64 { return x * x }

// plan lays out the means, with the holidays.
func (m *maker) plan(g *generator) {
	m.mean = make([]float64, Hours)
	for h, t := range g.local {
		m.mean[h] = m.rate * m.week[slot(t)]
		if m.habit.office {
			m.mean[h] *= g.off[g.day(h)]
		} else if g.off[g.day(h)] < 1 {
			m.mean[h] *= .5 + .5*g.off[g.day(h)]
		}
	}
}

func (m *maker) scale(from, to int, f float64) {
	for h := from; h < to; h++ {
		m.mean[h] *= f
	}
}

// grow makes the last hour f times what it was, and those before less.
func (m *maker) grow(f float64) {
	for h := range m.mean {
		m.mean[h] *= 1 + (f-1)*float64(h)/Hours
	}
}

// add draws the counts.
func (g *generator) add(name string, host bool, born int, m maker) {
	s := Series{Name: name, Host: host, Habit: m.habit.name, Born: born, Count: make([]uint32, Hours)}
	day, factor, burst := -1, 1., -1
	for h := range s.Count {
		if d := g.day(h); d != day {
			day, factor, burst = d, gamma(g.rng, m.day), -1
			if m.burst > 0 && g.rng.Float64() < m.burst {
				burst = h + g.rng.IntN(24)
			}
		}
		mean := m.mean[h] * factor * gamma(g.rng, m.phi)
		if h == burst {
			mean *= between(g.rng, 1.5, 4)
		}
		if h >= born {
			s.Count[h] = poisson(g.rng, mean)
		}
	}
	g.Series = append(g.Series, s)
	g.made = append(g.made, m)
}
