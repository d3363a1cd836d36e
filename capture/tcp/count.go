package tcp

import "mailsensor/capture"

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
