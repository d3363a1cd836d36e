package login

import (
	"math"
	"net/netip"

	"mailsensor/detectors/codec"
	"mailsensor/detectors/window"
)

// Version 1 had no times of clients, and of sources the last only; 2 neither protocols nor what was told of mechanisms and by floors.
var format = codec.Format{Name: "login", Version: 3, Oldest: 1}

// AppendState implements detectors.Learner. What clients call themselves is not
// stored: it is known by connection, and connections end with the process.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		b = codec.Table(b, d.accounts, func(b []byte, k string, a *account) []byte { return a.append(codec.Text(b, k)) })
		b = codec.Table(b, d.hosts, func(b []byte, k netip.Addr, h *host) []byte {
			return h.tried.Append(h.failed.Append(codec.Addr(b, k)))
		})
		b = codec.Table(b, d.pairs, func(b []byte, k pair, c *window.Small) []byte {
			return c.Append(codec.Addr(codec.Text(b, k.account), k.host))
		})
		b = codec.Table(b, d.servers, func(b []byte, k netip.Addr, s *server) []byte {
			b = codec.U64(codec.Addr(b, k), s.secured, s.clear, uint64(s.told))
			return s.users.Append(b)
		})
		b = codec.Table(b, d.legacy, func(b []byte, k string, l *legacy) []byte {
			return l.users.Append(codec.U64(codec.Text(b, k), uint64(l.told)))
		})
		return codec.Table(b, d.floored, func(b []byte, k string, t *int64) []byte { return codec.U64(codec.Text(b, k), uint64(*t)) })
	})
}

func (a *account) append(b []byte) []byte {
	b = a.strangers.Append(a.failed.Append(b))
	b = codec.U64(b, uint64(a.first), a.logins)
	b = codec.Truth(codec.U64(codec.U64(b, a.hours[:]...), a.over), a.outside)
	b = codec.List(b, a.clients, func(b []byte, c *client) []byte {
		return codec.U64(codec.Text(b, c.name), uint64(c.first), uint64(c.last))
	})
	return codec.List(b, a.sources, func(b []byte, s *source) []byte {
		b = codec.Text(codec.Prefix(b, s.prefix), s.country)
		b = codec.U64(b, uint64(s.asn), uint64(s.first), uint64(s.last))
		return codec.Truth(codec.F64(b, s.lat, s.lon, s.radius), s.located)
	})
}

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	n := New(d.config, d.border, d.habits, d.location, d.places)
	n.now = d.now
	return codec.Load(d, n, format, src, func(r *codec.Reader) {
		codec.ReadTable(r, n.accounts, r.Text, func(k string, a *account) {
			a.name = k
			a.load(r)
		})
		codec.ReadTable(r, n.hosts, r.Addr, func(_ netip.Addr, h *host) {
			r.Part(h.failed.Load)
			r.Part(h.tried.Load)
		})
		codec.ReadTable(r, n.pairs, func() pair { return pair{r.Text(), r.Addr()} }, func(_ pair, c *window.Small) { r.Part(c.Load) })
		codec.ReadTable(r, n.servers, r.Addr, func(_ netip.Addr, s *server) {
			s.secured, s.clear, s.told = r.U64(), r.U64(), r.I64()
			r.Part(s.users.Load)
		})
		if r.Version > 2 {
			codec.ReadTable(r, n.legacy, r.Text, func(_ string, l *legacy) {
				l.told = r.I64()
				r.Part(l.users.Load)
			})
			codec.ReadTable(r, n.floored, r.Text, func(_ string, t *int64) { *t = r.I64() })
		}
	})
}

func (a *account) load(r *codec.Reader) {
	r.Part(a.failed.Load)
	r.Part(a.strangers.Load)
	a.first, a.logins = r.I64(), r.U64()
	for i := range a.hours {
		a.hours[i] = r.U64()
	}
	if r.Version > 2 {
		a.over = r.U64()
	}
	a.outside = r.Truth()
	a.clients = codec.ReadList(r, maxNames, func(c *client) {
		c.name, c.first, c.last = r.Text(), a.first, a.first
		if r.Version > 1 {
			c.first, c.last = r.I64(), r.I64()
		}
	})
	a.sources = codec.ReadList(r, maxSources, func(s *source) {
		s.prefix, s.country, s.asn = r.Prefix(), r.Text(), uint32(r.Upto(math.MaxUint32))
		if r.Version > 1 {
			s.first = r.I64()
		}
		if s.last = r.I64(); r.Version == 1 {
			s.first = s.last
		}
		s.lat, s.lon, s.radius = r.F64(), r.F64(), r.F64()
		s.located = r.Truth()
	})
}
