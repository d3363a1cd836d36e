package baseline

import "time"

// local is where a window lies in the local week.
type local struct {
	slot  int    // hour of the week, 0 is Monday midnight
	today uint16 // days since 1970
	ends  bool   // the next window is another day's
}

func (e *Engine) localOf(window int64) local {
	t := time.Unix(0, window*e.step).In(e.config.Location)
	next := time.Unix(0, (window+1)*e.step).In(e.config.Location)
	day := func(t time.Time) int64 {
		_, offset := t.Zone()
		return floorDiv(t.Unix()+int64(offset), 24*3600)
	}
	return local{
		slot:  (int(t.Weekday())+6)%7*24 + t.Hour(),
		today: uint16(day(t)),
		ends:  day(t) != day(next),
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Tick says that event time has come to t. It closes what windows have ended and
// raises their scores.
func (e *Engine) Tick(t int64) {
	if t < e.next {
		return
	}
	if !e.started {
		e.started = true
		e.open(floorDiv(t, e.step))
	}
	for t >= e.next {
		e.closeFive()
		if e.next < (e.window+1)*e.step {
			e.next = e.following(e.next)
			// Silence in between has nothing to close.
			if len(e.touched) == 0 {
				e.next = max(e.next, min((e.window+1)*e.step, e.following(t)))
			}
			continue
		}
		e.closeWindow()
		e.open(e.window + 1)
	}
}

// following is the end of the five minutes that t is in.
func (e *Engine) following(t int64) int64 { return (floorDiv(t, fiveMinutes) + 1) * fiveMinutes }

func (e *Engine) open(window int64) {
	e.window = window
	e.next = e.following(window * e.step)
	e.local = e.localOf(window)
	e.seen = false
}

// closeWindow scores and learns the open window, for all series. After a day in
// which nothing at all was seen, the sensor was not looking: nothing is learned.
func (e *Engine) closeWindow() {
	if e.seen {
		e.empty = 0
	} else if e.empty++; float64(e.empty) > blind/24*e.perDay {
		return
	}
	e.settleAll()
	quiet := false
	var all [kinds][metrics]census
	for k, ent := range e.entities.Each {
		for m, i := range e.of(ent) {
			if i != 0 {
				x, _ := e.counted(ent, Metric(m))
				e.closeSeries(ent, k, Metric(m), e.series.at(i), float64(x))
			}
		}
		e.counts.give(ent.counts)
		ent.counts = 0
	}
	for k := range e.groups {
		for m, gs := range e.groups[k] {
			if gs == nil {
				continue
			}
			for c, g := range gs {
				g.close(c, e.local.slot, e.decay.profile)
				all[k][m].add(&g.census)
				quiet = quiet || g.quiet()
			}
			if e.local.ends {
				e.closeDay(Kind(k), gs, &all[k][m], &e.popular[k][m])
			}
		}
	}
	e.quiet = quiet && !e.local.ends
	e.hand()
}

// quiet reports a holiday.
func (g *group) quiet() bool {
	return g.activity < quietDay && g.today.mean.value() > quietMass
}

func (e *Engine) closeDay(k Kind, gs *[classes]*group, all *census, popular *uint8) {
	for c, g := range gs {
		if g.census.members > gs[*popular].census.members {
			*popular = uint8(c)
		}
	}
	for _, g := range gs {
		g.closeDay(k, all, e.perDay)
	}
}

// closeFive scores the five minutes of those that had counts in them.
func (e *Engine) closeFive() {
	for _, ent := range e.touched {
		ent.touched = false
		if ent.counts == 0 { // it was forgotten
			continue
		}
		c := e.counts.at(ent.counts)
		for m := range c {
			if e.step > fiveMinutes && c[m].five >= burstFrom {
				e.settle(ent)
				e.burst(ent.key, Metric(m), e.series.at(e.of(ent)[m]), float64(c[m].five))
			}
			c[m].five = 0
		}
	}
	e.touched = e.touched[:0]
	e.hand()
}
