package volume

import (
	"math"
	"net/netip"

	"mailsensor/detectors/codec"
)

const stateVersion = 1

// AppendState implements detectors.Learner: the floors' windows. What is usual is
// stored by package habits.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return codec.Seal(dst, d.Name(), stateVersion, func(b []byte) []byte {
		return codec.Table(b, d.hosts, func(b []byte, k netip.Addr, h *host) []byte {
			b = codec.Truth(codec.Addr(b, k), h.takes)
			b = h.people.Append(h.refused.Append(h.sent.Append(b)))
			return codec.U64(h.servers.Append(b), h.told, uint64(h.toldFans), uint64(h.toldAt))
		})
	}), nil
}

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	r, err := codec.Open(src, d.Name(), stateVersion)
	if err != nil {
		return err
	}
	n := New(d.config, d.border, d.habits)
	if d.within > 0 {
		n.Within(d.within)
	}
	codec.ReadTable(r, n.hosts, r.Addr, func(_ netip.Addr, h *host) {
		h.takes = r.Truth()
		r.Part(h.sent.Load)
		r.Part(h.refused.Load)
		r.Part(h.people.Load)
		r.Part(h.servers.Load)
		h.told, h.toldFans, h.toldAt = r.U64(), int(r.Upto(math.MaxInt32)), r.I64()
	})
	if err := r.Close(); err != nil {
		return err
	}
	*d = *n
	return nil
}
