package bulk

import (
	"math"
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/codec"
)

var format = codec.Format{Name: "bulk", Version: 1}

// AppendState implements detectors.Learner: what was read within the day of each
// account and by whom, and how many mailboxes each host reads. Which messages those
// were is stored by package habits.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		b = codec.U64(b, uint64(d.begun))
		b = codec.Table(b, d.accounts, func(b []byte, k string, a *account) []byte { return a.append(codec.Text(b, k)) })
		b = codec.Table(b, d.hosts, func(b []byte, k netip.Addr, h *host) []byte {
			b = codec.List(codec.Addr(b, k), h.reads, func(b []byte, t *taken) []byte { return codec.U64(b, t.account, t.n, uint64(t.last)) })
			return codec.U64(h.many.Append(b), uint64(h.told))
		})
		return codec.List(b, d.waiting(), func(b []byte, a **account) []byte { return codec.Text(b, (*a).name) })
	})
}

// waiting are the accounts of which more will be told, once each.
func (d *Detector) waiting() (list []*account) {
	seen := map[*account]bool{}
	for _, a := range d.pending {
		if a.waiting && !seen[a] {
			seen[a] = true
			list = append(list, a)
		}
	}
	return list
}

func (a *account) append(b []byte) []byte {
	b = codec.U64(b, uint64(a.first), uint64(a.day), a.told, uint64(a.toldAt))
	b = a.bytes.Append(a.daily.Append(a.burst.Append(b)))
	b = codec.List(b, a.sources, func(b []byte, r *reader) []byte {
		return codec.U64(codec.Addr(b, r.addr), uint64(r.first), uint64(r.last))
	})
	b = codec.List(b, a.folders, func(b []byte, f *folder) []byte { return codec.U64(b, f.hash, uint64(f.exists)) })
	b = codec.Truth(b, a.low, a.high, a.evidence.Packets != nil)
	if a.evidence.Packets == nil {
		return b
	}
	f := &a.what
	b = codec.Text(codec.Text(a.evidence.AppendState(b), f.what), f.unit)
	b = codec.U64(b, f.n, f.floor, uint64(f.within), uint64(f.usual.Days))
	return codec.F64(b, f.usual.Expected, f.usual.Bound)
}

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	n := New(d.config, d.border, d.habits)
	return codec.Load(d, n, format, src, func(r *codec.Reader) {
		n.begun = r.I64()
		codec.ReadTable(r, n.accounts, r.Text, func(k string, a *account) {
			a.name = k
			a.load(r)
		})
		codec.ReadTable(r, n.hosts, r.Addr, func(_ netip.Addr, h *host) {
			h.reads = codec.ReadList(r, maxTaken, func(t *taken) { *t = taken{r.U64(), r.U64(), r.I64()} })
			r.Part(h.many.Load)
			h.told = int(r.Upto(maxTaken))
		})
		n.pending = codec.ReadList(r, maxAccounts, func(p **account) {
			a := n.accounts.Peek(r.Text())
			if r.Bad = r.Bad || a == nil || a.waiting || a.evidence.Packets == nil; r.Bad {
				return
			}
			*p, a.waiting = a, true
		})
	})
}

func (a *account) load(r *codec.Reader) {
	a.first, a.day, a.told, a.toldAt = r.I64(), r.I64(), r.U64(), r.I64()
	r.Part(a.burst.Load)
	r.Part(a.daily.Load)
	r.Part(a.bytes.Load)
	a.sources = codec.ReadList(r, maxSources, func(s *reader) { *s = reader{r.Addr(), r.I64(), r.I64()} })
	a.folders = codec.ReadList(r, maxFolders, func(f *folder) { *f = folder{r.U64(), uint32(r.Upto(math.MaxUint32))} })
	a.low, a.high = r.Truth(), r.Truth()
	if !r.Truth() {
		return
	}
	evidence := detectors.ReadAlert(r)
	if r.Bad = r.Bad || evidence.Packets == nil; r.Bad {
		return
	}
	a.evidence = *evidence
	f := &a.what
	f.what, f.unit, f.n, f.floor = r.Text(), r.Text(), r.U64(), r.Upto(math.MaxInt64)
	f.within, f.usual.Days = time.Duration(r.Upto(math.MaxInt64)), int(r.Upto(math.MaxInt32))
	f.usual.Expected, f.usual.Bound = r.F64(), r.F64()
	r.Bad = r.Bad || f.floor == 0
}
