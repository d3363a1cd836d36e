package forward

import (
	"mailsensor/detectors/codec"
)

var format = codec.Format{Name: "forward", Version: 1}

// AppendState implements detectors.Learner: messages on their way, who sends on to
// whom, and whom people wrote to by themselves.
func (d *Detector) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		b = codec.U64(b, uint64(d.begun))
		b = codec.Table(b, d.messages, func(b []byte, k uint64, p *passing) []byte {
			b = codec.Text(codec.Truth(codec.U64(b, k, uint64(p.time)), p.said), p.from)
			return codec.Bytes(codec.Bytes(b, p.inside), p.others)
		})
		b = codec.Table(b, d.pairs, func(b []byte, k string, p *pair) []byte {
			b = codec.U64(codec.Bytes(b, k), p.n, p.weak, uint64(p.first), uint64(p.lag))
			return codec.List(b, p.authors, text)
		})
		b = codec.Table(b, d.boxes, func(b []byte, k string, x *box) []byte {
			return codec.List(codec.List(codec.Bytes(b, k), x.targets, text), x.rules, text)
		})
		b = codec.Table(b, d.targets, func(b []byte, k string, t *target) []byte {
			return codec.List(codec.Bytes(b, k), t.mailboxes, text)
		})
		return codec.Table(b, d.contacts, func(b []byte, k uint64, t *int64) []byte { return codec.U64(b, k, uint64(*t)) })
	})
}

func text(b []byte, s *string) []byte { return codec.Bytes(b, *s) }

// LoadState implements detectors.Learner. Its errors are those of codec.
func (d *Detector) LoadState(src []byte) error {
	n := New(d.config, d.border)
	return codec.Load(d, n, format, src, func(r *codec.Reader) {
		n.begun = r.I64()
		name := func() string { return string(r.Bytes()) }
		texts := func(most int) []string { return codec.ReadList(r, most, func(s *string) { *s = name() }) }
		codec.ReadTable(r, n.messages, r.U64, func(_ uint64, p *passing) {
			p.time, p.said, p.from = r.I64(), r.Truth(), r.Text()
			p.inside, p.others = names(r.Bytes()), names(r.Bytes())
		})
		codec.ReadTable(r, n.pairs, name, func(_ string, p *pair) {
			p.n, p.weak, p.first, p.lag = r.U64(), r.U64(), r.I64(), r.I64()
			p.authors = texts(maxBoxTargets)
		})
		codec.ReadTable(r, n.boxes, name, func(_ string, x *box) { x.targets, x.rules = texts(maxBoxTargets), texts(maxBoxTargets) })
		codec.ReadTable(r, n.targets, name, func(_ string, t *target) { t.mailboxes = texts(maxMailboxes) })
		codec.ReadTable(r, n.contacts, r.U64, func(_ uint64, t *int64) { *t = r.I64() })
	})
}
