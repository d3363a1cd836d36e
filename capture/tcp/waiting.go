package tcp

import "mailsensor/capture"

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

// release hands on what has become due in both directions; what one of them
// waited for may be what the other brings.
func (t *Table) release(i uint32, f *flow) {
	for moved := true; moved && f.pages > 0; {
		moved = false
		for d := range f.half {
			for t.releaseHead(i, f, capture.Dir(d)) {
				moved = true
			}
		}
	}
}

func (t *Table) releaseHead(i uint32, f *flow, d capture.Dir) bool {
	h, o := &f.half[d], &f.half[d^1]
	if h.head == 0 || f.state != open {
		return false
	}
	p := t.pool.pages[h.head]
	n := ahead(p.seq, h.nxt)
	if n > 0 {
		return false
	}
	if mustWait(o, p.ack, p.need) && !t.absent(i, f, d^1, p.t, p.need) {
		return false
	}
	k := t.unlinkHead(h) // first, so that a handler that stops does not count it again
	old := min(uint32(-n), p.n)
	h.tot.Retransmitted += uint64(old)
	t.deliver(i, f, d, p.t, t.pool.payload(k)[old:])
	if cut := p.cut - min(uint32(-n)-old, p.cut); h.stopped {
		t.countOnly(h, h.nxt, cut)
	} else {
		t.cutGap(i, f, d, p.t, cut)
	}
	t.giveBack(f, k)
	if p.end {
		t.finish(h)
	}
	return true
}

// settle does what is due in a flow after a packet or a timeout: hands on,
// declares holes that were waited for long enough, and ends the connection.
func (t *Table) settle(i uint32) {
	f := t.flow(i)
	t.release(i, f)
	for d := capture.ToServer; f.state == open && f.pages > 0 && d <= capture.ToClient; {
		if t.overdue(f, d) {
			t.forceHead(i, f, d)
			d = capture.ToServer
		} else {
			d++
		}
	}
	t.conclude(i, f)
}

// conclude ends a connection whose streams have ended.
func (t *Table) conclude(i uint32, f *flow) {
	c, s := &f.half[0], &f.half[1]
	switch {
	case f.state > open:
	case c.done && c.ending == endRST || s.done && s.ending == endRST:
		t.end(i, capture.EndRST, f.last)
	case c.done && s.done:
		t.end(i, capture.EndFIN, f.last)
	}
}

// overdue reports whether the first page of a direction has waited long enough.
func (t *Table) overdue(f *flow, d capture.Dir) bool {
	h, o := &f.half[d], &f.half[d^1]
	if h.head == 0 {
		return false
	}
	p := &t.pool.pages[h.head]
	packets, after := f.packets-p.at, t.now-p.seen
	missing := ahead(p.seq, h.nxt) > 0
	switch {
	case !missing, o.acks && ahead(o.acked, p.seq) >= 0, p.end && h.ending == endRST:
		return packets >= gapPackets || after >= gapTime
	case o.tot.Packets == 0 || o.absent:
		return packets >= onePackets || after >= oneTime
	}
	return after >= openTime
}

// force gives up the hole that the older first page of the flow waits for.
func (t *Table) force(i uint32) {
	f := t.flow(i)
	d := capture.ToServer
	a, b := f.half[0].head, f.half[1].head
	if a == 0 || b != 0 && f.packets-t.pool.pages[b].at > f.packets-t.pool.pages[a].at {
		d = capture.ToClient
	}
	t.forceHead(i, f, d)
}

// forceHead gives up what the first page of direction d waits for.
func (t *Table) forceHead(i uint32, f *flow, d capture.Dir) {
	h, o := &f.half[d], &f.half[d^1]
	p := &t.pool.pages[h.head]
	if n := ahead(p.seq, h.nxt); n > 0 {
		t.gap(i, f, d, p.t, uint32(n))
	} else if o.head != 0 && ahead(t.pool.pages[o.head].seq, o.nxt) <= 0 {
		p.ack = false // each waits for the other
	} else {
		t.forceOther(i, f, d^1, p)
	}
	t.release(i, f)
}

// forceOther gives up octets of stream d that a page of the other one proves to
// exist.
func (t *Table) forceOther(i uint32, f *flow, d capture.Dir, p *page) {
	h := &f.half[d]
	n := ahead(p.need, h.nxt)
	if h.head != 0 {
		n = min(n, ahead(t.pool.pages[h.head].seq, h.nxt))
	}
	switch {
	case !p.ack || n <= 0:
		p.ack = false
	case h.tot.Packets == 0:
		h.absent, h.firm = true, false
		h.nxt += uint32(n)
	default:
		if h.silent++; h.silent >= silentAfter {
			h.absent = true
		}
		t.gap(i, f, d, p.t, uint32(n))
	}
}
