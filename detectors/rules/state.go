package rules

import (
	"math"

	"mailsensor/detectors/codec"
	"mailsensor/protocols"
)

var format = codec.Format{Name: "rules", Version: 1}

// AppendState appends which rules are known, in the form of detectors.Learner.
func (t *Tracker) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		b = codec.U64(b, t.Evicted)
		return codec.Table(b, t.boxes, func(b []byte, k key, x *box) []byte {
			b = codec.Bytes(codec.Text(codec.Addr(b, k.server), k.account), k.source)
			b = codec.U64(b, k.connection)
			b = codec.Truth(codec.Bytes(b, x.active), x.activeKnown)
			return codec.List(b, x.rules, appendRule)
		})
	})
}

func appendRule(b []byte, r *rule) []byte {
	b = codec.Truth(codec.Bytes(b, r.name), r.unnamed, r.removed, r.contents, r.keepsCopy, r.truncated)
	b = codec.U64(b, uint64(r.live), uint64(r.confidence), uint64(r.first), uint64(r.last))
	b = codec.Bytes(b, r.hash[:])
	b = codec.List(b, r.actions, func(b []byte, a *protocols.RuleAction) []byte {
		return codec.Truth(codec.Bytes(codec.U64(b, uint64(a.Kind)), a.Target), a.Copy, a.Conditional, a.Unresolved)
	})
	return codec.List(b, r.conditions, func(b []byte, c *[]byte) []byte { return codec.Bytes(b, *c) })
}

// LoadState takes over what AppendState wrote. After an error, which is one of codec,
// nothing has changed.
func (t *Tracker) LoadState(src []byte) error {
	n := New(t.border)
	return codec.Load(t, n, format, src, func(r *codec.Reader) {
		n.Evicted = r.U64()
		codec.ReadTable(r, n.boxes, func() key {
			k := key{server: r.Addr(), account: r.Text(), source: string(r.Bytes())}
			k.connection = r.U64()
			return k
		}, func(_ key, x *box) {
			x.active, x.activeKnown = string(r.Bytes()), r.Truth()
			x.rules = codec.ReadList(r, maxRules, func(v *rule) {
				v.load(r)
				n.resize(v)
			})
			r.Bad = r.Bad || n.size > maxBytes && n.boxes.Len() > 1
		})
	})
}

func (v *rule) load(r *codec.Reader) {
	v.name = string(r.Bytes())
	for _, flag := range []*bool{&v.unnamed, &v.removed, &v.contents, &v.keepsCopy, &v.truncated} {
		*flag = r.Truth()
	}
	v.live, v.confidence = protocols.Tristate(r.Upto(uint64(protocols.No))), protocols.Confidence(r.Upto(uint64(protocols.Reported)))
	v.first, v.last = r.I64(), r.I64()
	r.Bad = copy(v.hash[:], r.Bytes()) != len(v.hash) || r.Bad
	v.actions = codec.ReadList(r, math.MaxInt32, func(a *protocols.RuleAction) {
		a.Kind, a.Target = protocols.ActionKind(r.Upto(uint64(protocols.ActionDelegate))), r.Bytes()
		a.Copy, a.Conditional, a.Unresolved = r.Truth(), r.Truth(), r.Truth()
	})
	v.conditions = codec.ReadList(r, math.MaxInt32, func(c *[]byte) { *c = r.Bytes() })
}
