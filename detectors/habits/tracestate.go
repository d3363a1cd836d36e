package habits

import (
	"net/netip"

	"mailsensor/detectors/codec"
)

const (
	tracesName    = "traces"
	tracesVersion = 1
)

// appendTraces appends the evidence of the window that is open, should it prove unusual
// after a restart; of a connection what an alert shows.
func (t *Tracker) appendTraces(b []byte) []byte {
	return codec.Seal(b, tracesName, tracesVersion, func(b []byte) []byte {
		return codec.Table(b, t.traces, func(b []byte, id uint64, tr *trace) []byte {
			b = codec.U64(b, id, uint64(tr.window), uint64(tr.first), uint64(tr.last), tr.packets.First, tr.packets.Last, tr.left, tr.told)
			b = codec.U64(b, uint64(tr.n))
			for i := range tr.n {
				f := tr.at(i)
				b = codec.U64(b, f.pos.Index, uint64(f.time), f.conn.ID)
				b = appendAddrPort(appendAddrPort(b, f.conn.Client), f.conn.Server)
				b = codec.Addr(codec.Text(b, f.protocol), f.client)
			}
			return b
		})
	})
}

func appendAddrPort(b []byte, a netip.AddrPort) []byte {
	return codec.U64(codec.Addr(b, a.Addr()), uint64(a.Port()))
}

func readAddrPort(r *codec.Reader) netip.AddrPort {
	return netip.AddrPortFrom(r.Addr(), uint16(r.Upto(1<<16-1)))
}

// loadTraces reads what appendTraces wrote, after the hosts and people whose they are.
func (t *Tracker) loadTraces(src []byte) error {
	r, err := codec.Open(src, tracesName, tracesVersion)
	if err != nil {
		return err
	}
	codec.ReadTable(r, t.traces, r.U64, func(id uint64, tr *trace) {
		tr.id, tr.window, tr.first, tr.last = id, r.I64(), r.I64(), r.I64()
		tr.packets.First, tr.packets.Last, tr.left, tr.told = r.U64(), r.U64(), r.U64(), r.U64()
		for range r.Upto(maxFlows) {
			f := tr.next()
			f.pos.Index, f.time, f.conn.ID = r.U64(), r.I64(), r.U64()
			f.conn.Client, f.conn.Server = readAddrPort(r), readAddrPort(r)
			f.protocol, f.client = r.Text(), r.Addr()
		}
		r.Bad = r.Bad || tr.told > tr.left
	})
	for _, h := range t.hosts.All {
		h.trace = t.traces.Peek(h.id)
	}
	for _, p := range t.people.All {
		p.trace = t.traces.Peek(p.id)
	}
	return r.Close()
}
