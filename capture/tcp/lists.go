package tcp

import (
	"math"

	"mailsensor/capture"
)

// list is an intrusive list of flows in the order of their stamps.
type list struct {
	head, tail uint32
	n          int
}

func (t *Table) pushBack(l *list, i uint32) {
	f := t.flow(i)
	f.prev, f.next = l.tail, 0
	if l.tail != 0 {
		t.flow(l.tail).next = i
	} else {
		l.head = i
	}
	l.tail = i
	l.n++
}

func (t *Table) unlink(l *list, i uint32) {
	f := t.flow(i)
	if f.prev != 0 {
		t.flow(f.prev).next = f.next
	} else {
		l.head = f.next
	}
	if f.next != 0 {
		t.flow(f.next).prev = f.prev
	} else {
		l.tail = f.prev
	}
	l.n--
}

// touch moves an active flow to the young end of its list. It is called once in
// touchEvery a flow, so the order is that coarse, and costs nothing a packet.
// Half-open and closed flows keep the place of their first packet there.
func (t *Table) touch(i uint32, f *flow) {
	if f.state != open {
		return
	}
	t.unlink(&t.lists[open], i)
	f.stamp = t.now
	t.pushBack(&t.lists[open], i)
}

// move gives the flow another state.
func (t *Table) move(i uint32, f *flow, st state) {
	t.unlink(&t.lists[f.state], i)
	f.state, f.stamp = st, t.now
	t.pushBack(&t.lists[st], i)
}

func (t *Table) startWaiting(i uint32, f *flow) {
	f.wstamp = t.now
	f.wprev, f.wnext = t.waiting.tail, 0
	if t.waiting.tail != 0 {
		t.flow(t.waiting.tail).wnext = i
	} else {
		t.waiting.head = i
	}
	t.waiting.tail = i
	t.waiting.n++
}

func (t *Table) stopWaiting(f *flow) {
	if f.wprev != 0 {
		t.flow(f.wprev).wnext = f.wnext
	} else {
		t.waiting.head = f.wnext
	}
	if f.wnext != 0 {
		t.flow(f.wnext).wprev = f.wprev
	} else {
		t.waiting.tail = f.wprev
	}
	t.waiting.n--
}

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

// The kinds of timeout beside those of the states.
const waitingDue = states

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

// Flush ends the capture: what waits is handed on, with its gaps, and all
// connections are closed, the least recently active first.
func (t *Table) Flush(now int64) {
	t.Advance(now)
	for _, st := range [...]state{halfOpen, open} {
		for t.lists[st].n > 0 {
			t.end(t.lists[st].head, capture.EndCapture, t.now)
		}
	}
	for t.lists[closed].n > 0 {
		t.remove(t.lists[closed].head)
	}
}
