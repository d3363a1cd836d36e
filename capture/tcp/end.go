package tcp

import "mailsensor/capture"

// end closes a connection: what waits is handed on, with the holes before it,
// then the handler is told. A connection that ended by itself stays for a while,
// to absorb what still comes.
func (t *Table) end(i uint32, why capture.EndReason, at int64) {
	f := t.flow(i)
	if f.state == halfOpen {
		t.drop(f)
	}
	for f.pages > 0 {
		t.force(i)
	}
	if f.state == open {
		t.tailGaps(i, f)
	}
	hd := t.handlerOf(i)
	if *hd == nil {
		t.stats.Empty++
		t.remove(i)
		return
	}
	tot := capture.Totals{Half: [2]capture.HalfTotals{f.half[0].tot, f.half[1].tot}, End: why, Start: f.start, Last: f.last}
	if tot.OneSided() {
		t.stats.OneSided++
	}
	h := *hd
	*hd = nil
	if why == capture.EndFIN || why == capture.EndRST {
		f.half[0].odds, f.half[1].odds = 0, 0
		t.move(i, f, closed)
	} else {
		t.remove(i)
	}
	h.Close(at, tot)
}

// drop gives the pages of a flow back unread.
func (t *Table) drop(f *flow) {
	for d := range f.half {
		for f.half[d].head != 0 {
			t.giveBack(f, t.unlinkHead(&f.half[d]))
		}
	}
}

// tailGaps declares what the peer has acknowledged and nobody saw. One octet is
// the FIN, if that was lost.
func (t *Table) tailGaps(i uint32, f *flow) {
	for d := range f.half {
		h, o := &f.half[d], &f.half[1-d]
		if !h.firm || h.tot.Packets == 0 || h.done || !o.acks {
			continue
		}
		if n := ahead(o.acked, h.nxt); n > 1 {
			t.gap(i, f, capture.Dir(d), f.last, uint32(n))
		}
	}
}
