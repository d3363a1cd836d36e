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
	"hash/maphash"
	"math"
	"math/bits"
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
//
// Entries go by their number, and a Go map is not what finds them: of a table of many
// small ones it would be the larger part.
type Table[K comparable, V any] struct {
	// Evicted counts forgotten entities.
	Evicted uint64

	index  index
	seed   maphash.Seed
	chunks [][]entry[K, V]
	made   uint32   // entries that were ever used
	free   []uint32 // used before
	heap   []slot   // the oldest first
	clock  uint32   // uses
	shift  uint8
	max    int
}

type entry[K comparable, V any] struct {
	used  uint32 // by the clock of the table
	at    uint32 // in the heap
	key   K
	value V
}

type slot struct {
	entry uint32
	used  uint32 // its, when it was put here
}

// New returns an empty table for max entities, at least one.
func New[K comparable, V any](max int) *Table[K, V] {
	return &Table[K, V]{max: max, seed: maphash.MakeSeed(), shift: chunkShift(unsafe.Sizeof(entry[K, V]{}))}
}

// chunkShift is how many bits of a number say where in its chunk an entry is.
func chunkShift(size uintptr) uint8 {
	n := min(max(chunkSize/size, 1), chunkLimit)
	return uint8(bits.Len(uint(n)) - 1)
}

func (t *Table[K, V]) entry(i uint32) *entry[K, V] {
	return &t.chunks[i>>t.shift][i&(1<<t.shift-1)]
}

// find returns the number of k's entry.
func (t *Table[K, V]) find(k K) (i uint32, ok bool) {
	if t.index.n == 0 {
		return 0, false
	}
	hash, mask := t.hash(k), uint32(len(t.index.slots)-1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := t.index.slots[at]
		if s == 0 {
			return 0, false
		}
		if i := uint32(s) - 1; uint32(s>>32) == hash && t.entry(i).key == k {
			return i, true
		}
	}
}

func (t *Table[K, V]) hash(k K) uint32 { return uint32(maphash.Comparable(t.seed, k)) }

// Len is the number of entities.
func (t *Table[K, V]) Len() int { return len(t.heap) }

// Get finds k, which becomes the most recently used, or returns nil.
func (t *Table[K, V]) Get(k K) *V {
	i, ok := t.find(k)
	if !ok {
		return nil
	}
	e := t.entry(i)
	e.used = t.tick()
	return &e.value
}

// Peek finds k or returns nil, and changes nothing.
func (t *Table[K, V]) Peek(k K) *V {
	if i, ok := t.find(k); ok {
		return &t.entry(i).value
	}
	return nil
}

// GetBytes is Get for a key that is not yet a string; it does not allocate.
func GetBytes[V any](t *Table[string, V], k []byte) *V {
	return t.Get(unsafe.String(unsafe.SliceData(k), len(k))) // a look-up keeps nothing of its key
}

// tick lets the clock go on. When it is full, everything is numbered anew.
func (t *Table[K, V]) tick() uint32 {
	if t.clock == math.MaxUint32 {
		slices.SortFunc(t.heap, func(a, b slot) int { return cmp.Compare(t.entry(a.entry).used, t.entry(b.entry).used) })
		for i, s := range t.heap {
			e := t.entry(s.entry)
			e.used, e.at = uint32(i), uint32(i)
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
	for len(t.heap) > 0 {
		top := &t.heap[0]
		e := t.entry(top.entry)
		if top.used == e.used {
			return e
		}
		top.used = e.used
		t.sink(0)
	}
	return nil
}

// Full reports that the next Insert forgets the oldest entity.
func (t *Table[K, V]) Full() bool { return len(t.heap) >= t.max }

// Insert adds k, which must not be there, and returns its value, which may hold
// what a forgotten entity left in it.
func (t *Table[K, V]) Insert(k K) *V {
	if t.Full() {
		t.Evict()
	}
	i := t.take()
	e := t.entry(i)
	e.key, e.used, e.at = k, t.tick(), uint32(len(t.heap))
	t.index.insert(t.hash(k), i)
	t.heap = append(t.heap, slot{i, e.used}) // nothing is younger
	return &e.value
}

func (t *Table[K, V]) take() uint32 {
	if n := len(t.free); n > 0 {
		i := t.free[n-1]
		t.free = t.free[:n-1]
		return i
	}
	if int(t.made>>t.shift) == len(t.chunks) {
		t.chunks = append(t.chunks, make([]entry[K, V], min(1<<t.shift, max(t.max, 1))))
	}
	t.made++
	return t.made - 1
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
	i, ok := t.find(k)
	if !ok {
		return
	}
	t.index.remove(t.hash(k), i)
	e := t.entry(i)
	n := len(t.heap) - 1
	last := t.heap[n]
	t.heap = t.heap[:n]
	if at := int(e.at); at < n {
		t.put(at, last)
		t.sink(at)
		t.rise(at)
	}
	var none K
	e.key = none // may hold a string
	t.free = append(t.free, i)
}

// put places a slot of the heap.
func (t *Table[K, V]) put(at int, s slot) {
	t.heap[at] = s
	t.entry(s.entry).at = uint32(at)
}

func (t *Table[K, V]) sink(at int) {
	s := t.heap[at]
	for {
		child := 2*at + 1
		if child >= len(t.heap) {
			break
		}
		if child+1 < len(t.heap) && t.heap[child+1].used < t.heap[child].used {
			child++
		}
		if t.heap[child].used >= s.used {
			break
		}
		t.put(at, t.heap[child])
		at = child
	}
	t.put(at, s)
}

func (t *Table[K, V]) rise(at int) {
	s := t.heap[at]
	for at > 0 {
		parent := (at - 1) / 2
		if t.heap[parent].used <= s.used {
			break
		}
		t.put(at, t.heap[parent])
		at = parent
	}
	t.put(at, s)
}

// All calls yield with every entity, most recently used first; it works as an
// iterator. The table must not be changed meanwhile.
func (t *Table[K, V]) All(yield func(K, *V) bool) {
	list := make([]*entry[K, V], len(t.heap))
	for i, s := range t.heap {
		list[i] = t.entry(s.entry)
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
		if e := t.entry(s.entry); !yield(e.key, &e.value) {
			return
		}
	}
}

// Within lowers the bound to max entities, at least one; the oldest beyond it are
// forgotten. It never raises it.
func (t *Table[K, V]) Within(max int) {
	t.max = min(t.max, max)
	for len(t.heap) > t.max {
		t.Evict()
	}
}
