package habits

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"slices"

	"mailsensor/detectors"
	"mailsensor/detectors/codec"
	"mailsensor/protocols"
)

// What is stored: the state of the Engine; what counting needs beside it, each table
// with the oldest first; the traces. Version 1 had no traces.
var format = codec.Format{Name: "habits", Version: 2, Oldest: 1}

var le = binary.LittleEndian

// AppendState implements detectors.Learner.
func (t *Tracker) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		return appendPart(appendPart(appendPart(b, t.engine.AppendState), t.appendRest), t.appendTraces)
	})
}

func appendPart(dst []byte, part func([]byte) []byte) []byte {
	at := len(dst)
	dst = part(append(dst, make([]byte, 8)...))
	le.PutUint64(dst[at:], uint64(len(dst)-at-8))
	return dst
}

func (t *Tracker) appendRest(b []byte) []byte {
	for _, n := range []uint64{uint64(t.window), uint64(t.fresh), t.Refused, t.once.full, t.hosts.Evicted, t.people.Evicted} {
		b = le.AppendUint64(b, n)
	}
	var seen []uint64
	for _, h := range t.once.slots {
		if h != 0 {
			seen = append(seen, h)
		}
	}
	slices.Sort(seen)
	b = le.AppendUint32(b, uint32(len(seen)))
	for _, h := range seen {
		b = le.AppendUint64(b, h)
	}
	var hosts []netip.Addr
	for a := range t.hosts.All {
		hosts = append(hosts, a)
	}
	b = le.AppendUint32(b, uint32(len(hosts)))
	for _, a := range slices.Backward(hosts) {
		h := t.hosts.Peek(a)
		b = codec.Text(b, a.String())
		b = le.AppendUint64(b, uint64(h.day))
		b = le.AppendUint32(b, h.many)
		b = append(b, h.n)
		for _, x := range h.accounts[:h.n] {
			b = le.AppendUint64(b, uint64(x))
		}
		b = append(codec.Text(b, h.who), bit(h.several, 0)|bit(h.before, 1)|bit(h.takes, 2))
	}
	var people []*person
	for _, p := range t.people.All {
		people = append(people, p)
	}
	b = le.AppendUint32(b, uint32(len(people)))
	for _, p := range slices.Backward(people) {
		b = p.seen.Append(codec.Text(b, p.name))
		for _, h := range p.hosts {
			b = le.AppendUint64(b, h)
		}
		b = append(b, p.next)
	}
	return t.appendTold(b)
}

// appendTold appends what was told, and what may be told today.
func (t *Tracker) appendTold(b []byte) []byte {
	var keys []string
	for k := range t.told.All {
		keys = append(keys, k)
	}
	b = le.AppendUint32(b, uint32(len(keys)))
	for _, k := range slices.Backward(keys) {
		b = le.AppendUint64(codec.Text(b, k), uint64(*t.told.Peek(k)))
	}
	var hosts []uint64
	for h := range t.blamed.All {
		hosts = append(hosts, h)
	}
	b = le.AppendUint32(b, uint32(len(hosts)))
	for _, h := range slices.Backward(hosts) {
		x := t.blamed.Peek(h)
		b = le.AppendUint64(b, h)
		b = le.AppendUint64(b, uint64(x.time))
		b = le.AppendUint64(b, math.Float64bits(x.excess))
		b = codec.Text(codec.Text(b, x.person), string(x.kind))
	}
	return t.budget.Append(b)
}

func bit(v bool, n int) byte {
	if v {
		return 1 << n
	}
	return 0
}

// LoadState implements detectors.Learner. Its errors are those of
// baseline.Engine.LoadState.
func (t *Tracker) LoadState(src []byte) error {
	n := t.blank()
	var inner error
	err := codec.Load(t, &n, format, src, func(r *codec.Reader) {
		inner = n.load(r)
		r.Bad = r.Bad || inner != nil
	})
	return cmp.Or(inner, err)
}

func (t *Tracker) load(r *codec.Reader) error {
	learned, rest := r.Take(r.U64()), r.Take(r.U64())
	var traces []byte
	if r.Version > 1 {
		traces = r.Take(r.U64())
	}
	if r.Bad || r.Len() > 0 {
		return nil // Load says so
	}
	err := errors.Join(t.engine.LoadState(learned), t.loadRest(rest))
	if err == nil && r.Version > 1 {
		err = t.loadTraces(traces)
	}
	return err
}

func (t *Tracker) loadRest(b []byte) error {
	r := codec.NewReader(format.Name, b)
	t.window, t.fresh = r.I64(), int(r.U64())
	t.Refused, t.once.full = r.U64(), r.U64()
	t.hosts.Evicted, t.people.Evicted = r.U64(), r.U64()
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		r.Bad = r.Bad || !t.once.put(r.U64())
	}
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		t.loadHost(r)
	}
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		t.loadPerson(r)
	}
	t.loadTold(r)
	return r.Close()
}

func (t *Tracker) loadHost(r *codec.Reader) {
	a := r.Addr()
	h := host{id: addressID(a), day: int32(r.U64()), many: r.U32(), n: r.U8()}
	if r.Bad = r.Bad || int(h.n) > len(h.accounts); r.Bad {
		return
	}
	for i := range h.n {
		h.accounts[i] = uint32(r.U64())
	}
	h.who = r.Text()
	flags := r.U8()
	h.several, h.before, h.takes = flags&1 != 0, flags&2 != 0, flags&4 != 0
	if r.Bad = r.Bad || flags > 7 || !a.IsValid() || t.hosts.Peek(a) != nil; !r.Bad {
		*t.hosts.Insert(a) = h
	}
}

func (t *Tracker) loadPerson(r *codec.Reader) {
	name := r.Text()
	if r.Bad = r.Bad || t.people.Peek(name) != nil; r.Bad {
		return
	}
	p := t.people.Insert(name)
	*p = person{name: name, id: protocols.NameID(name)}
	r.Part(p.seen.Load)
	for i := range p.hosts {
		p.hosts[i] = r.U64()
	}
	p.next = r.U8()
	r.Bad = r.Bad || int(p.next) >= len(p.hosts)
}

func (t *Tracker) loadTold(r *codec.Reader) {
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		key := r.Text()
		if r.Bad = r.Bad || t.told.Peek(key) != nil; !r.Bad {
			*t.told.Insert(key) = r.I64()
		}
	}
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		h := r.U64()
		if r.Bad = r.Bad || t.blamed.Peek(h) != nil; !r.Bad {
			*t.blamed.Insert(h) = told{time: r.I64(), excess: r.F64(), person: r.Text(), kind: detectors.Kind(r.Text())}
		}
	}
	r.Part(t.budget.Load)
}
