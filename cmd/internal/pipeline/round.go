package pipeline

import (
	"sync"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// Bounds of what is under way between the reader and the merge.
const (
	roundsInFlight = 12
	roundBytes     = 512 << 10
	roundSegments  = 1024
	flushLimit     = 512 // connections closed at the end of the capture
)

// round is a stretch of the capture, dealt into one lane per worker.
type round struct {
	lanes   []lane
	pending sync.WaitGroup // lanes that are not done
}

// lane is one worker's share of a round.
type lane struct {
	segments []capture.Segment
	ticks    []tick
	blocks   []*capture.Block // retained until the lane is done
	flush    int              // shard to be flushed at end; -1: none
	end      tick
	events   protocols.Batch
	round    *round
}

// tick tells the worker that event time crossed an interval: timeouts due by
// now fire before the segment at.
type tick struct {
	at    int    // index into segments
	now   int64  // Unix nanoseconds
	index uint64 // of the packet whose time it was
}

func newRound(workers int) *round {
	r := &round{lanes: make([]lane, workers)}
	for i := range r.lanes {
		r.lanes[i].round = r
		r.lanes[i].flush = -1
	}
	return r
}

// add puts a segment into the lane and keeps the block its payload is in.
func (l *lane) add(s *capture.Segment, b *capture.Block) {
	l.segments = append(l.segments, *s)
	if b == nil {
		return
	}
	if n := len(l.blocks); n == 0 || l.blocks[n-1] != b {
		b.Retain()
		l.blocks = append(l.blocks, b)
	}
}

// release lets go of everything borrowed.
func (l *lane) release() {
	for _, b := range l.blocks {
		b.Release()
	}
	clear(l.blocks)
	l.blocks, l.segments, l.ticks, l.flush = l.blocks[:0], l.segments[:0], l.ticks[:0], -1
}
