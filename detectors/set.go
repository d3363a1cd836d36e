package detectors

import (
	"cmp"
	"slices"

	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Bounds of a Set.
const (
	maxOpen   = 1 << 14            // alerts that may be updated
	maxRaised = 1 << 16            // alerts that are kept
	quiet     = int64(24 * 3600e9) // an alert not raised again for so long is over: the next one is new
)

// Set runs detectors.
type Set struct {
	// Raised, where it is set, is told of each alert when it is raised first and,
	// with fresh false, whenever it is raised again. It is borrowed.
	Raised func(a *Alert, fresh bool)
	// Forgot, where it is set, is told of each alert that is forgotten. Where it is
	// not, later ones are dropped when there is no room.
	Forgot func(a *Alert)
	// Mute lets the detectors learn and raise nothing.
	Mute bool
	// Dropped counts alerts beyond the bound of those that are kept.
	Dropped uint64
	// Forgotten counts alerts that Alerts does not return any more.
	Forgotten uint64

	list   []Detector
	open   *recent.Table[string, *Alert]
	all    []*Alert
	past   map[*Alert]bool // open ones of a state that was loaded, not in all
	clock  int64           // the next Tick
	raise  func(Alert)
	source string // the detector that is at work
}

// NewSet returns a Set of detectors, which are asked in the order given.
func NewSet(list []Detector) *Set {
	s := &Set{list: list, open: recent.New[string, *Alert](maxOpen), past: map[*Alert]bool{}}
	s.raise = s.take
	return s
}

// Within has the tables of the detectors hold so many entities at most.
func (s *Set) Within(entities int) {
	for _, d := range s.list {
		if d, ok := d.(Limited); ok {
			d.Within(entities)
		}
	}
}

// Observe hands on the next event. Ticks that its time makes due come first.
func (s *Set) Observe(ev protocols.Event) {
	h := ev.Header()
	s.Advance(h.Time)
	if h.Repeat {
		return
	}
	for _, d := range s.list {
		s.source = d.Name()
		d.Observe(ev, s.raise)
	}
}

// maxCatchUp bounds the Ticks that one jump of event time can cause: a month of
// silence is as good as a year.
const maxCatchUp = 31 * 24 * 60

// Advance lets event time go on to now.
func (s *Set) Advance(now int64) {
	if s.clock == 0 {
		s.clock = now - now%TickInterval + TickInterval
		return
	}
	if behind := (now - s.clock) / TickInterval; behind > maxCatchUp {
		s.clock += (behind - maxCatchUp) * TickInterval
	}
	for s.clock <= now {
		for _, d := range s.list {
			s.source = d.Name()
			d.Tick(s.clock, s.raise)
		}
		s.clock += TickInterval
	}
}

// Finish lets event time go on to now, and has told what was kept back.
func (s *Set) Finish(now int64) {
	s.Advance(now)
	s.Flush()
}

// Flush has told what was kept back. Whoever goes on later from a state takes that
// before: what is kept back then is told in its time.
func (s *Set) Flush() {
	for _, d := range s.list {
		if f, ok := d.(Flusher); ok {
			s.source = d.Name()
			f.Flush(s.raise)
		}
	}
}

// take files an alert.
func (s *Set) take(a Alert) {
	if s.Mute {
		return
	}
	a.Detector = s.source
	a.clean()
	a.Severity = max(a.Severity, SeverityOf(a.Score))
	key := a.open()
	if p := s.open.Get(key); p != nil {
		if old := *p; int64(a.First)-int64(old.Last) < quiet {
			old.update(a)
			if s.past[old] { // of before a restart
				delete(s.past, old)
				s.all = append(s.all, old)
			}
			if s.Raised != nil {
				s.Raised(old, false)
			}
			return
		}
		s.open.Delete(key)
	}
	if len(s.all) >= maxRaised && s.Forgot != nil {
		s.forgetOldest()
	}
	if len(s.all) >= maxRaised {
		s.Dropped++
		return
	}
	a.name()
	fresh := &a
	s.all = append(s.all, fresh)
	*s.open.Insert(key) = fresh
	if s.Raised != nil {
		s.Raised(fresh, true)
	}
}

// Evicted counts, by detector, what was forgotten for want of room; nil: nothing.
func (s *Set) Evicted() map[string]uint64 {
	var m map[string]uint64
	for _, d := range s.list {
		if b, ok := d.(Bounded); ok && b.Evicted() > 0 {
			if m == nil {
				m = map[string]uint64{}
			}
			m[d.Name()] = b.Evicted()
		}
	}
	return m
}

// Alerts returns what was raised, most severe first.
func (s *Set) Alerts() []*Alert {
	list := slices.Clone(s.all)
	slices.SortStableFunc(list, func(a, b *Alert) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Score, a.Score), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// Forget lets go of alerts that were raised last before a time. Only who was told of
// them by Raised can do without.
func (s *Set) Forget(before int64) {
	before = min(before, s.clock-quiet) // not what is still open
	s.all = slices.DeleteFunc(s.all, func(a *Alert) bool { return int64(a.Last) < before && s.forget(a) })
}

// forgetOldest makes room for an eighth of the alerts that are kept.
func (s *Set) forgetOldest() {
	byAge := slices.Clone(s.all)
	slices.SortStableFunc(byAge, func(a, b *Alert) int { return cmp.Compare(a.Last, b.Last) })
	old := make(map[*Alert]bool)
	for _, a := range byAge[:max(len(byAge)/8, 1)] {
		old[a] = true
	}
	s.all = slices.DeleteFunc(s.all, func(a *Alert) bool { return old[a] && s.forget(a) })
}

func (s *Set) forget(a *Alert) bool {
	s.Forgotten++
	key := a.open()
	if p := s.open.Peek(key); p != nil && *p == a {
		s.open.Delete(key)
	}
	if s.Forgot != nil {
		s.Forgot(a)
	}
	return true
}
