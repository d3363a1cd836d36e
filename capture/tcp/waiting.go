package tcp

import (
	"bytes"

	"mailsensor/capture"
)

// insert puts the pieces of a segment that no page has yet between the pages of
// its direction. The caller has made sure of pages for the whole of it; pieces
// beyond that are dropped and counted.
func (t *Table) insert(i uint32, f *flow, d capture.Dir, s *capture.Segment, seq uint32, b []byte, cut uint32) {
	h := &f.half[d]
	prev, cur := t.place(h, seq)
	for cur != 0 && len(b) > 0 {
		p := &t.pool.pages[cur]
		if ahead(p.seq, seq) > 0 {
			n := min(uint32(ahead(p.seq, seq)), uint32(len(b)))
			prev = t.fill(i, f, h, s, prev, seq, b[:n])
			seq, b = seq+n, b[n:]
			p = &t.pool.pages[cur] // fill may have grown the slab
		}
		from := uint32(ahead(seq, p.seq)) // octets of p before seq
		if len(b) > 0 && from < p.n {
			n := min(p.n-from, uint32(len(b)))
			t.compare(h, t.pool.payload(cur)[from:from+n], b[:n])
			p.sentWith(s)
			seq, b = seq+n, b[n:]
		}
		if len(b) > 0 {
			prev, cur = cur, p.next
		}
	}
	if len(b) > 0 || cut > 0 {
		last := t.fill(i, f, h, s, prev, seq, b)
		if last != prev {
			t.pool.pages[last].cut = cut
		}
	}
}

// place finds the last page that begins at or before seq, and the first one to
// look at from there. Most segments come behind all pages.
func (t *Table) place(h *half, seq uint32) (prev, cur uint32) {
	if h.tail != 0 && ahead(seq, t.pool.pages[h.tail].until()) >= 0 {
		return h.tail, 0
	}
	for cur = h.head; cur != 0; cur = t.pool.pages[cur].next {
		if ahead(t.pool.pages[cur].until(), seq) > 0 || ahead(t.pool.pages[cur].seq, seq) > 0 {
			break
		}
		prev = cur
	}
	return prev, cur
}

// fill copies b into new pages behind prev and returns the last of them. An
// empty b takes one page, for what a page can say beside its octets.
func (t *Table) fill(i uint32, f *flow, h *half, s *capture.Segment, prev, seq uint32, b []byte) uint32 {
	for first := true; first || len(b) > 0; first = false {
		if t.pool.left() == 0 {
			t.stats.PagesDropped++
			break
		}
		k := t.pool.get()
		t.stats.PeakPages = max(t.stats.PeakPages, uint64(t.pool.used))
		n := copy(t.pool.buf(k), b)
		t.pool.pages[k] = page{
			seq: seq, n: uint32(n), at: f.packets, seen: t.now, t: s.Time,
			need: s.Ack, ack: s.Flags&capture.ACK != 0,
		}
		seq, b = seq+uint32(n), b[n:]
		t.link(h, prev, k)
		prev = k
		if f.pages++; f.pages == 1 {
			t.startWaiting(i, f)
		}
	}
	return prev
}

func (t *Table) link(h *half, prev, k uint32) {
	p := &t.pool.pages[k]
	if prev == 0 {
		p.next = h.head
		h.head = k
	} else {
		p.next = t.pool.pages[prev].next
		t.pool.pages[prev].next = k
	}
	if p.next == 0 {
		h.tail = k
	}
}

// unlinkHead takes the first page of a direction out of its list.
func (t *Table) unlinkHead(h *half) uint32 {
	k := h.head
	if h.head = t.pool.pages[k].next; h.head == 0 {
		h.tail = 0
	}
	return k
}

func (t *Table) giveBack(f *flow, k uint32) {
	t.pool.put(k)
	if f.pages--; f.pages == 0 {
		t.stopWaiting(f)
	}
}

// waitEnd notes where a stream ends. If octets before it are missing, the end
// waits like they would, as an empty page. It reports false when there was none.
func (t *Table) waitEnd(i uint32, d capture.Dir, s *capture.Segment, end uint32, kind ending) bool {
	f := t.flow(i)
	h := &f.half[d]
	if h.tail != 0 && ahead(t.pool.pages[h.tail].until()+t.pool.pages[h.tail].cut, end) > 0 {
		return false // an end before what came already is not believed
	}
	if kind == endFIN {
		h.tot.FIN = true
		if ahead(end, h.nxt) < 0 {
			return false
		}
		if f.pages == 0 && f.state == open && end == h.nxt || h.stopped {
			h.ending, h.end = kind, end
			t.finish(h)
			return true
		}
	}
	if t.pool.left() == 0 || int(f.pages) >= t.opt.MaxFlowPages {
		t.stats.PagesDropped++
		return false
	}
	h.ending, h.end = kind, end
	k := t.fill(i, f, h, s, h.tail, end, nil)
	t.pool.pages[k].end = true
	t.pool.pages[k].ack = false
	return true
}

// compare counts an overlap with a waiting page, and whether its bytes differ.
func (t *Table) compare(h *half, held, came []byte) {
	h.tot.Retransmitted += uint64(len(came))
	if !bytes.Equal(held, came) {
		h.tot.Conflicts++
		t.stats.Conflicts++
	}
}
