package habits

import (
	"net/netip"

	"mailsensor/capture"
	"mailsensor/detectors"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Bounds of what is remembered as evidence.
const (
	maxTraces = 1 << 13
	maxFlows  = 8
)

// trace is what a host or a person did in the window it was last seen in: evidence,
// should the window prove unusual.
type trace struct {
	id          uint64
	window      int64
	first, last int64 // times
	packets     detectors.Span
	flow        flow   // the first; most have no other
	more        []flow // its room is kept for whoever has the trace next
	n           int
	left        uint64 // events over other connections
	told        uint64 // of these, in alerts
}

func (tr *trace) at(i int) *flow {
	if i == 0 {
		return &tr.flow
	}
	return &tr.more[i-1]
}

// flow is a connection, by its first event.
type flow struct {
	pos      protocols.Position
	time     int64
	conn     capture.Conn
	protocol string
	client   netip.Addr
}

// note remembers an event of a host or a person, whose trace last is perhaps still, and
// returns the trace.
func (t *Tracker) note(last *trace, id uint64, h *protocols.Head) *trace {
	tr := last
	if tr == nil || tr.id != id || tr.window != t.window { // it may be another's by now
		if tr = t.traces.Get(id); tr == nil {
			tr = t.traces.Insert(id)
			tr.id, tr.window = id, -1
		}
	}
	if tr.window != t.window {
		tr.window, tr.n, tr.left, tr.told, tr.first, tr.packets.First = t.window, 0, 0, 0, h.Time, h.Pos.Index
	}
	tr.last, tr.packets.Last = max(h.Time, tr.first), h.Pos.Index
	for i := tr.n - 1; i >= 0; i-- {
		if tr.at(i).conn.ID == h.Conn.ID {
			return tr
		}
	}
	if tr.n == maxFlows {
		tr.left++
		return tr
	}
	*tr.next() = flow{h.Pos, h.Time, h.Conn, h.Protocol, h.Client()}
	return tr
}

// fewFlows is how many connections more than one most have that have any more.
const fewFlows = 3

// next is room for another flow, of maxFlows at most.
func (tr *trace) next() *flow {
	if tr.n > len(tr.more) { // the first is not among them
		room := fewFlows
		if tr.n > fewFlows {
			room = maxFlows - 1
		}
		more := make([]flow, room)
		copy(more, tr.more)
		tr.more = more
	}
	tr.n++
	return tr.at(tr.n - 1)
}

// show makes it evidence of an alert.
func (tr *trace) show(a *detectors.Alert) {
	for i := range tr.n {
		f := tr.at(i)
		a.Saw(&protocols.Head{Pos: f.pos, Time: f.time, Conn: f.conn, Protocol: f.protocol})
	}
	if a.Packets == nil {
		a.Packets = &detectors.Span{First: tr.packets.First}
	}
	a.Packets.Last = max(a.Packets.Last, tr.packets.Last)
	a.First, a.Last = detectors.Time(tr.first), detectors.Time(tr.last)
	a.FlowsLeft += tr.left - tr.told
	tr.told = tr.left
}

func newTraces() *recent.Table[uint64, trace] { return recent.New[uint64, trace](maxTraces) }
