package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"mailsensor/cmd/internal/budget"
)

// collected collects until the finalizer of tuneGC has run, which sets the share of
// garbage that is usual.
func collected(t *testing.T) {
	t.Helper()
	for range 200 {
		runtime.GC()
		if n := debug.SetGCPercent(usual); n == usual || n == sooner {
			return
		}
		debug.SetGCPercent(notStarted)
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("nothing is collected as usual")
}

// A replay collects nothing until its heap has grown, and then as usual, without a
// limit. What --memory says stays, and counts from the start.
func TestGCLimits(t *testing.T) {
	limit, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(usual)
	defer func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}()
	tuneGC()
	if got := debug.SetMemoryLimit(-1); got != untouched {
		t.Errorf("at first the limit is %d", got)
	}
	collected(t)
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("without --memory there is a limit of %d", got)
	}

	tuneGC()
	plan := budget.Divide(256<<20, false, false)
	plan.Enforce()
	if got := debug.SetGCPercent(usual); got == notStarted {
		t.Error("nothing is collected before the limit")
	}
	debug.SetGCPercent(notStarted)
	collected(t)
	if got := debug.SetMemoryLimit(-1); got != plan.Go {
		t.Errorf("the limit of --memory is %d after a collection, not %d", got, plan.Go)
	}
}
