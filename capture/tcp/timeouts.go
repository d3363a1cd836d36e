package tcp

import (
	"math"

	"mailsensor/capture"
)

// waitingDue is the kind of timeout beside those of the states.
const waitingDue = states

// see moves the table's time on with a segment. One wrong time stamp cannot
// move it far: that is left to Advance, whose caller knows better.
func (t *Table) see(at int64) {
	switch {
	case !t.begun:
		t.begun, t.now = true, at
	case at > t.now:
		t.now = min(at, t.now+maxStep)
	}
}

// Advance moves event time to now: what is due by then happens at its
// deadline, in the order of the deadlines.
func (t *Table) Advance(now int64) {
	if !t.begun {
		t.begun, t.now = true, now
	}
	for {
		kind, due := t.nextDue()
		if due > now {
			break
		}
		t.now = max(t.now, due)
		t.fire(kind)
	}
	t.now = max(t.now, now)
}

func (t *Table) nextDue() (kind state, due int64) {
	due = math.MaxInt64
	if i := t.waiting.head; i != 0 {
		kind, due = waitingDue, t.flow(i).wstamp+gapTime
	}
	for st, after := range [states]int64{
		halfOpen: int64(t.opt.HalfOpenTimeout),
		open:     int64(t.opt.IdleTimeout) + touchEvery,
		closed:   int64(t.opt.ClosedLinger),
	} {
		if i := t.lists[st].head; i != 0 {
			if at := t.flow(i).stamp + after; at < due {
				kind, due = state(st), at
			}
		}
	}
	return kind, due
}

func (t *Table) fire(kind state) {
	switch kind {
	case waitingDue:
		i := t.waiting.head
		f := t.flow(i)
		t.stopWaiting(f)
		t.startWaiting(i, f)
		t.settle(i)
	case halfOpen:
		t.stats.HalfOpenAged++
		t.end(t.lists[halfOpen].head, capture.EndIdle, t.now)
	case open:
		t.stats.IdleAged++
		t.end(t.lists[open].head, capture.EndIdle, t.now)
	case closed:
		t.remove(t.lists[closed].head)
	}
}

// Flush ends the capture: what waits is handed on, with its gaps, and the
// connections are closed, the least recently active first, at most limit of
// them. It reports whether there are more, for another call.
func (t *Table) Flush(now int64, limit int) (more bool) {
	t.Advance(now)
	for _, st := range [...]state{halfOpen, open} {
		for ; t.lists[st].n > 0; limit-- {
			if limit == 0 {
				return true
			}
			t.end(t.lists[st].head, capture.EndCapture, t.now)
		}
	}
	for t.lists[closed].n > 0 {
		t.remove(t.lists[closed].head)
	}
	return false
}
