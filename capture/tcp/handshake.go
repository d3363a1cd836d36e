package tcp

import "mailsensor/capture"

// late takes what comes for a connection that is over. It is absorbed, unless it
// begins a new connection, or shows that the old one goes on: that happens when
// the FIN or RST was forged, and never reached the endpoints.
func (t *Table) late(i uint32, f *flow, d capture.Dir, s *capture.Segment) {
	h := &f.half[d]
	if s.Flags&capture.SYN != 0 && s.Flags&capture.RST == 0 && s.Seq != h.isn {
		t.restart(i, s)
		return
	}
	t.stats.Late++
	if s.Flags&(capture.SYN|capture.RST) != 0 || s.Len() == 0 {
		return
	}
	if n := ahead(s.Seq, h.nxt); !h.known || n < 0 || n > maxJump {
		return
	}
	h.nxt = s.Seq + uint32(s.Len())
	if h.odds++; h.odds >= reviveAfter {
		t.stats.Revived++
		t.restart(i, s)
	}
}

// restart forgets a closed flow and begins a new one with the segment.
func (t *Table) restart(i uint32, s *capture.Segment) {
	t.remove(i)
	t.general(t.create(s), s)
}

// handshake takes a SYN or SYN-ACK for a flow and returns the flow it belongs
// to, which is another one if the ports were taken for a new connection.
func (t *Table) handshake(i uint32, s *capture.Segment) uint32 {
	f := t.flow(i)
	d := f.dir(s.FromLow)
	h := &f.half[d]
	back := ahead(s.Seq+1, h.nxt)
	switch {
	case !h.firm, f.state == halfOpen && f.half[d^1].tot.SYN && s.Flags&capture.ACK != 0 && h.head == 0:
		h.isn, h.nxt, h.known, h.firm = s.Seq, s.Seq+1, true, true
	case s.Seq == h.isn: // again
	case !h.tot.SYN && back <= 0 && back > -(1<<16): // of this connection, behind its first data
	default:
		if f.state == open {
			t.stats.Reused++
		}
		t.end(i, capture.EndReused, s.Time)
		i = t.create(s)
		f = t.flow(i)
		d = f.dir(s.FromLow)
		h = &f.half[d]
		h.isn, h.nxt, h.known, h.firm = s.Seq, s.Seq+1, true, true
	}
	client := d == capture.ToServer
	if !f.handshake {
		f.handshake = true
		if client == (s.Flags&capture.ACK != 0) && *t.handlerOf(i) == nil {
			f.swap()
			h = &f.half[d^1]
		}
	}
	h.tot.SYN = true
	return i
}

// begin sets where a stream starts of which no SYN was seen: at its first
// segment. Where the handshake of the other side was seen, the first
// acknowledgement named the start, and what is missing since then is a hole.
// The payload that begins a flow waits for the flow's second packet: in a
// reordered capture that may be the handshake, or the payload before it.
func (h *half) begin(f *flow, s *capture.Segment) {
	n := ahead(s.Seq, h.nxt)
	if h.firm && f.fresh && n < 0 && n >= -nearRST && s.Len() > 1 {
		h.firm = false // the first packet was not the first one sent
	}
	if h.firm || s.Flags&capture.RST != 0 {
		return
	}
	keepAlive := h.known && n == -1 && s.Len() <= 1
	hole := h.known && n > 0 && n < maxJump && f.handshake && !h.absent
	if !keepAlive && !hole {
		h.nxt = s.Seq
		h.isn = s.Seq - 1
	}
	h.known, h.firm = true, true
}

// reset ends a connection at a RST that its receiver would take, once what was
// sent before it has been handed on.
func (t *Table) reset(i uint32, f *flow, d capture.Dir, s *capture.Segment) {
	h, o := &f.half[d], &f.half[d^1]
	n := ahead(s.Seq, h.nxt)
	inWindow := h.known && n <= nearRST && n >= -nearRST
	if !h.firm && s.Flags&capture.ACK != 0 { // refused: RFC 9293, section 3.5.2, group 1
		a := ahead(s.Ack, o.nxt)
		inWindow = inWindow || a <= nearRST && a >= -nearRST
		n = min(n, 0)
	}
	if !inWindow {
		t.stats.Strange++
		t.stats.StrangeRST++
		return
	}
	h.tot.RST = true
	if f.state == open && h.ending == noEnd && !h.stopped && (n > 0 || f.pages > 0) {
		if t.waitEnd(i, d, s, h.nxt+uint32(max(n, 0)), endRST) {
			t.settle(i)
			return
		}
	}
	t.end(i, capture.EndRST, s.Time)
}
