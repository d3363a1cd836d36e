package baseline

import (
	"errors"
	"fmt"
	"hash/crc32"

	"mailsensor/detectors/codec"
)

// LoadState replaces what was learned by what AppendState wrote. After an error
// nothing has changed. Where there is room for fewer entities than were stored, those
// silent longest are forgotten, and counted.
func (e *Engine) LoadState(src []byte) error {
	n := New(e.config, e.raise)
	if err := n.load(src); err != nil {
		return err
	}
	*e = *n
	return nil
}

func (e *Engine) load(src []byte) error {
	r := codec.NewReader("baseline", src)
	if string(r.Take(uint64(len(magic)))) != string(magic) {
		return fmt.Errorf("baseline: %w: it does not begin like one", codec.ErrDamaged)
	}
	entities := uint32(0)
	for number := 0; ; number++ {
		at := len(src) - r.Len()
		kind, payload, err := unseal(r, src[at:])
		if err != nil {
			return fmt.Errorf("baseline: %w: octet %d: %v", codec.ErrDamaged, at, err)
		}
		p := codec.NewReader("baseline", payload)
		if (number == 0) != (kind == recordHead) {
			return fmt.Errorf("baseline: %w: octet %d: no head", codec.ErrDamaged, at)
		}
		switch kind {
		case recordHead:
			if err := e.loadHead(p); err != nil {
				return err
			}
		case recordGroup:
			e.loadGroups(p)
		case recordEntity:
			entities++
			e.loadEntity(p)
		case recordEnd:
			if p.U32() != entities || r.Len() > 0 {
				return fmt.Errorf("baseline: %w: records are missing or left over", codec.ErrDamaged)
			}
			return nil
		default:
			return fmt.Errorf("baseline: %w: octet %d: a record of an unknown type", codec.ErrDamaged, at)
		}
		if p.Bad || p.Len() > 0 {
			return fmt.Errorf("baseline: %w: octet %d: a record that says something impossible", codec.ErrDamaged, at)
		}
	}
}

// unseal takes the next one off r, of which all is what is left.
func unseal(r *codec.Reader, all []byte) (kind byte, payload []byte, err error) {
	kind = r.U8()
	payload = r.Take(uint64(r.U32()))
	sum := r.U32()
	if r.Bad {
		return 0, nil, errors.New("it ends within a record")
	}
	if crc32.Checksum(all[:5+len(payload)], castagnoli) != sum {
		return 0, nil, errors.New("wrong checksum")
	}
	return kind, payload, nil
}

func (e *Engine) loadHead(r *codec.Reader) error {
	if v := r.U16(); v > stateVersion {
		return fmt.Errorf("baseline: %w: %d, this program knows %d", codec.ErrNewer, v, stateVersion)
	}
	step := int64(r.U64())
	e.window, e.next, e.empty = int64(r.U64()), int64(r.U64()), int64(r.U64())
	flags := r.U8()
	e.started, e.seen = flags&1 != 0, flags&2 != 0
	e.Late, e.entities.Evicted = r.U64(), r.U64()
	zone := string(r.Take(uint64(r.Len())))
	if r.Bad {
		return nil // load says so
	}
	if step != e.step || zone != e.config.Location.String() {
		return fmt.Errorf("%w: %s and %v", ErrOther, zone, step)
	}
	const most = 1 << 62
	if e.window < -most/e.step || e.window > most/e.step {
		r.Bad = true
		return nil
	}
	if e.started {
		e.local = e.localOf(e.window)
	}
	return nil
}

func (e *Engine) loadGroups(r *codec.Reader) {
	k, m, popular := r.U8(), r.U8(), r.U8()
	if Kind(k) >= kinds || Metric(m) >= metrics || popular >= classes || e.groups[k][m] != nil {
		r.Bad = true
		return
	}
	gs := new([classes]*group)
	for c := range gs {
		g := &group{born: int64(r.U64())}
		g.today.count, g.today.mean = fixed(r.U64()), fixed(r.U64())
		for _, v := range g.numbers() {
			*v = r.F64()
			r.Bad = r.Bad || *v < 0
		}
		r.Bad = r.Bad || g.level <= 0
		g.draw(c)
		e.quiet = e.quiet || g.quiet()
		gs[c] = g
	}
	e.groups[k][m], e.popular[k][m] = gs, popular
}

func (e *Engine) loadEntity(r *codec.Reader) {
	k := key{kind: Kind(r.U8())}
	apart := r.U8()
	k.name = string(r.Take(uint64(r.U32())))
	if r.Bad || k.kind >= kinds || apart > 1 || e.entities.Get(k) != nil {
		r.Bad = true
		return
	}
	ent := e.insert(k)
	ent.apart = apart == 1
	for r.Len() > 0 && !r.Bad {
		m := r.U8()
		if Metric(m) >= metrics || e.of(ent)[m] != 0 || e.groups[k.kind][m] == nil {
			r.Bad = true
			return
		}
		i := e.series.take()
		e.own(ent)[m] = i
		e.loadSeries(r, e.series.at(i), ent, Metric(m))
	}
}

func (e *Engine) loadSeries(r *codec.Reader, s *series, ent *entity, m Metric) {
	s.class, s.flags = r.U8(), r.U8()
	hasShape := r.U8() == 1
	var window, five float32
	for _, v := range s.numbers(&window, &five) {
		*v = r.F32()
	}
	for _, v := range s.words() {
		*v = r.U32()
	}
	for _, v := range s.shorts() {
		*v = r.U16()
	}
	for i := range s.weekday {
		s.weekday[i] = half(r.U16())
		r.Bad = r.Bad || s.weekday[i] == 0 || s.weekday[i] > 0x7bff
	}
	for i := range s.peaks {
		p := &s.peaks[i]
		p.slot, p.hits, p.last, p.excess = r.U8(), r.U8(), r.U16(), r.F32()
		r.Bad = r.Bad || p.slot >= 168 || p.excess < 0
	}
	if hasShape {
		s.shape = e.shapes.take()
		sh := e.shapes.at(s.shape)
		for i := range sh {
			sh[i] = [2]half{half(r.U16()), half(r.U16())}
			r.Bad = r.Bad || sh[i][0] > 0x7bff || sh[i][1] > 0x7bff
		}
	}
	r.Bad = r.Bad || s.class >= classes || s.norm <= 0 || s.inflation < 1 || s.a < 0 || s.b < 0
	r.Bad = r.Bad || window < 0 || five < 0
	if window > 0 && !r.Bad {
		if ent.counts == 0 {
			ent.counts = e.counts.take()
		}
		c := &e.counts.at(ent.counts)[m]
		c.window, c.five = window, five
	}
	if five > 0 && !ent.touched {
		ent.touched = true
		e.touched = append(e.touched, ent)
	}
}
