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
