package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A replay makes little garbage: what it allocates it keeps, or uses again. So
// nothing is collected before the heap has grown to what a usual replay needs.
// Beyond it is collected as usual; where very many connections are open, sooner,
// to keep the peak low.
const (
	untouched  = 112 << 20 // octets in all before the first collection
	largeHeap  = 96 << 20  // live octets from which on it is collected sooner
	usual      = 100
	sooner     = 40
	notStarted = -1
)

// cycle is garbage that comes back: its finalizer runs after every collection.
type cycle struct{ _ [16]byte }

// tuneGC chooses how far the heap may grow, anew after every collection.
func tuneGC() {
	debug.SetGCPercent(notStarted)
	debug.SetMemoryLimit(untouched)
	now := notStarted
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(*cycle)
	again = func(*cycle) {
		want := usual
		if metrics.Read(live); live[0].Value.Kind() == metrics.KindUint64 && live[0].Value.Uint64() > largeHeap {
			want = sooner
		}
		if now == notStarted && debug.SetMemoryLimit(-1) == untouched { // else --memory has set another
			debug.SetMemoryLimit(math.MaxInt64)
		}
		if want != now {
			debug.SetGCPercent(want)
			now = want
		}
		runtime.SetFinalizer(new(cycle), again)
	}
	runtime.SetFinalizer(new(cycle), again)
}
