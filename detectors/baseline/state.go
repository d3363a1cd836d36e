package baseline

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// What is learned is stored as records: a type, the length of what follows, that,
// and its CRC-32C; all little-endian. The first tells the version and the clock, the
// last how many there were. Entities come in the order in which they would be
// forgotten, so that a stream goes on exactly where it stopped.
const (
	stateVersion = 1

	recordHead   = 'H'
	recordGroup  = 'G'
	recordEntity = 'E'
	recordEnd    = 'Z'
)

// ErrOther is what LoadState may find beside the errors of codec.
var ErrOther = errors.New("baseline: the state was learned with another time zone or interval")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var magic = []byte("mailsensor baseline\n")

// record appends one, whose payload fill appends.
func record(dst []byte, kind byte, fill func([]byte) []byte) []byte {
	start := len(dst)
	dst = append(dst, kind, 0, 0, 0, 0)
	dst = fill(dst)
	binary.LittleEndian.PutUint32(dst[start+1:], uint32(len(dst)-start-5))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// AppendState appends all that was learned to dst.
func (e *Engine) AppendState(dst []byte) []byte {
	e.settleAll()
	le := binary.LittleEndian
	dst = append(dst, magic...)
	dst = record(dst, recordHead, func(b []byte) []byte {
		b = le.AppendUint16(b, stateVersion)
		for _, v := range []int64{e.step, e.window, e.next, e.empty} {
			b = le.AppendUint64(b, uint64(v))
		}
		b = append(b, truth(e.started)|truth(e.seen)<<1)
		b = le.AppendUint64(b, e.Late)
		b = le.AppendUint64(b, e.entities.Evicted)
		return append(b, e.config.Location.String()...)
	})
	for k := range e.groups {
		for m, gs := range e.groups[k] {
			if gs == nil {
				continue
			}
			dst = record(dst, recordGroup, func(b []byte) []byte {
				b = append(b, byte(k), byte(m), e.popular[k][m])
				for _, g := range gs {
					b = g.append(b)
				}
				return b
			})
		}
	}
	var list []*entity
	for _, ent := range e.entities.All {
		list = append(list, ent)
	}
	for i := len(list) - 1; i >= 0; i-- {
		dst = record(dst, recordEntity, func(b []byte) []byte { return e.appendEntity(b, list[i]) })
	}
	return record(dst, recordEnd, func(b []byte) []byte { return le.AppendUint32(b, uint32(len(list))) })
}

func truth(b bool) byte {
	if b {
		return 1
	}
	return 0
}

func (g *group) numbers() []*float64 {
	list := []*float64{&g.activity, &g.usual, &g.level, &g.phi, &g.dayPhi}
	for i := range g.sum {
		list = append(list, &g.sum[i][0], &g.sum[i][1])
	}
	return list
}

func (g *group) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, uint64(g.born))
	b = le.AppendUint64(b, uint64(g.today.count))
	b = le.AppendUint64(b, uint64(g.today.mean))
	for _, v := range g.numbers() {
		b = le.AppendUint64(b, math.Float64bits(*v))
	}
	return b
}

// numbers are those of a series, and what was counted.
func (s *series) numbers(window, five *float32) []*float32 {
	return []*float32{
		&s.a, &s.b, &s.num, &s.den, &s.dnum, &s.dden, &s.norm, &s.inflation, window, five,
		&s.day, &s.dayMean, &s.daySquares, &s.rise, &s.riseSeen, &s.riseMean, &s.fall, &s.fallSeen, &s.fallMean,
		&s.silent, &s.share, &s.refA, &s.refB, &s.drift,
	}
}

func (s *series) words() []*uint32 { return []*uint32{&s.born} }
func (s *series) shorts() []*uint16 {
	return []*uint16{&s.hold, &s.run[0], &s.run[1], &s.held, &s.away}
}

func (e *Engine) appendEntity(b []byte, ent *entity) []byte {
	le := binary.LittleEndian
	b = append(b, byte(ent.key.kind), truth(ent.apart))
	b = le.AppendUint32(b, uint32(len(ent.key.name)))
	b = append(b, ent.key.name...)
	for m, i := range e.of(ent) {
		if i == 0 {
			continue
		}
		s := e.series.at(i)
		b = append(b, byte(m), s.class, s.flags, truth(s.shape != 0))
		window, five := e.counted(ent, Metric(m))
		for _, v := range s.numbers(&window, &five) {
			b = le.AppendUint32(b, math.Float32bits(*v))
		}
		for _, v := range s.words() {
			b = le.AppendUint32(b, *v)
		}
		for _, v := range s.shorts() {
			b = le.AppendUint16(b, *v)
		}
		for _, v := range s.weekday {
			b = le.AppendUint16(b, uint16(v))
		}
		for _, p := range s.peaks {
			b = append(b, p.slot, p.hits)
			b = le.AppendUint16(b, p.last)
			b = le.AppendUint32(b, math.Float32bits(p.excess))
		}
		if s.shape != 0 {
			for _, v := range e.shapes.at(s.shape) {
				b = le.AppendUint16(b, uint16(v[0]))
				b = le.AppendUint16(b, uint16(v[1]))
			}
		}
	}
	return b
}
