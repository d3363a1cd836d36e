package workload

// plan of the attacks: what, how many, and whom it can happen to.
type kindOf struct {
	what  string
	n     int
	host  bool
	fits  func(s *Series, m *maker) bool
	plant func(g *generator, i int, m *maker) (from, to int)
}

func anyone(*Series, *maker) bool { return true }

// regular accounts keep office hours.
func regular(_ *Series, m *maker) bool {
	return m.habit.name == "office" || m.habit.name == "part-time"
}

func busy(daily float64) func(*Series, *maker) bool {
	return func(_ *Series, m *maker) bool { return m.rate*24 >= daily }
}

var attacks = []kindOf{
	{"burst", 35, false, anyone, burst},
	{"small burst", 25, false, func(_ *Series, m *maker) bool { return m.rate*24 < 3 }, smallBurst},
	{"night", 30, false, regular, atNight},
	{"drip", 30, false, func(_ *Series, m *maker) bool { return m.rate*24 < 10 }, drip},
	{"raised", 25, false, busy(5), raised},
	{"weekend", 15, false, func(s *Series, m *maker) bool { return regular(s, m) && m.rate*24 >= 8 }, weekend},
	{"first days", 15, false, func(s *Series, _ *maker) bool { return s.Born >= FirstDay*24 && s.Born < 58*24 }, firstDays},
	{"host doubles to quadruples", 20, true, anyone, doubles},
	{"host burst", 10, true, anyone, hostBurst},
	{"host at night", 10, true, func(_ *Series, m *maker) bool { return m.habit.name != "application" }, hostNight},
	{"host gone quiet", 10, true, func(_ *Series, m *maker) bool { return m.rate >= 6 }, quiet},
}

// attack plants all, each at an entity of its own.
func (g *generator) attack() {
	for _, k := range attacks {
		for range k.n {
			i := g.victim(k)
			from, to := k.plant(g, i, &g.made[i])
			g.Attacks = append(g.Attacks, Span{i, k.what, from, to})
		}
	}
}

// victim finds an entity that nothing was done to.
func (g *generator) victim(k kindOf) int {
	for {
		i := g.rng.IntN(Accounts)
		if k.host {
			i = Accounts + g.rng.IntN(Hosts)
		}
		s := &g.Series[i]
		if g.taken[i] || k.what != "first days" && s.Born > 14*24 || !k.fits(s, &g.made[i]) {
			continue
		}
		g.taken[i] = true
		return i
	}
}

// start is a local hour of a day on which the entity is there: not on vacation,
// and on a workday if work asks for it.
func (g *generator) start(m *maker, hour int, work bool) int {
	for try := 0; ; try++ {
		d := FirstDay + g.rng.IntN(Days-FirstDay-6)
		h := g.at(d, hour)
		noon := g.at(d, 12)
		switch {
		case work && (weekday(g.local[noon]) > 4 || g.off[d] < 1):
		case try < 200 && m.mean[noon] == 0 && m.habit.day[weekday(g.local[noon])] > 0: // away
		default:
			return h
		}
	}
}

// more adds messages with the mean a to hour h.
func (g *generator) more(i, h int, a float64) {
	g.Series[i].Count[h] += poisson(g.rng, a)
}

// peak is the mean of the entity's busiest hour.
func (m *maker) peak() float64 {
	top := 0.
	for _, w := range m.week {
		top = max(top, w)
	}
	return top * m.rate
}

// burst is spam sent through an account in one to three hours.
func burst(g *generator, i int, m *maker) (int, int) {
	from, n := g.start(m, g.rng.IntN(24), false), 1+g.rng.IntN(3)
	total := max(30, 8*m.peak()) * between(g.rng, 1, 4)
	for h := range n {
		g.more(i, from+h, total/float64(n))
	}
	return from, from + n
}

// smallBurst is a dozen or two from one that hardly writes.
func smallBurst(g *generator, i int, m *maker) (int, int) {
	from := g.start(m, g.rng.IntN(24), false)
	g.more(i, from, between(g.rng, 12, 30))
	return from, from + 1
}

// atNight is some messages an hour while the owner sleeps.
func atNight(g *generator, i int, m *maker) (int, int) {
	from, n, rate := g.start(m, 23, false), 4+g.rng.IntN(4), between(g.rng, 2, 8)
	for h := range n {
		g.more(i, from+h, rate)
	}
	return from, from + n
}

// drip is one to three messages an hour, day and night.
func drip(g *generator, i int, m *maker) (int, int) {
	from, n, rate := g.start(m, g.rng.IntN(24), false), 24+g.rng.IntN(49), between(g.rng, 1, 3)
	for h := range n {
		g.more(i, from+h, rate)
	}
	return from, from + n
}

// raised is three to six times as much in the usual hours, for two to five days.
func raised(g *generator, i int, m *maker) (int, int) {
	from, n := g.start(m, 7, true), 24*(2+g.rng.IntN(4))
	return g.times(i, m, from, from+n, between(g.rng, 3, 6))
}

// weekend is a workday on a Saturday.
func weekend(g *generator, i int, m *maker) (int, int) {
	from := g.start(m, 9, false)
	for weekday(g.local[from]) != 5 {
		from += 24
	}
	f := between(g.rng, 1, 2)
	for h := range 9 {
		g.more(i, from+h, m.rate*f*m.week[24+g.local[from+h].Hour()])
	}
	return from, from + 9
}

// firstDays is an account that was made to be misused.
func firstDays(g *generator, i int, m *maker) (int, int) {
	from, n := g.Series[i].Born+12+g.rng.IntN(100), 1+g.rng.IntN(2)
	total := between(g.rng, 40, 200)
	for h := range n {
		g.more(i, from+h, total/float64(n))
	}
	return from, from + n
}

// doubles is what the design's prototype was weak at.
func doubles(g *generator, i int, m *maker) (int, int) {
	from, n := g.start(m, g.rng.IntN(24), true), 24+g.rng.IntN(49)
	return g.times(i, m, from, from+n, between(g.rng, 2, 4))
}

func hostBurst(g *generator, i int, m *maker) (int, int) {
	from, n := g.start(m, g.rng.IntN(24), false), 1+g.rng.IntN(2)
	each := max(60, between(g.rng, 4, 9)*m.peak())
	for h := range n {
		g.more(i, from+h, each)
	}
	return from, from + n
}

func hostNight(g *generator, i int, m *maker) (int, int) {
	from, n, rate := g.start(m, 23, false), 4+g.rng.IntN(3), m.peak()*between(g.rng, .8, 1.5)
	for h := range n {
		g.more(i, from+h, rate)
	}
	return from, from + n
}

// quiet is a host that sends next to nothing from the morning on.
func quiet(g *generator, i int, m *maker) (int, int) {
	from, n := g.start(m, 8, true), 8+g.rng.IntN(17)
	return g.times(i, m, from, from+n, between(g.rng, 0, .1))
}

// times makes the hours f times what they were, with chance of its own for what
// comes in addition.
func (g *generator) times(i int, m *maker, from, to int, f float64) (int, int) {
	to = min(to, Hours)
	for h := from; h < to; h++ {
		if f < 1 {
			g.Series[i].Count[h] = poisson(g.rng, f*float64(g.Series[i].Count[h]))
			continue
		}
		g.more(i, h, (f-1)*m.mean[h]*gamma(g.rng, m.phi))
	}
	return from, to
}

// poison lets some entities that write enough to matter grow day by day.
func (g *generator) poison(rate float64) {
	grow := func(k kindOf, n int) {
		for range n {
			i := g.victim(k)
			m, f := &g.made[i], 1.
			for h := FirstDay * 24; h < Hours; h++ {
				if (h-FirstDay*24)%24 == 0 {
					f *= 1 + rate
				}
				g.times(i, m, h, h+1, f)
			}
			g.Attacks = append(g.Attacks, Span{i, "poisoned", FirstDay * 24, Hours})
		}
	}
	grow(kindOf{what: "poisoned", fits: busy(5)}, PoisonedAccounts)
	grow(kindOf{what: "poisoned", host: true, fits: anyone}, PoisonedHosts)
}
