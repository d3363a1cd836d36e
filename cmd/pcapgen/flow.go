package main

import (
	"fmt"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// Paces, in nanoseconds. 2,000 connections make about 2 Gbit/s of it.
const (
	opening  = 100_000    // between the first connections
	thinking = 60_000_000 // before a side answers, at most
	pausing  = 25_000_000 // between two bursts of one side, at most
)

// burst is the number of segments a sender sends at a time.
const burst = 4

// session says what the two sides say, an exchange at a time.
type session interface {
	// more says the next exchange. It is asked to end by ending; false: the
	// sides have taken leave and there is nothing more to say.
	more(ending bool) bool
}

type state uint8

const (
	fresh state = iota
	talking
	over
)

// turn is a part of flow.buf that one side says.
type turn struct {
	dir        capture.Dir
	start, end int
}

// flow is a connection in the making.
type flow struct {
	g       *generator
	kind    *kind
	conv    *synth.Conversation
	session session
	account int
	due     int64 // time of the next step
	state   state

	buf   []byte
	turns []turn // to be sent; those before head are
	head  int

	hold    bool   // the frame being built is to come late
	held    []byte // a frame that comes late
	heldFor int    // behind so many more segments
}

// say adds a turn.
func (f *flow) say(d capture.Dir, format string, args ...any) {
	start := len(f.buf)
	f.buf = fmt.Appendf(f.buf, format, args...)
	f.said(d, start)
}

// said makes a turn of what was appended to f.buf from start on.
func (f *flow) said(d capture.Dir, start int) {
	n := int64(len(f.buf) - start)
	f.kind.said += n
	f.g.waiting += n
	f.turns = append(f.turns, turn{d, start, len(f.buf)})
}

// step opens the connection, sends a burst or closes, and sets the time of the
// next step.
func (g *generator) step(f *flow) {
	if f.state == fresh {
		f.due = f.conv.Open(f.due)
		f.state = talking
		g.open++
		g.truth.OpenAtOnce = max(g.truth.OpenAtOnce, g.open)
	}
	if f.head == len(f.turns) {
		f.buf, f.turns, f.head = f.buf[:0], f.turns[:0], 0
		if !f.session.more(g.full()) {
			f.conv.Close(f.due)
			f.state = over
			f.kind.open--
			g.open--
			return
		}
	}
	end := f.burst(&f.turns[f.head])
	pause := int64(pausing)
	if f.turns[f.head].start == f.turns[f.head].end {
		f.head++
		pause = thinking
	}
	f.due = end + int64(float64(pause/4+g.rng.Int64N(pause*3/4))*g.ahead(f.kind))
}

// burst sends the next segments of a turn, each of which may be missing from
// the capture or come late.
func (f *flow) burst(u *turn) int64 {
	g, t := f.g, f.due
	for i := range burst {
		n := min(u.end-u.start, segment)
		if n == 0 {
			break
		}
		b := f.buf[u.start : u.start+n]
		u.start += n
		g.waiting -= int64(n)
		t = f.segment(u.dir, t, b, i < burst-1 && u.start < u.end)
		if f.conv.AckDue(u.dir) {
			t = f.conv.Ack(u.dir.Other(), t)
		}
	}
	f.release(t)
	return t
}

// segment is the largest payload, as with the time stamp option.
const segment = 1448

// segment sends one segment; more of the burst follows it or not. A segment
// that comes late comes behind others of its burst: what a network or a
// capture reorders is microseconds apart.
func (f *flow) segment(d capture.Dir, t int64, b []byte, more bool) int64 {
	g := f.g
	g.truth.DataSegments++
	if g.rng.Float64() < g.opt.Reorder {
		g.reorder++
	}
	if g.rng.Float64() < g.opt.Loss {
		f.conv.Skip(d, len(b))
		g.truth.SegmentsLost++
		return t
	}
	if more && g.reorder > 0 && f.held == nil {
		g.reorder--
		g.truth.SegmentsLate++
		f.hold, f.heldFor = true, 1+g.rng.IntN(2)
		return f.conv.Segment(d, t, b)
	}
	t = f.conv.Segment(d, t, b)
	if f.heldFor--; f.heldFor <= 0 {
		f.release(t)
	}
	return t
}

// release sends the frame that comes late.
func (f *flow) release(t int64) {
	if f.held != nil {
		held := f.held
		f.held, f.heldFor = nil, 0
		f.emit(t, held)
	}
}

// emit takes a frame of the conversation.
func (f *flow) emit(t int64, frame []byte) {
	if f.hold {
		f.hold = false
		f.held = append([]byte(nil), frame...)
		return
	}
	*f.kind.bytes += int64(len(frame) + recordHeader)
	f.g.write(t, frame)
}

const recordHeader = 16 // of a pcap file

// queue is a heap of flows by the time of their next step.
type queue []*flow

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due < q[j].due }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is part of heap.Interface.
func (q *queue) Push(f any) { *q = append(*q, f.(*flow)) }

// Pop is part of heap.Interface.
func (q *queue) Pop() any {
	old := *q
	f := old[len(old)-1]
	*q = old[:len(old)-1]
	return f
}
