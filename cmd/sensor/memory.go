package main

import "runtime"

// giveBack collects the flow tables of a large replay before the summary, which
// may be large as well, is made in their place.
func giveBack() {
	const large = 128 << 20
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > large {
		runtime.GC()
	}
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
