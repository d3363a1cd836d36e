package tcp

import "mailsensor/capture"

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
	if h.head == 0 || f.state != open || f.fresh {
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
	cut := p.cut - min(uint32(-n)-old, p.cut)
	t.handOn(i, f, d, p.t, t.pool.payload(k)[old:], cut)
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
	f.fresh = false
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
