package metrics

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Other is the label of what has no series of its own.
const Other = "other"

// Top is a counter by a label that comes from traffic: an account, a host. Series
// of their own have the labels with the most counts; all others are one, with the
// label other. A label that outgrows the smallest of them takes its place, and what
// that one had counted goes to other: no series ever shrinks, and the sum over all
// is right once a series was written twice.
type Top struct {
	name, label string
	size        int

	mu     sync.Mutex
	shown  map[string]counted
	now    func() time.Time
	others map[string]uint64 // candidates, a rough count
	other  uint64
}

// candidates is how many labels without a series are counted, per series.
const candidates = 8

// NewTop returns a counter with size series beside other, and registers it.
func (r *Registry) NewTop(name, label string, size int) *Top {
	t := &Top{name: name, label: label, size: size, shown: map[string]counted{}, now: r.now, others: map[string]uint64{}}
	r.Gather(t.write)
	return t
}

// Add counts n for a value of the label, which is copied if it is kept.
func (t *Top) Add(value []byte, n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if old, ok := t.shown[string(value)]; ok {
		old.n += n
		t.shown[string(value)] = old
		return
	}
	if len(t.shown) < t.size && string(value) != Other {
		t.shown[string(value)] = counted{n, t.now()}
		return
	}
	t.other += n
	t.consider(value, n)
}

// consider counts for a candidate and gives it a series when it has outgrown one.
func (t *Top) consider(value []byte, n uint64) {
	if string(value) == Other {
		return
	}
	if _, ok := t.others[string(value)]; !ok && len(t.others) >= candidates*t.size {
		for k, v := range t.others { // all forget half, so that there is room for new ones
			if t.others[k] = v / 2; v < 2 {
				delete(t.others, k)
			}
		}
		if len(t.others) >= candidates*t.size {
			return
		}
	}
	count := t.others[string(value)] + n
	t.others[string(value)] = count
	least, at := "", count
	for k, v := range t.shown {
		if v.n < at || v.n == at && least != "" && k < least {
			least, at = k, v.n
		}
	}
	if least == "" {
		return
	}
	t.other += at
	delete(t.shown, least)
	delete(t.others, string(value))
	t.others[least] = at
	t.shown[string(value)] = counted{0, t.now()} // what it had is in other
}

func (t *Top) write(w *Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(t.shown)) {
		w.Counter(t.name, w.of(t.shown[k]), t.label, w.name(k))
	}
	w.Counter(t.name, t.other, t.label, Other)
}

// names adds the labels that have a series.
func (t *Top) names(to map[string]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.shown {
		to[k] = true
	}
}
