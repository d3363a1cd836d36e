package codec

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
)

// Reader takes what was written off a body.
type Reader struct {
	// Bad is set when something was not there or cannot be; whoever finds something
	// impossible sets it. What is read then is zero.
	Bad     bool
	Version uint16 // of what is read

	b    []byte
	name string
}

// NewReader returns a Reader of a body that is sealed by somebody else.
func NewReader(name string, body []byte) *Reader { return &Reader{b: body, name: name} }

// Len is how many octets are left.
func (r *Reader) Len() int { return len(r.b) }

// Take reads n octets, which stay those of the state; nil where they are not there.
func (r *Reader) Take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.Bad = true
		return nil
	}
	return r.take(int(n))
}

// U8 reads a number of one octet.
func (r *Reader) U8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 reads a number of two octets.
func (r *Reader) U16() uint16 {
	if b := r.take(2); b != nil {
		return le.Uint16(b)
	}
	return 0
}

// U32 reads a number of four octets.
func (r *Reader) U32() uint32 {
	if b := r.take(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

// F32 reads a number of four octets, which has to be finite.
func (r *Reader) F32() float32 {
	v := math.Float32frombits(r.U32())
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		r.Bad = true
		return 0
	}
	return v
}

func (r *Reader) take(n int) []byte {
	if r.Bad || n > len(r.b) {
		r.Bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// U64 reads a number.
func (r *Reader) U64() uint64 {
	if b := r.take(8); b != nil {
		return le.Uint64(b)
	}
	return 0
}

// I64 reads a number that may be negative.
func (r *Reader) I64() int64 { return int64(r.U64()) }

// F64 reads a number, which has to be finite.
func (r *Reader) F64() float64 {
	v := math.Float64frombits(r.U64())
	if math.IsNaN(v) || math.IsInf(v, 0) {
		r.Bad = true
		return 0
	}
	return v
}

// Truth reads a bool.
func (r *Reader) Truth() bool {
	b := r.take(1)
	if b == nil || b[0] > 1 {
		r.Bad = true
		return false
	}
	return b[0] == 1
}

// Text reads a string.
func (r *Reader) Text() string {
	b := r.take(2)
	if b == nil {
		return ""
	}
	return string(r.take(int(le.Uint16(b))))
}

// Bytes reads octets; they are the caller's.
func (r *Reader) Bytes() []byte {
	return bytes.Clone(r.take(r.Count(1)))
}

// Upto reads a number that is at most so large.
func (r *Reader) Upto(most uint64) uint64 {
	n := r.U64()
	if r.Bad = r.Bad || n > most; r.Bad {
		return 0
	}
	return n
}

// ReadList reads what List wrote: no more than most. No entry is made for octets that
// are not there.
func ReadList[T any](r *Reader, most int, each func(v *T)) (list []T) {
	n := r.Count(1)
	if r.Bad = r.Bad || n > most; r.Bad || n == 0 {
		return nil
	}
	list = make([]T, 0, min(n, 16))
	for range n {
		var v T
		if each(&v); r.Bad {
			return nil
		}
		list = append(list, v)
	}
	return list
}

// Addr reads an address.
func (r *Reader) Addr() (a netip.Addr) {
	r.Bad = a.UnmarshalText([]byte(r.Text())) != nil || r.Bad
	return a
}

// Prefix reads a network.
func (r *Reader) Prefix() (p netip.Prefix) {
	r.Bad = p.UnmarshalText([]byte(r.Text())) != nil || r.Bad
	return p
}

// Count reads how many things follow, each of which has at least so many octets.
func (r *Reader) Count(octets int) int {
	n := r.U64()
	if r.Bad = r.Bad || n > uint64(len(r.b)/octets); r.Bad {
		return 0
	}
	return int(n)
}

// Part lets load take what it knows off what is left.
func (r *Reader) Part(load func(src []byte) (rest []byte, ok bool)) {
	if r.Bad {
		return
	}
	rest, ok := load(r.b)
	r.b, r.Bad = rest, !ok
}

// Close says whether all was read, and all of it possible.
func (r *Reader) Close() error {
	if r.Bad || len(r.b) > 0 {
		return fmt.Errorf("%s: %w: it says something impossible", r.name, ErrDamaged)
	}
	return nil
}
