package tcp

import "mailsensor/capture"

// payload puts a segment's octets, and its FIN, in their place.
func (t *Table) payload(i uint32, d capture.Dir, s *capture.Segment) {
	f := t.flow(i)
	h := &f.half[d]
	seq, b, cut := s.Seq, s.Payload, s.Cut
	if s.Flags&capture.SYN != 0 {
		seq++
	}
	fin := s.Flags&(capture.FIN|capture.SYN) == capture.FIN
	if n := ahead(seq, h.nxt); n == -1 && s.Len() <= 1 && s.Flags&(capture.SYN|capture.FIN) == 0 {
		t.stats.KeepAlives++ // RFC 9293, section 3.8.4: its octet is garbage
		return
	}
	if s.Len() == 0 && !fin {
		return
	}
	if n := ahead(seq, h.nxt); (n > maxJump || n < -maxJump) && !t.strange(i, f, d, s) {
		return
	}
	h.odds = 0
	end := seq + uint32(s.Len())
	if h.ending != noEnd {
		if over := ahead(end, h.end); over > 0 {
			t.stats.AfterFIN++
			fin = false
			lost := min(uint32(over), cut)
			cut -= lost
			b = b[:max(0, len(b)-int(uint32(over)-lost))]
		}
	}
	if h.stopped {
		t.countOnly(h, seq, uint32(len(b))+cut)
	} else if len(b) > 0 || cut > 0 {
		t.accept(i, d, s, seq, b, cut)
	}
	if fin && h.ending == noEnd {
		t.waitEnd(i, d, s, end, endFIN)
	}
}

// strange takes a segment far from where its stream is. It is dropped, unless
// it agrees with those before it: then the stream goes on there.
func (t *Table) strange(i uint32, f *flow, d capture.Dir, s *capture.Segment) (resynced bool) {
	h := &f.half[d]
	t.stats.Strange++
	if n := ahead(s.Seq, h.odd); n < 0 || n > 1<<18 {
		h.odds = 0
	}
	h.odd = s.Seq + uint32(s.Len())
	if h.odds++; h.odds < resyncAfter || s.Len() == 0 {
		return false
	}
	if f.state != open {
		return false
	}
	t.stats.Resyncs++
	for h.head != 0 {
		t.force(i)
	}
	h.ending, h.done = noEnd, false
	t.gap(i, f, d, s.Time, s.Seq-h.nxt)
	return true
}

// accept hands payload on, or lets it wait.
func (t *Table) accept(i uint32, d capture.Dir, s *capture.Segment, seq uint32, b []byte, cut uint32) {
	f := t.flow(i)
	h, o := &f.half[d], &f.half[d^1]
	ack := s.Flags&capture.ACK != 0
	if ack {
		t.absent(i, f, d^1, s.Time, s.Ack)
	}
	switch n := ahead(seq, h.nxt); {
	case n > 0 && t.follows(h, seq), n <= 0 && mustWait(o, ack, s.Ack):
		t.stats.Held++
	case n > 0:
		h.tot.OutOfOrder++
		t.stats.OutOfOrder++
	}
	for first := true; ; first = false {
		old := min(uint32(max(0, -ahead(seq, h.nxt))), uint32(len(b))+cut)
		if first {
			h.tot.Retransmitted += uint64(old)
		}
		seq += old
		oldData := min(old, uint32(len(b)))
		b, cut = b[oldData:], cut-(old-oldData)
		if len(b) == 0 && cut == 0 {
			return
		}
		left := t.pool.left()
		if f.state == halfOpen || f.fresh { // floods with payload must not take all pages
			left -= t.pool.max / 2
		}
		room := min(t.opt.MaxFlowPages-int(f.pages), left)
		switch {
		case f.state == open && !f.fresh && seq == h.nxt && !mustWait(o, ack, s.Ack) && t.clear(h, seq+uint32(len(b))+cut):
			t.handOn(i, f, d, s.Time, b, cut)
			return
		case room >= len(b)/PageSize+2:
			t.insert(i, f, d, s, seq, b, cut)
			return
		case f.pages > 0 && f.state == open:
			t.stats.ForcedGaps++
			t.force(i)
			if h.stopped {
				t.countOnly(h, seq, uint32(len(b))+cut)
				return
			}
		case f.state == halfOpen:
			t.stats.PagesDropped++
			return
		default:
			t.stats.ForcedGaps++
			t.gap(i, f, d, s.Time, seq-h.nxt)
			t.handOn(i, f, d, s.Time, b, cut)
			return
		}
	}
}

// follows reports whether seq is what comes behind the last waiting page: then
// the segment is in its turn among those that wait.
func (t *Table) follows(h *half, seq uint32) bool {
	if h.tail == 0 {
		return false
	}
	p := &t.pool.pages[h.tail]
	return seq == p.until()+p.cut
}

// clear reports whether no waiting page lies before until.
func (t *Table) clear(h *half, until uint32) bool {
	return h.head == 0 || ahead(t.pool.pages[h.head].seq, until) >= 0
}
