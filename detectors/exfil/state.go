package exfil

import (
	"mailsensor/detectors/codec"
)

var format = codec.Format{Name: "exfil", Version: 1}

// AppendState implements detectors.Learner: whom each sender wrote to, how much, and
// which messages were just seen.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		b = codec.Table(b, d.senders, func(b []byte, k string, s *sender) []byte {
			b = codec.U64(codec.Text(b, k), uint64(s.first), s.messages, s.largest, s.past, s.today, uint64(s.day))
			return s.strange.Append(codec.List(b, s.known, hash))
		})
		return codec.Table(b, d.seen, func(b []byte, k uint64, t *int64) []byte { return codec.U64(b, k, uint64(*t)) })
	})
}

func hash(b []byte, h *uint64) []byte { return codec.U64(b, *h) }

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	n := New(d.config, d.border)
	return codec.Load(d, n, format, src, func(r *codec.Reader) {
		codec.ReadTable(r, n.senders, r.Text, func(k string, s *sender) {
			s.name, s.first, s.messages, s.largest = k, r.I64(), r.U64(), r.U64()
			s.past, s.today, s.day = r.U64(), r.U64(), r.I64()
			s.known = codec.ReadList(r, maxKnown, func(h *uint64) { *h = r.U64() })
			r.Part(s.strange.Load)
		})
		codec.ReadTable(r, n.seen, r.U64, func(_ uint64, t *int64) { *t = r.I64() })
	})
}
