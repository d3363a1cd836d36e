// Package recent keeps state about the entities seen most recently: hosts,
// accounts, mailboxes. Anyone on the network can make up entities, so every such
// table is bounded, forgets the one that was silent longest, and counts that.
//
// Values live in chunks and do not move: a pointer is good until its entity is
// forgotten. A forgotten entity's memory goes to the next one as it was left,
// buffers included; whoever inserts resets it. The table allocates only while it
// grows.
package recent

import "unsafe"

// chunkSize is how much is allocated together: the largest size that Go does not
// round up to whole pages.
const (
	chunkSize  = 32 << 10
	chunkLimit = 256 // entities
)

// Table is a map from K to V with at most max entries.
type Table[K comparable, V any] struct {
	// Evicted counts forgotten entities.
	Evicted uint64

	index map[K]*entry[K, V]
	fresh []entry[K, V] // allocated, never used
	free  *entry[K, V]  // used before, linked by next
	first *entry[K, V]  // most recently used
	last  *entry[K, V]
	max   int
}

type entry[K comparable, V any] struct {
	prev, next *entry[K, V]
	key        K
	value      V
}

// New returns an empty table for max entities, at least one.
func New[K comparable, V any](max int) *Table[K, V] {
	return &Table[K, V]{index: make(map[K]*entry[K, V]), max: max}
}

// Len is the number of entities.
func (t *Table[K, V]) Len() int { return len(t.index) }

// Get finds k, which becomes the most recently used, or returns nil.
func (t *Table[K, V]) Get(k K) *V { return t.touch(t.index[k]) }

// Peek finds k or returns nil, and changes nothing.
func (t *Table[K, V]) Peek(k K) *V {
	if e := t.index[k]; e != nil {
		return &e.value
	}
	return nil
}

// GetBytes is Get for a key that is not yet a string; it does not allocate.
func GetBytes[V any](t *Table[string, V], k []byte) *V { return t.touch(t.index[string(k)]) }

func (t *Table[K, V]) touch(e *entry[K, V]) *V {
	if e == nil {
		return nil
	}
	if t.first != e {
		t.unlink(e)
		t.link(e)
	}
	return &e.value
}

// Oldest returns the entity that Evict would forget; v is nil when the table is
// empty.
func (t *Table[K, V]) Oldest() (k K, v *V) {
	if t.last == nil {
		return k, nil
	}
	return t.last.key, &t.last.value
}

// Full reports that the next Insert forgets the oldest entity.
func (t *Table[K, V]) Full() bool { return len(t.index) >= t.max }

// Insert adds k, which must not be there, and returns its value, which may hold
// what a forgotten entity left in it.
func (t *Table[K, V]) Insert(k K) *V {
	if t.Full() {
		t.Evict()
	}
	e := t.free
	switch {
	case e != nil:
		t.free = e.next
	default:
		if len(t.fresh) == 0 {
			n := chunkSize / int(unsafe.Sizeof(entry[K, V]{}))
			t.fresh = make([]entry[K, V], min(max(n, 1), chunkLimit, t.max))
		}
		e, t.fresh = &t.fresh[0], t.fresh[1:]
	}
	e.key = k
	t.index[k] = e
	t.link(e)
	return &e.value
}

// Evict forgets the oldest entity and counts it.
func (t *Table[K, V]) Evict() {
	if t.last != nil {
		t.Evicted++
		t.Delete(t.last.key)
	}
}

// Delete removes k if it is there.
func (t *Table[K, V]) Delete(k K) {
	e := t.index[k]
	if e == nil {
		return
	}
	delete(t.index, k)
	t.unlink(e)
	var none K
	e.key = none // may hold a string
	e.prev, e.next = nil, t.free
	t.free = e
}

// All calls yield with every entity, most recently used first; it works as an
// iterator. The table must not be changed meanwhile.
func (t *Table[K, V]) All(yield func(K, *V) bool) {
	for e := t.first; e != nil; e = e.next {
		if !yield(e.key, &e.value) {
			return
		}
	}
}

func (t *Table[K, V]) link(e *entry[K, V]) {
	e.prev, e.next = nil, t.first
	if t.first != nil {
		t.first.prev = e
	} else {
		t.last = e
	}
	t.first = e
}

func (t *Table[K, V]) unlink(e *entry[K, V]) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		t.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		t.last = e.prev
	}
}

// Within lowers the bound to max entities, at least one; the oldest beyond it are
// forgotten. It never raises it.
func (t *Table[K, V]) Within(max int) {
	t.max = min(t.max, max)
	for len(t.index) > t.max {
		t.Evict()
	}
}
