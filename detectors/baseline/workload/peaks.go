package workload

// peaks adds what looks like an attack and is none: newsletters that come again,
// and mail merges that do not.
func (g *generator) peaks() {
	g.newsletters(60, 7, 7)
	g.newsletters(12, 14, 7)
	g.newsletters(8, 28, 14)
	for range 40 {
		h := int(between(g.rng, 0, Hours))
		i := g.rng.IntN(Accounts)
		if s := g.local[h].Hour(); s < 8 || s > 17 || weekday(g.local[h]) > 4 || g.Series[i].Born > h {
			continue
		}
		g.Series[i].Count[h] += uint32(lognormal(g.rng, 40, .6))
		g.Benign = append(g.Benign, Span{i, "mail merge", h, h + 1})
	}
}

// newsletters gives n accounts an issue every few days, at the same local hour. The
// first comes within the first weeks, for one in four at any time.
func (g *generator) newsletters(n, every, within int) {
	for range n {
		i := g.rng.IntN(Accounts)
		first := g.rng.IntN(within)
		if g.rng.Float64() < .25 {
			first = g.rng.IntN(Days)
		}
		if weekday(g.local[first*24]) > 4 {
			first = max(0, first-2)
		}
		hour, size := 7+g.rng.IntN(11), lognormal(g.rng, 120, .7)
		for d := first; d < Days; d += every {
			h := g.at(d, hour)
			if h < g.Series[i].Born {
				continue
			}
			g.Series[i].Count[h] += uint32(size * between(g.rng, .85, 1.15))
			g.Benign = append(g.Benign, Span{i, "newsletter", h, h + 1})
		}
	}
}

// at is the hour of the workload at a local hour of a day.
func (g *generator) at(day, hour int) int {
	for h := max(0, day*24-2); h < Hours; h++ {
		if g.day(h) == day && g.local[h].Hour() >= hour {
			return h
		}
	}
	return Hours - 1
}
