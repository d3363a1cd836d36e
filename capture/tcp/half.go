package tcp

import (
	"bytes"

	"mailsensor/capture"
)

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
	t.stats.Resyncs++
	if f.state != open {
		return false
	}
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
	if n := ahead(seq, h.nxt); n > 0 {
		h.tot.OutOfOrder++
		t.stats.OutOfOrder++
	} else if mustWait(o, ack, s.Ack) {
		if !t.absent(i, f, d^1, s.Time, s.Ack) {
			t.stats.Held++
		}
	}
	for first := true; ; first = false {
		if n := ahead(seq, h.nxt); n < 0 {
			old := min(uint32(-n), uint32(len(b)))
			oldCut := min(uint32(-n)-old, cut)
			if first {
				h.tot.Retransmitted += uint64(old) + uint64(oldCut)
			}
			b, cut = b[old:], cut-oldCut
			seq += old + oldCut
			if len(b) == 0 && cut == 0 {
				return
			}
		}
		left := t.pool.left()
		if f.state == halfOpen { // data in forged SYNs must not take all pages
			left -= t.pool.max / 2
		}
		room := min(t.opt.MaxFlowPages-int(f.pages), left)
		switch {
		case f.state == open && seq == h.nxt && !mustWait(o, ack, s.Ack) && t.clear(h, seq+uint32(len(b))+cut):
			t.deliver(i, f, d, s.Time, b)
			t.cutGap(i, f, d, s.Time, cut)
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
			if h.stopped {
				t.countOnly(h, seq, uint32(len(b))+cut)
				return
			}
			t.deliver(i, f, d, s.Time, b)
			t.cutGap(i, f, d, s.Time, cut)
			return
		}
	}
}

// clear reports whether no waiting page lies before until.
func (t *Table) clear(h *half, until uint32) bool {
	return h.head == 0 || ahead(t.pool.pages[h.head].seq, until) >= 0
}

// absent moves the stream of a side that is not in the capture along with what
// the other side acknowledges. It reports whether the side is absent.
func (t *Table) absent(i uint32, f *flow, d capture.Dir, at int64, ack uint32) bool {
	h := &f.half[d]
	switch {
	case !h.absent || h.head != 0:
		return false
	case h.tot.Packets == 0: // one-sided: nothing of it is expected
		h.nxt = ack
	default:
		t.gap(i, f, d, at, ack-h.nxt)
	}
	return true
}

// deliver hands payload on.
func (t *Table) deliver(i uint32, f *flow, d capture.Dir, at int64, b []byte) {
	if len(b) == 0 {
		return
	}
	h := &f.half[d]
	h.nxt += uint32(len(b))
	h.tot.Bytes += uint64(len(b))
	hd := t.handlerOf(i)
	if *hd == nil {
		t.open(i, f, hd)
	}
	if !(*hd).Data(d, at, b) {
		t.stop(f, d)
	}
}

// gap hands on that n octets will never come.
func (t *Table) gap(i uint32, f *flow, d capture.Dir, at int64, n uint32) {
	if n == 0 {
		return
	}
	h := &f.half[d]
	h.nxt += n
	h.tot.GapBytes += uint64(n)
	h.tot.Gaps++
	t.stats.Gaps++
	t.stats.GapBytes += uint64(n)
	hd := t.handlerOf(i)
	if *hd == nil {
		t.open(i, f, hd)
	}
	for !h.stopped && n > 0 {
		k := min(n, maxGap)
		n -= k
		if !(*hd).Gap(d, at, int(k)) {
			t.stop(f, d)
		}
	}
}

// cutGap declares what the snap length took, as far as no page has it.
func (t *Table) cutGap(i uint32, f *flow, d capture.Dir, at int64, cut uint32) {
	h := &f.half[d]
	if cut > 0 && h.head != 0 {
		cut = min(cut, uint32(max(0, ahead(t.pool.pages[h.head].seq, h.nxt))))
	}
	t.gap(i, f, d, at, cut)
}

func (t *Table) open(i uint32, f *flow, hd *capture.StreamHandler) {
	low, high := f.key.AddrPorts()
	c := capture.Conn{ID: f.id, Client: low, Server: high, Start: f.start, Handshake: f.handshake}
	if !f.lowClient {
		c.Client, c.Server = high, low
	}
	t.stats.Connections++
	*hd = t.opener(c)
}

// stop ends the reassembly of a direction: from here on it is only counted.
func (t *Table) stop(f *flow, d capture.Dir) {
	h := &f.half[d]
	h.stopped = true
	for h.head != 0 {
		p := t.pool.pages[h.head]
		if p.n > 0 || p.cut > 0 {
			t.countOnly(h, p.seq, p.n+p.cut)
		}
		t.giveBack(f, t.unlinkHead(h))
	}
	t.finish(h)
}

// finish passes the end of the stream, if that is what comes next. A stopped
// stream does not wait for what is missing before it.
func (t *Table) finish(h *half) {
	if h.ending == noEnd || h.done {
		return
	}
	if n := ahead(h.end, h.nxt); h.stopped && n > 0 {
		t.openHole(h, h.end)
	}
	if h.nxt != h.end {
		return
	}
	h.done = true
	if h.ending == endFIN {
		h.nxt++
	}
}

// openHole moves a stopped stream on to seq; what is skipped counts as missing
// until it comes.
func (t *Table) openHole(h *half, seq uint32) {
	h.holeLo, h.holeHi = h.nxt, seq
	t.countGap(h, int64(seq-h.nxt), 1)
	h.nxt = seq
}

// countOnly counts n octets of a stopped stream. One hole is remembered, so
// that common reordering is counted right.
func (t *Table) countOnly(h *half, seq, n uint32) {
	if n == 0 {
		return
	}
	k := ahead(seq, h.nxt)
	if k > 0 {
		h.tot.OutOfOrder++
		t.openHole(h, seq)
	} else if k < 0 {
		old := min(uint32(-k), n)
		fill := t.fillHole(h, seq, seq+old)
		h.tot.Bytes += uint64(fill)
		h.tot.Retransmitted += uint64(old - fill)
		n -= old
	}
	h.tot.Bytes += uint64(n)
	h.nxt += n
}

func (t *Table) countGap(h *half, octets int64, gaps int) {
	h.tot.GapBytes += uint64(octets)
	h.tot.Gaps += uint32(gaps)
	t.stats.GapBytes += uint64(octets)
	t.stats.Gaps += uint64(gaps)
}

// fillHole takes [lo, hi) out of the remembered hole and returns how much of it
// was missing. What lies in front of it stays missing for good.
func (t *Table) fillHole(h *half, lo, hi uint32) uint32 {
	if ahead(lo, h.holeLo) < 0 {
		lo = h.holeLo
	}
	if ahead(hi, h.holeHi) > 0 {
		hi = h.holeHi
	}
	n := ahead(hi, lo)
	if n <= 0 || h.holeLo == h.holeHi {
		return 0
	}
	whole := lo == h.holeLo && hi == h.holeHi
	switch {
	case hi == h.holeHi && !whole:
		h.holeHi = lo
	default:
		h.holeLo = hi
	}
	gaps := 0
	if whole {
		gaps = -1
	}
	t.countGap(h, -int64(n), gaps)
	return uint32(n)
}

// compare counts an overlap with a waiting page, and whether its bytes differ.
func (t *Table) compare(h *half, held, came []byte) {
	h.tot.Retransmitted += uint64(len(came))
	if !bytes.Equal(held, came) {
		h.tot.Conflicts++
		t.stats.Conflicts++
	}
}
