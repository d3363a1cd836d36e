package tcp

import "mailsensor/capture"

// general is the way of every segment that is not just the next payload of an
// open connection.
func (t *Table) general(i uint32, s *capture.Segment) {
	f := t.flow(i)
	d := f.dir(s.FromLow)
	if t.duplicate(f, &f.half[d], s) {
		return
	}
	if f.state == closed {
		t.late(i, f, d, s)
		return
	}
	if s.Flags&capture.SYN != 0 && s.Flags&capture.RST == 0 {
		if i = t.handshake(i, s); i == 0 {
			return
		}
		f = t.flow(i)
		d = f.dir(s.FromLow)
	} else {
		f.half[d].begin(f, s)
	}
	h, o := &f.half[d], &f.half[d^1]
	t.count(i, f, h, s)
	if s.Flags&capture.RST != 0 {
		t.reset(i, f, d, s)
		return
	}
	if f.state == halfOpen && s.Flags&capture.SYN == 0 {
		t.move(i, f, open)
	}
	noteAck(h, o, s)
	t.payload(i, d, s)
	t.settle(i)
}

// signature is what two captures of one packet have in common. Mixing in the
// flow's hash keeps a sender from choosing collisions.
func signature(s *capture.Segment) uint32 {
	const m = 0x9E3779B97F4A7C15
	x := s.Hash ^ (uint64(s.Seq)<<32 | uint64(s.Ack))
	x = (x ^ x>>29) * m
	x ^= uint64(s.ID)<<32 | uint64(s.Flags)<<24 | uint64(uint32(s.Len())&0xFFFFFF)
	x = (x ^ x>>32) * m
	return uint32(x>>32) | 1 // 0 is an empty place
}

func (h *half) remember(sig uint32) {
	h.recent[h.at%recentPackets] = sig
	h.at++
}

// duplicate reports whether the packet is one of the last of its direction,
// captured again at another port of the mirror or behind a router. It has the
// same IP identification then. Where there is none (IPv6, or an IPv4 stack that
// leaves it 0), a segment that occupies sequence space is taken for the same
// packet if it comes within sameTime; bare acknowledgements are not judged,
// since honest receivers repeat them. A segment with the very next payload is
// never a duplicate, whatever its signature.
func (t *Table) duplicate(f *flow, h *half, s *capture.Segment) bool {
	sig := signature(s)
	same := false
	for _, r := range h.recent {
		same = same || r == sig
	}
	if same && s.ID == 0 {
		consumes := s.Len() > 0 || s.Flags&(capture.SYN|capture.FIN|capture.RST) != 0
		same = consumes && s.Time-f.last <= sameTime
	}
	news := s.Len() > 0 && s.Seq == h.nxt && t.clear(h, s.Seq+1)
	if same && !news {
		h.tot.Duplicates++
		t.stats.Duplicates++
		return true
	}
	h.remember(sig)
	return false
}

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
func (h *half) begin(f *flow, s *capture.Segment) {
	if h.firm || s.Flags&capture.RST != 0 {
		return
	}
	n := ahead(s.Seq, h.nxt)
	keepAlive := h.known && n == -1 && s.Len() <= 1
	hole := h.known && n > 0 && n < maxJump && f.handshake && !h.absent
	if !keepAlive && !hole {
		h.nxt = s.Seq
		h.isn = s.Seq - 1
	}
	h.known, h.firm = true, true
}

// noteAck keeps what the sender says it has received.
func noteAck(h, o *half, s *capture.Segment) {
	if s.Flags&capture.ACK == 0 {
		return
	}
	if !o.known {
		o.known = true
		o.nxt, o.isn = s.Ack, s.Ack-1
		// A SYN-ACK names the start of the client's stream for certain.
		o.firm = s.Flags&capture.SYN != 0
	}
	n := ahead(s.Ack, o.nxt)
	if n > maxJump || n < -maxJump {
		return
	}
	if !h.acks || ahead(s.Ack, h.acked) > 0 {
		h.acks, h.acked = true, s.Ack
	}
}

// mustWait reports whether a segment with this acknowledgement has to wait for
// the stream o that it acknowledges.
func mustWait(o *half, has bool, ack uint32) bool {
	n := ahead(ack, o.nxt)
	return n > 0 && has && o.known && !o.stopped && n <= maxJump
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
