package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A replay allocates little. While what lives on the heap is small, it may grow
// fivefold before it is collected: each cycle that does not run is a part of a
// short replay's time. Where many connections are open it is collected as usual,
// to keep the peak low.
const (
	smallHeap = 16 << 20
	relaxed   = 400
	usual     = 100
)

// cycle is garbage that comes back: its finalizer runs after every collection.
type cycle struct{ _ [16]byte }

// tuneGC chooses how far the heap may grow, anew after every collection.
func tuneGC() {
	debug.SetGCPercent(relaxed)
	now := relaxed
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var again func(*cycle)
	again = func(*cycle) {
		want := relaxed
		if metrics.Read(live); live[0].Value.Kind() != metrics.KindUint64 || live[0].Value.Uint64() > smallHeap {
			want = usual
		}
		if want != now {
			debug.SetGCPercent(want)
			now = want
		}
		runtime.SetFinalizer(new(cycle), again)
	}
	runtime.SetFinalizer(new(cycle), again)
}
