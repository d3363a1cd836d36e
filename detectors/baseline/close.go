package baseline

// outlook is what is expected of a series in a window.
type outlook struct {
	age, level, share float64
	mean              float64 // as learned
	up, down          float64 // what more and less are measured against: on a holiday, less
	psi               float64 // relative variance beyond a Poisson distribution's
	phi, unsure       float64 // of it: the overdispersion, and what comes of the level
	peak              float64 // a burst that has come before
}

// above is the distribution that more is measured against.
func (o *outlook) above() negbin {
	m := o.up + o.peak
	if o.peak == 0 {
		return negbin{m, o.psi}
	}
	return negbin{m, (float64(o.psi*square(o.up)) + float64(peakSpread*square(o.peak))) / square(m)}
}

func (e *Engine) outlook(s *series, g *group, at local) outlook {
	o := outlook{age: s.age(e)}
	var shapeVariance float64
	o.level, o.share, shapeVariance = e.expectation(s, g, at.slot, o.age)
	o.mean = max(float64(o.level*o.share), minMean)
	o.up, o.down = o.mean, o.mean
	if float64(e.window-g.born) >= seasonedFrom*e.perDay {
		o.up = float64(o.mean * clamp(g.activity, .7, 1.2))
		o.down = float64(o.mean * min(g.activity, 1))
	}
	o.phi, o.unsure = s.dispersion(g), s.levelVariance(o.age)
	o.psi = o.phi + o.unsure + shapeVariance
	o.peak = s.recall(at.slot, at.today)
	return o
}

// closeSeries scores the open window of one series, and learns it.
func (e *Engine) closeSeries(ent *entity, k key, m Metric, s *series, x float64) {
	gs := e.groups[k.kind][m]
	g := gs[s.class]
	o := e.outlook(s, g, e.local)
	v := e.judge(k, m, s, g, &o, x)
	e.learn(s, g, &o, x, v)
	if !ent.apart {
		g.add(x, o.mean, o.level, o.age >= warmUp)
	}
	if e.local.ends {
		e.closeSeriesDay(ent, s, gs, o.age)
	}
}

// learn takes in a window that was judged.
func (e *Engine) learn(s *series, g *group, o *outlook, x float64, v verdict) {
	x -= v.explained
	learned := x
	switch {
	case v.stop:
		learned = min(x, guardTimes*o.mean+3) // nothing at all would keep who is new to an hour from ever being learned
	case v.score > suspicious && x > o.mean && o.age >= warmUp:
		learned = max(o.mean+float64((x-o.mean)*suspicious/v.score), min(x, 5*o.mean+5))
	}
	phi := s.dispersion(g)
	w := 1 / (1 + float64(phi*o.mean))
	if v.doubt {
		w *= .3
	}
	if g.activity < holiday {
		w *= .1
	}
	if s.absent(e, x, o.down) {
		w *= .05
	}
	keep := e.decay.level
	s.a = float32(float64(keep*float64(s.a)) + float64(w*learned))
	s.b = float32(float64(keep*float64(s.b)) + float64(w*o.share))
	if o.age >= shapeFrom {
		e.learnShape(s, g, float64(w*learned), float64(w*o.level))
	}
	if !v.stop && o.age >= dispersionFrom && g.activity >= holiday {
		excess := square(x - o.up)
		excess = min(excess, 12*(o.up+float64(phi*square(o.up)))) - o.up
		weight := 1 / square(1+o.up)
		if v.doubt {
			weight *= .1
		}
		s.num = float32(float64(e.decay.dispersion*float64(s.num)) + float64(weight*excess))
		s.den = float32(float64(e.decay.dispersion*float64(s.den)) + float64(weight*square(o.up)))
	}
}

func (e *Engine) learnShape(s *series, g *group, count, expected float64) {
	if s.shape == 0 {
		if s.a < 2 {
			return // too little to tell a shape by
		}
		s.shape = e.shapes.take()
	}
	b, keep := bin(e.local.slot), e.decay.workday
	if b >= 24 {
		keep = e.decay.weekend
	}
	e.shapes.at(s.shape).learn(b, keep, count, expected)
}

// absent reports that an entity is away: not to be taken for one that sends less.
func (s *series) absent(e *Engine, x, mean float64) bool {
	if x > 0 {
		s.silent, s.away = 0, 0
		return false
	}
	s.silent += float32(mean)
	s.away = min(s.away, 65534) + 1
	days := float64(s.away) / e.perDay
	return s.silent >= absentMean && days >= minAbsent && days < maxAbsent
}

// learnWeekday takes note of what share of the expected a day of the week had. The
// first weeks teach most. A day that was an alert teaches, too, or what recurs would
// be an alert for ever, but no more than half as much again as was known.
func (s *series) learnWeekday(day int, seen, mean, age float64) {
	most := 3*mean + 3
	if s.flags&alarmed != 0 {
		most = 1.5 * mean
	}
	seen = min(seen, most)
	f := s.weekday[day].value()
	plain := max(mean/f, minMean) // as if it were any day
	gain := .2
	if age < 28 {
		gain = .4
	}
	gain *= plain / (plain + 3)
	f = clamp(f+float64(gain*(seen/plain-f)), .05, 4)
	// The bins of the shape know workdays from weekends; the level knows the rest.
	group := s.weekday[:5]
	if day >= 5 {
		day, group = day-5, s.weekday[5:]
	}
	sum := f - group[day].value()
	for _, g := range group {
		sum += g.value()
	}
	for i, g := range group {
		v := g.value()
		if i == day {
			v = f
		}
		group[i] = toHalf(clamp(v*float64(len(group))/sum, .05, 4))
	}
}

// closeSeriesDay ends the local day of a series.
func (e *Engine) closeSeriesDay(ent *entity, s *series, gs *[classes]*group, age float64) {
	g := gs[s.class]
	seen, mean := float64(s.day), float64(s.dayMean)
	if age >= dispersionFrom && g.activity >= holiday && s.flags&alarmed == 0 && float64(s.away) < minAbsent*e.perDay {
		phi := s.dayDispersion(g)
		excess := min(square(seen-mean), 12*(mean+float64(phi*square(mean)))) - mean
		weight := 1 / square(1+mean)
		s.dnum = float32(float64(e.decay.day*float64(s.dnum)) + float64(weight*excess))
		s.dden = float32(float64(e.decay.day*float64(s.dden)) + float64(weight*square(mean)))
	}
	if age >= shapeFrom && g.activity >= holiday && float64(s.away) < (minAbsent+1)*e.perDay {
		s.learnWeekday(e.local.slot/24, seen, mean, age)
	}
	independent := mean + float64(s.dispersion(g)*float64(s.daySquares))
	if mean > 0 {
		s.inflation = float32(clamp((mean+float64(s.dayDispersion(g)*square(mean)))/independent, 1, 50))
	}
	if s.shape != 0 {
		sh := e.shapes.at(s.shape)
		if age >= warmUp && e.local.today%7 == 0 {
			s.class = classify(sh, gs, s.class)
			g = gs[s.class]
		}
		s.norm = float32(sh.mean(g))
	}
	c := &g.census
	if age >= shapeFrom && !ent.apart {
		c.members++
		c.roots += toFixed(root(s.level(g, age)))
		c.num += toFixed(float64(s.num))
		c.den += toFixed(float64(s.den))
		c.dayNum += toFixed(float64(s.dnum))
		c.dayDen += toFixed(float64(s.dden))
	}
	s.day, s.dayMean, s.daySquares, s.share = 0, 0, 0, 0
	s.flags &^= alarmed
}
