package habits

import (
	"net/netip"

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
	window      int64
	first, last int64 // times
	packets     detectors.Span
	flows       [maxFlows]flow
	n           int
	left        uint64 // events over other connections
	told        uint64 // of these, in alerts
}

// flow is a connection.
type flow struct {
	head   protocols.Head // of its first event: no more than its place and its connection
	client netip.Addr
}

// note remembers an event of a host or a person.
func (t *Tracker) note(id uint64, h *protocols.Head) {
	tr := t.traces.Get(id)
	if tr == nil {
		tr = t.traces.Insert(id)
		tr.window = -1
	}
	if tr.window != t.window {
		tr.window, tr.n, tr.left, tr.told, tr.first, tr.packets.First = t.window, 0, 0, 0, h.Time, h.Pos.Index
	}
	tr.last, tr.packets.Last = max(h.Time, tr.first), h.Pos.Index
	for i := tr.n - 1; i >= 0; i-- {
		if tr.flows[i].head.Conn.ID == h.Conn.ID {
			return
		}
	}
	if tr.n == maxFlows {
		tr.left++
		return
	}
	tr.flows[tr.n] = flow{protocols.Head{Pos: h.Pos, Time: h.Time, Conn: h.Conn, Protocol: h.Protocol}, h.Client()}
	tr.n++
}

// show makes it evidence of an alert.
func (tr *trace) show(a *detectors.Alert) {
	for i := range tr.n {
		a.Saw(&tr.flows[i].head)
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
