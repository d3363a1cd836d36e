package tcp

import "mailsensor/capture"

// absent moves the stream of a side that is not in the capture along with what
// the other side acknowledges. It reports whether the side is absent.
func (t *Table) absent(i uint32, f *flow, d capture.Dir, at int64, ack uint32) bool {
	h := &f.half[d]
	switch {
	case !h.absent || h.head != 0 || !mustWait(h, true, ack):
		return false
	case h.tot.Packets == 0: // one-sided: nothing of it is expected
		h.nxt = ack
	default:
		t.gap(i, f, d, at, ack-h.nxt)
	}
	return true
}

// handOn hands on the payload that comes next, and what was cut behind it.
func (t *Table) handOn(i uint32, f *flow, d capture.Dir, at int64, b []byte, cut uint32) {
	h := &f.half[d]
	end := h.nxt + uint32(len(b))
	if h.stopped {
		t.countOnly(h, h.nxt, uint32(len(b))+cut)
		return
	}
	t.deliver(i, f, d, at, b)
	if h.stopped {
		t.countOnly(h, end, cut)
		return
	}
	if cut > 0 && h.head != 0 { // as far as no page has it
		cut = min(cut, uint32(max(0, ahead(t.pool.pages[h.head].seq, h.nxt))))
	}
	t.gap(i, f, d, at, cut)
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

func (t *Table) open(i uint32, f *flow, hd *capture.StreamHandler) {
	low, high := f.key.AddrPorts()
	c := capture.Conn{ID: f.id, Client: low, Server: high, Start: f.start, Handshake: f.handshake}
	if !f.lowClient {
		c.Client, c.Server = high, low
	}
	t.stats.Connections++
	*hd = t.opener(c)
}
