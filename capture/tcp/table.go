// Package tcp turns TCP segments into two ordered byte streams a connection: the
// connection table and reassembly. It exists because everything above it relies
// on what it promises, under bounded memory and at the speed of the wire:
//
//   - The first captured octet of a sequence number wins, across reordering,
//     retransmission, overlap and the wrap of the sequence numbers.
//   - What was lost is said, as a gap of exact length in its place. Data and gaps
//     tile each stream.
//   - The two streams are in causal order: a segment whose acknowledgement
//     covers octets that were not handed on yet waits for them, so that a reply
//     comes after its command even if the capture has them the other way round.
//   - What a table does depends on its own segments and calls of Advance only.
//
// Ownership: in-order payload goes to the handler as the slice of the frame it
// came in, and is borrowed until the call returns. Only what has to wait is
// copied, into fixed pages from the table's own supply. A Table is used from one
// goroutine; a program has one for each shard.
package tcp

import "mailsensor/capture"

const flowsPerChunk = 256

// Table is the connection table of one shard.
type Table struct {
	opt    Options
	opener func(capture.Conn) capture.StreamHandler
	stats  Stats

	now     int64
	begun   bool
	index   index
	flows   []*[flowsPerChunk]flow
	handler []*[flowsPerChunk]capture.StreamHandler // apart, so that the collector sees nothing else
	made    uint32                                  // flows in the slab that were ever used
	free    uint32
	lists   [states]list
	waiting list
	pool    pool
}

// New returns an empty table that asks open for a handler when the first
// payload of a connection is to be handed on.
func New(opt Options, open func(capture.Conn) capture.StreamHandler) *Table {
	t := &Table{opt: opt.withDefaults(), opener: open, index: newIndex()}
	t.pool.max = t.opt.MaxPages
	return t
}

// Stats returns the counters.
func (t *Table) Stats() Stats { return t.stats }

// Flows is the number of flows in the table, of any state.
func (t *Table) Flows() int { return t.index.used }

func (t *Table) flow(i uint32) *flow {
	return &t.flows[i/flowsPerChunk][i%flowsPerChunk]
}

func (t *Table) handlerOf(i uint32) *capture.StreamHandler {
	return &t.handler[i/flowsPerChunk][i%flowsPerChunk]
}

// Segment takes the next segment of the shard. It is borrowed.
func (t *Table) Segment(s *capture.Segment) {
	t.stats.Segments++
	t.see(s.Time)
	i := t.find(s)
	if i == 0 {
		if i = t.create(s); i == 0 {
			return
		}
	}
	f := t.flow(i)
	d := f.dir(s.FromLow)
	h, o := &f.half[d], &f.half[d^1]
	const marks = capture.SYN | capture.FIN | capture.RST
	if s.Seq != h.nxt || !h.firm || f.pages != 0 || f.state != open || h.ending != noEnd ||
		s.Flags&marks != 0 || s.Cut != 0 {
		t.general(i, s)
		return
	}
	if len(s.Payload) == 0 { // a bare acknowledgement: every third or fourth packet
		if !t.duplicate(f, h, s) {
			t.count(i, f, h, s)
			noteAck(h, o, s)
		}
		return
	}
	if mustWait(o, s.Flags&capture.ACK != 0, s.Ack) {
		t.general(i, s)
		return
	}
	h.remember(signature(s))
	t.count(i, f, h, s)
	noteAck(h, o, s)
	if h.stopped {
		h.nxt += uint32(len(s.Payload))
		h.tot.Bytes += uint64(len(s.Payload))
		return
	}
	t.deliver(i, f, d, s.Time, s.Payload)
}

// count notes that a packet of the flow came.
func (t *Table) count(i uint32, f *flow, h *half, s *capture.Segment) {
	if f.packets++; f.packets > 1 {
		f.fresh = false
	}
	h.tot.Packets++
	h.silent, h.absent = 0, false
	f.last = max(f.last, s.Time)
	if t.now-f.stamp >= touchEvery {
		t.touch(i, f)
	}
}

// create makes a flow for a segment that belongs to none, if it is one that may
// begin a flow: a handshake or payload.
func (t *Table) create(s *capture.Segment) uint32 {
	st := open
	switch {
	case s.Flags&capture.RST != 0:
		t.stats.Ghosts++
		return 0
	case s.Flags&capture.SYN != 0:
		st = halfOpen
	case s.Len() == 0:
		t.stats.Ghosts++
		return 0
	default:
		t.stats.Midstream++
	}
	t.makeSpace(st)
	i := t.newFlow()
	f := t.flow(i)
	*f = flow{key: s.Key, hash: uint32(s.Hash), state: st, id: s.Index, start: s.Time, last: s.Time, stamp: t.now}
	f.lowClient = lowIsClient(&s.Key)
	f.fresh = st == open
	t.index.insert(f.hash, i)
	t.stats.PeakFlows = max(t.stats.PeakFlows, uint64(t.index.used))
	t.pushBack(&t.lists[st], i)
	return i
}

func (t *Table) newFlow() uint32 {
	if i := t.free; i != 0 {
		t.free = t.flow(i).next
		return i
	}
	t.made++
	if int(t.made/flowsPerChunk) >= len(t.flows) {
		t.flows = append(t.flows, new([flowsPerChunk]flow))
		t.handler = append(t.handler, new([flowsPerChunk]capture.StreamHandler))
	}
	return t.made
}

// makeSpace evicts what is oldest where a bound is reached: half-open flows
// first, closed ones next, connections last.
func (t *Table) makeSpace(st state) {
	if st == halfOpen && t.lists[halfOpen].n >= t.opt.MaxHalfOpen {
		t.stats.EvictedHalf++
		t.end(t.lists[halfOpen].head, capture.EndEvicted, t.now)
		return
	}
	if t.index.used < t.opt.MaxFlows {
		return
	}
	switch {
	case t.lists[halfOpen].n > 0:
		t.stats.EvictedHalf++
		t.end(t.lists[halfOpen].head, capture.EndEvicted, t.now)
	case t.lists[closed].n > 0:
		t.stats.EvictedClosed++
		t.remove(t.lists[closed].head)
	default:
		t.stats.EvictedOpen++
		t.end(t.lists[open].head, capture.EndEvicted, t.now)
	}
}

// remove forgets a flow.
func (t *Table) remove(i uint32) {
	f := t.flow(i)
	t.unlink(&t.lists[f.state], i)
	t.index.remove(f.hash, i)
	*t.handlerOf(i) = nil
	f.state = states
	f.next = t.free
	t.free = i
}
