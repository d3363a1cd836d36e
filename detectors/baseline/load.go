package baseline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// reader takes numbers off a record; what is not there makes it bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) u8() byte    { return r.take(1)[0] }
func (r *reader) u16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }
func (r *reader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

func (r *reader) f32() float32 {
	v := math.Float32frombits(r.u32())
	r.bad = r.bad || math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)
	return v
}

func (r *reader) f64() float64 {
	v := math.Float64frombits(r.u64())
	r.bad = r.bad || math.IsNaN(v) || math.IsInf(v, 0)
	return v
}

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
	r := &reader{b: src}
	if string(r.take(min(len(magic), len(src)))) != string(magic) {
		return fmt.Errorf("%w: it does not begin like one", ErrDamaged)
	}
	entities := uint32(0)
	for number := 0; ; number++ {
		at := len(src) - len(r.b)
		kind, payload, err := r.record()
		if err != nil {
			return fmt.Errorf("%w: octet %d: %v", ErrDamaged, at, err)
		}
		p := &reader{b: payload}
		if (number == 0) != (kind == recordHead) {
			return fmt.Errorf("%w: octet %d: no head", ErrDamaged, at)
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
			if p.u32() != entities || len(r.b) > 0 {
				return fmt.Errorf("%w: records are missing or left over", ErrDamaged)
			}
			return nil
		default:
			return fmt.Errorf("%w: octet %d: a record of an unknown type", ErrDamaged, at)
		}
		if p.bad || len(p.b) > 0 {
			return fmt.Errorf("%w: octet %d: a record that says something impossible", ErrDamaged, at)
		}
	}
}

func (r *reader) record() (kind byte, payload []byte, err error) {
	all := r.b
	kind = r.u8()
	n := r.u32()
	if uint64(n) > uint64(len(r.b)) {
		r.bad = true
	}
	if !r.bad {
		payload = r.take(int(n))
	}
	sum := r.u32()
	if r.bad {
		return 0, nil, errors.New("it ends within a record")
	}
	if crc32.Checksum(all[:5+len(payload)], castagnoli) != sum {
		return 0, nil, errors.New("wrong checksum")
	}
	return kind, payload, nil
}

func (e *Engine) loadHead(r *reader) error {
	if v := r.u16(); v > stateVersion {
		return fmt.Errorf("%w: %d, this program knows %d", ErrNewer, v, stateVersion)
	}
	step := int64(r.u64())
	e.window, e.next, e.empty = int64(r.u64()), int64(r.u64()), int64(r.u64())
	flags := r.u8()
	e.started, e.seen = flags&1 != 0, flags&2 != 0
	e.Late, e.entities.Evicted = r.u64(), r.u64()
	zone := string(r.take(len(r.b)))
	if r.bad {
		return nil // load says so
	}
	if step != e.step || zone != e.config.Location.String() {
		return fmt.Errorf("%w: %s and %v", ErrOther, zone, step)
	}
	const most = 1 << 62
	if e.window < -most/e.step || e.window > most/e.step {
		r.bad = true
		return nil
	}
	if e.started {
		e.local = e.localOf(e.window)
	}
	return nil
}

func (e *Engine) loadGroups(r *reader) {
	k, m, popular := r.u8(), r.u8(), r.u8()
	if Kind(k) >= kinds || Metric(m) >= metrics || popular >= classes || e.groups[k][m] != nil {
		r.bad = true
		return
	}
	gs := new([classes]*group)
	for c := range gs {
		g := &group{born: int64(r.u64())}
		g.today.count, g.today.mean = fixed(r.u64()), fixed(r.u64())
		for _, v := range g.numbers() {
			*v = r.f64()
			r.bad = r.bad || *v < 0
		}
		r.bad = r.bad || g.level <= 0
		g.draw(c)
		e.quiet = e.quiet || g.quiet()
		gs[c] = g
	}
	e.groups[k][m], e.popular[k][m] = gs, popular
}

func (e *Engine) loadEntity(r *reader) {
	k := key{kind: Kind(r.u8())}
	apart := r.u8()
	k.name = string(r.take(int(min(r.u32(), math.MaxInt32))))
	if r.bad || k.kind >= kinds || apart > 1 || e.entities.Get(k) != nil {
		r.bad = true
		return
	}
	ent := e.insert(k)
	ent.apart = apart == 1
	for len(r.b) > 0 && !r.bad {
		m := r.u8()
		if Metric(m) >= metrics || e.of(ent)[m] != 0 || e.groups[k.kind][m] == nil {
			r.bad = true
			return
		}
		i := e.series.take()
		e.own(ent)[m] = i
		e.loadSeries(r, e.series.at(i), ent, Metric(m))
	}
}

func (e *Engine) loadSeries(r *reader, s *series, ent *entity, m Metric) {
	s.class, s.flags = r.u8(), r.u8()
	hasShape := r.u8() == 1
	var window, five float32
	for _, v := range s.numbers(&window, &five) {
		*v = r.f32()
	}
	for _, v := range s.words() {
		*v = r.u32()
	}
	for _, v := range s.shorts() {
		*v = r.u16()
	}
	for i := range s.weekday {
		s.weekday[i] = half(r.u16())
		r.bad = r.bad || s.weekday[i] == 0 || s.weekday[i] > 0x7bff
	}
	for i := range s.peaks {
		p := &s.peaks[i]
		p.slot, p.hits, p.last, p.excess = r.u8(), r.u8(), r.u16(), r.f32()
		r.bad = r.bad || p.slot >= 168 || p.excess < 0
	}
	if hasShape {
		s.shape = e.shapes.take()
		sh := e.shapes.at(s.shape)
		for i := range sh {
			sh[i] = [2]half{half(r.u16()), half(r.u16())}
			r.bad = r.bad || sh[i][0] > 0x7bff || sh[i][1] > 0x7bff
		}
	}
	r.bad = r.bad || s.class >= classes || s.norm <= 0 || s.inflation < 1 || s.a < 0 || s.b < 0
	r.bad = r.bad || window < 0 || five < 0
	if window > 0 && !r.bad {
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
