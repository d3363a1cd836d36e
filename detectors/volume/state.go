package volume

import (
	"math"
	"net/netip"

	"mailsensor/detectors/codec"
)

var format = codec.Format{Name: "volume", Version: 1}

// AppendState implements detectors.Learner: the floors' windows. What is usual is
// stored by package habits.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		return codec.Table(b, d.hosts, func(b []byte, k netip.Addr, h *host) []byte {
			b = codec.Truth(codec.Addr(b, k), h.takes)
			b = h.people.Append(h.refused.Append(h.sent.Append(b)))
			return codec.U64(h.servers.Append(b), h.told, uint64(h.toldFans), uint64(h.toldAt))
		})
	})
}

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	n := New(d.config, d.border, d.habits)
	return codec.Load(d, n, format, src, func(r *codec.Reader) {
		codec.ReadTable(r, n.hosts, r.Addr, func(_ netip.Addr, h *host) {
			h.takes = r.Truth()
			r.Part(h.sent.Load)
			r.Part(h.refused.Load)
			r.Part(h.people.Load)
			r.Part(h.servers.Load)
			h.told, h.toldFans, h.toldAt = r.U64(), int(r.Upto(math.MaxInt32)), r.I64()
		})
	})
}
