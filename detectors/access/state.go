package access

import (
	"net/netip"

	"mailsensor/detectors/codec"
)

var format = codec.Format{Name: "access", Version: 1}

// AppendState implements detectors.Learner: what happened last at each host, and who
// used each service from outside within the day.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		b = codec.Table(b, d.hosts, func(b []byte, k netip.Addr, h *host) []byte {
			b = codec.U64(codec.Addr(b, k), uint64(h.remote), uint64(h.mail))
			b = codec.Addr(codec.Text(codec.Text(b, h.kind), h.account), h.peer)
			return codec.Truth(b, h.inbound)
		})
		return codec.Table(b, d.services, func(b []byte, k service, o *outside) []byte {
			b = codec.U64(codec.Text(codec.Addr(b, k.server), k.protocol), uint64(o.told))
			return o.users.Append(b)
		})
	})
}

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	n := New(d.config, d.border)
	return codec.Load(d, n, format, src, func(r *codec.Reader) {
		codec.ReadTable(r, n.hosts, r.Addr, func(_ netip.Addr, h *host) {
			h.remote, h.mail = r.I64(), r.I64()
			h.kind, h.account, h.peer = r.Text(), r.Text(), r.Addr()
			h.inbound = r.Truth()
		})
		codec.ReadTable(r, n.services, func() service { return service{r.Addr(), r.Text()} }, func(_ service, o *outside) {
			o.told = r.I64()
			r.Part(o.users.Load)
		})
	})
}
