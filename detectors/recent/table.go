// Package recent keeps state about the entities seen most recently: hosts,
// accounts, mailboxes. Anyone on the network can make up entities, so every such
// table is bounded, forgets the one that was silent longest, and counts that.
//
// Values live in chunks and do not move: a pointer is good until its entity is
// forgotten. A forgotten entity's memory goes to the next one as it was left,
// buffers included; whoever inserts resets it. The table allocates only while it
// grows.
package recent

import (
	"cmp"
	"math"
	"slices"
	"unsafe"
)

// chunkSize is how much is allocated together: the largest size that Go does not
// round up to whole pages.
const (
	chunkSize  = 32 << 10
	chunkLimit = 256 // entities
)

// Table is a map from K to V with at most max entries.
//
// Each entry knows when it was used last. They are also in a heap by when that was when
// they were put there: what was used since sinks to its place once it comes up to be
// forgotten. So to use an entry touches no other: those are rarely in the cache.
type Table[K comparable, V any] struct {
	// Evicted counts forgotten entities.
	Evicted uint64

	index map[K]*entry[K, V]
	fresh []entry[K, V]  // allocated, never used
	free  []*entry[K, V] // used before
	heap  []slot[K, V]   // the oldest first
	clock uint32         // uses
	max   int
}

type entry[K comparable, V any] struct {
	used  uint32 // by the clock of the table
	at    uint32 // in the heap
	key   K
	value V
}

type slot[K comparable, V any] struct {
	entry *entry[K, V]
	used  uint32 // its, when it was put here
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
	e.used = t.tick()
	return &e.value
}

// tick lets the clock go on. When it is full, everything is numbered anew.
func (t *Table[K, V]) tick() uint32 {
	if t.clock == math.MaxUint32 {
		slices.SortFunc(t.heap, func(a, b slot[K, V]) int { return cmp.Compare(a.entry.used, b.entry.used) })
		for i, s := range t.heap {
			s.entry.used, s.entry.at = uint32(i), uint32(i)
			t.heap[i].used = uint32(i)
		}
		t.clock = uint32(len(t.heap))
	}
	t.clock++
	return t.clock
}

// Oldest returns the entity that Evict would forget; v is nil when the table is
// empty.
func (t *Table[K, V]) Oldest() (k K, v *V) {
	e := t.oldest()
	if e == nil {
		return k, nil
	}
	return e.key, &e.value
}

// oldest brings the entry that was used first to the top of the heap.
func (t *Table[K, V]) oldest() *entry[K, V] {
	if len(t.heap) == 0 {
		return nil
	}
	for t.heap[0].used != t.heap[0].entry.used {
		t.heap[0].used = t.heap[0].entry.used
		t.sink(0)
	}
	return t.heap[0].entry
}

// Full reports that the next Insert forgets the oldest entity.
func (t *Table[K, V]) Full() bool { return len(t.index) >= t.max }

// Insert adds k, which must not be there, and returns its value, which may hold
// what a forgotten entity left in it.
func (t *Table[K, V]) Insert(k K) *V {
	if t.Full() {
		t.Evict()
	}
	e := t.entry()
	e.key, e.used, e.at = k, t.tick(), uint32(len(t.heap))
	t.index[k] = e
	t.heap = append(t.heap, slot[K, V]{e, e.used}) // nothing is younger
	return &e.value
}

func (t *Table[K, V]) entry() *entry[K, V] {
	if n := len(t.free); n > 0 {
		e := t.free[n-1]
		t.free = t.free[:n-1]
		return e
	}
	if len(t.fresh) == 0 {
		n := chunkSize / int(unsafe.Sizeof(entry[K, V]{}))
		t.fresh = make([]entry[K, V], min(max(n, 1), chunkLimit, t.max))
	}
	e := &t.fresh[0]
	t.fresh = t.fresh[1:]
	return e
}

// Evict forgets the oldest entity and counts it.
func (t *Table[K, V]) Evict() {
	if e := t.oldest(); e != nil {
		t.Evicted++
		t.Delete(e.key)
	}
}

// Delete removes k if it is there.
func (t *Table[K, V]) Delete(k K) {
	e := t.index[k]
	if e == nil {
		return
	}
	delete(t.index, k)
	n := len(t.heap) - 1
	if i := int(e.at); i < n {
		t.put(i, t.heap[n])
		t.heap = t.heap[:n]
		t.sink(i)
		t.rise(i)
	} else {
		t.heap = t.heap[:n]
	}
	var none K
	e.key = none // may hold a string
	t.free = append(t.free, e)
}

// put places a slot of the heap.
func (t *Table[K, V]) put(i int, s slot[K, V]) {
	t.heap[i] = s
	s.entry.at = uint32(i)
}

func (t *Table[K, V]) sink(i int) {
	s := t.heap[i]
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			break
		}
		if child+1 < len(t.heap) && t.heap[child+1].used < t.heap[child].used {
			child++
		}
		if t.heap[child].used >= s.used {
			break
		}
		t.put(i, t.heap[child])
		i = child
	}
	t.put(i, s)
}

func (t *Table[K, V]) rise(i int) {
	s := t.heap[i]
	for i > 0 {
		parent := (i - 1) / 2
		if t.heap[parent].used <= s.used {
			break
		}
		t.put(i, t.heap[parent])
		i = parent
	}
	t.put(i, s)
}

// All calls yield with every entity, most recently used first; it works as an
// iterator. The table must not be changed meanwhile.
func (t *Table[K, V]) All(yield func(K, *V) bool) {
	list := make([]*entry[K, V], len(t.heap))
	for i, s := range t.heap {
		list[i] = s.entry
	}
	slices.SortFunc(list, func(a, b *entry[K, V]) int { return cmp.Compare(b.used, a.used) })
	for _, e := range list {
		if !yield(e.key, &e.value) {
			return
		}
	}
}

// Each is All in no order.
func (t *Table[K, V]) Each(yield func(K, *V) bool) {
	for _, s := range t.heap {
		if !yield(s.entry.key, &s.entry.value) {
			return
		}
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
