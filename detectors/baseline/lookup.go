package baseline

import (
	"slices"
	"strings"
)

// Expectation is what is expected of a series in the open window.
type Expectation struct {
	Kind     Kind
	Entity   string
	Metric   Metric
	Seen     float64 // so far
	Expected float64 // what more is measured against: holidays count in part, peaks in whole
	Mean     float64 // the best guess, peaks aside
	Level    float64 // expected of a window, over the week
	Days     int     // of history
	Group    string

	above negbin
	ent   *entity
}

// Bound is the 99.9 % bound; it takes some microseconds.
func (x *Expectation) Bound() float64 { return x.above.bound() }

// Expect tells what is expected of a series in the open window.
func (e *Engine) Expect(k Kind, name string, m Metric) (x Expectation, ok bool) {
	ent := e.entities.Peek(key{k, name})
	if ent == nil || !e.has(ent, m) {
		return x, false
	}
	return e.expect(ent, m), true
}

// has reports whether there is a series.
func (e *Engine) has(ent *entity, m Metric) bool {
	if e.of(ent)[m] == 0 {
		e.settle(ent)
	}
	return e.of(ent)[m] != 0
}

func (e *Engine) expect(ent *entity, m Metric) Expectation {
	k := ent.key.kind
	s := e.series.at(e.of(ent)[m])
	o := e.outlook(s, e.groups[k][m][s.class], e.local)
	above := o.above()
	seen, _ := e.counted(ent, m)
	return Expectation{
		Kind: k, Entity: ent.key.name, Metric: m,
		Seen: float64(seen), Expected: above.mean, Mean: float64(o.mean * e.activity(s, k, m)), Level: o.level, Days: int(o.age),
		Group: k.String() + ", " + classNames[s.class], above: above, ent: ent,
	}
}

// ExpectDay is Expect for the whole local day that goes on.
func (e *Engine) ExpectDay(k Kind, name string, m Metric) (x Expectation, ok bool) {
	ent := e.entities.Peek(key{k, name})
	if ent == nil || !e.has(ent, m) {
		return x, false
	}
	x = e.expect(ent, m)
	s := e.series.at(e.of(ent)[m])
	g := e.groups[k][m][s.class]
	up, squares, peak := 0., 0., 0.
	at := e.local
	first := at.slot - at.slot%24
	visits := e.perDay / 24 // of an hour's windows; less than one where a window is longer
	for slot := first; slot < first+24; slot++ {
		at.slot = slot
		o := e.outlook(s, g, at)
		up += visits * o.up
		squares += visits * square(o.up) * o.psi
		peak = max(peak, o.peak) // one may be seen from the hours beside it
	}
	mean := up + peak
	x.Seen += float64(s.day)
	x.Expected, x.Mean = mean, up
	x.above = negbin{mean, (float64(s.dayDispersion(g)*square(up)) + squares + float64(peakSpread*square(peak))) / square(mean)}
	return x, true
}

// activity of the series' peers today, against the usual.
func (e *Engine) activity(s *series, k Kind, m Metric) float64 {
	g := e.groups[k][m][s.class]
	if float64(e.window-g.born) < seasonedFrom*e.perDay {
		return 1
	}
	return g.activity
}

// All yields the series of all entities, sorted by kind, name and metric.
func (e *Engine) All(yield func(Expectation) bool) {
	e.settleAll()
	list := make([]*entity, 0, e.entities.Len())
	for _, ent := range e.entities.Each {
		list = append(list, ent)
	}
	slices.SortFunc(list, func(a, b *entity) int {
		if a.key.kind != b.key.kind {
			return int(a.key.kind) - int(b.key.kind)
		}
		return strings.Compare(a.key.name, b.key.name)
	})
	for _, ent := range list {
		for m, i := range e.of(ent) {
			if i != 0 && !yield(e.expect(ent, Metric(m))) {
				return
			}
		}
	}
}

// Week is what is expected of a series in each hour of the local week, from Monday
// midnight on: what a chart shows.
func (e *Engine) Week(k Kind, name string, m Metric) (week [168]float64, ok bool) {
	ent := e.entities.Peek(key{k, name})
	if ent == nil || !e.has(ent, m) {
		return week, false
	}
	s := e.series.at(e.of(ent)[m])
	g := e.groups[k][m][s.class]
	for slot := range week {
		level, share, _ := e.expectation(s, g, slot, s.age(e))
		week[slot] = level * share
	}
	return week, true
}
