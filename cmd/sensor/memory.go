package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
)

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

// peakRSS is the most memory that was resident, in KiB, or 0 where the system
// does not say. What it says of a child counts the parent's memory before exec.
func peakRSS() (kib uint64) {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := bytes.Cut(status, []byte("VmHWM:"))
	fmt.Sscan(string(after), &kib)
	return kib
}
