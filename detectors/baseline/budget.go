package baseline

import (
	"encoding/binary"
	"math"
)

// Budget keeps the number of alerts a day within what people read: the most severe
// pass, the rest is for the log. It is asked as alerts come, and cannot wait for the
// evening: an alert passes while there is room, and beyond that when it is more severe
// than the least severe of those that passed today.
//
// A day of much therefore lets more pass than the budget, but ever fewer: of n alerts
// in random order about PerDay*(1+ln(n/PerDay)).
type Budget struct {
	PerDay int    // 0 is no limit
	Held   uint64 // alerts that did not pass

	day    int64
	passed []float64 // severities of today's, the lowest first: a heap
}

// Admit says whether an alert of some severity on some day (any number that changes
// at midnight) passes.
func (b *Budget) Admit(day int64, severity float64) bool {
	if b.PerDay <= 0 {
		return true
	}
	if day != b.day {
		b.day, b.passed = day, b.passed[:0]
	}
	if len(b.passed) < b.PerDay {
		b.passed = append(b.passed, severity)
		b.rise(len(b.passed) - 1)
		return true
	}
	if severity <= b.passed[0] {
		b.Held++
		return false
	}
	b.passed[0] = severity
	b.sink(0)
	return true
}

func (b *Budget) rise(i int) {
	for p := (i - 1) / 2; i > 0 && b.passed[i] < b.passed[p]; p = (i - 1) / 2 {
		b.passed[i], b.passed[p] = b.passed[p], b.passed[i]
		i = p
	}
}

func (b *Budget) sink(i int) {
	for {
		c := 2*i + 1
		if c+1 < len(b.passed) && b.passed[c+1] < b.passed[c] {
			c++
		}
		if c >= len(b.passed) || b.passed[i] <= b.passed[c] {
			return
		}
		b.passed[i], b.passed[c] = b.passed[c], b.passed[i]
		i = c
	}
}

// Append appends what passed and was held today to dst.
func (b *Budget) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint64(le.AppendUint64(dst, b.Held), uint64(b.day))
	dst = le.AppendUint32(dst, uint32(len(b.passed)))
	for _, s := range b.passed {
		dst = le.AppendUint64(dst, math.Float64bits(s))
	}
	return dst
}

// Load takes over what Append wrote at the beginning of src, and returns the rest; ok
// is false where src does not begin like that. Where less passes now, the most severe
// of today count.
func (b *Budget) Load(src []byte) (rest []byte, ok bool) {
	le := binary.LittleEndian
	if len(src) < 20 {
		return nil, false
	}
	n := Budget{PerDay: b.PerDay, Held: le.Uint64(src), day: int64(le.Uint64(src[8:]))}
	count := le.Uint32(src[16:])
	if src = src[20:]; uint64(count) > uint64(len(src)/8) {
		return nil, false
	}
	held := n.Held
	for range count {
		s := math.Float64frombits(le.Uint64(src))
		if src = src[8:]; math.IsNaN(s) {
			return nil, false
		}
		n.Admit(n.day, s)
	}
	n.Held = held
	*b = n
	return src, true
}
