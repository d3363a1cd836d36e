// Package codec is how what a detector remembers is written down and read again: a
// line that says whose it is, the version, what there is to say, and the CRC-32C of
// all that; little-endian. Reading trusts nothing: what cannot be makes a Reader bad,
// and no count is believed before the octets for it are there.
package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"net/netip"
	"slices"

	"mailsensor/detectors/recent"
)

// What Open and Close may find.
var (
	ErrDamaged = errors.New("the state is damaged")
	ErrNewer   = errors.New("the state is of a newer version")
	ErrOlder   = errors.New("the state is of an older version")
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	le         = binary.LittleEndian
)

func line(name string) string { return "mailsensor " + name + "\n" }

// Seal appends to dst what body appends, between its head and its checksum.
func Seal(dst []byte, name string, version uint16, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = body(le.AppendUint16(append(dst, line(name)...), version))
	return le.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// Open checks what Seal wrote under the same name, and returns a Reader of the body.
func Open(src []byte, name string, version uint16) (*Reader, error) {
	return OpenSince(src, name, version, version)
}

// OpenSince is Open for a state of any version from oldest on: the Reader says which.
func OpenSince(src []byte, name string, oldest, version uint16) (*Reader, error) {
	head := len(line(name))
	if len(src) < head+2+4 || string(src[:head]) != line(name) {
		return nil, fmt.Errorf("%s: %w: it does not begin like one", name, ErrDamaged)
	}
	body := src[:len(src)-4]
	if crc32.Checksum(body, castagnoli) != le.Uint32(src[len(body):]) {
		return nil, fmt.Errorf("%s: %w: wrong checksum", name, ErrDamaged)
	}
	v := le.Uint16(src[head:])
	switch {
	case v > version:
		return nil, fmt.Errorf("%s: %w: %d, this program knows %d", name, ErrNewer, v, version)
	case v < oldest:
		return nil, fmt.Errorf("%s: %w: %d, this program knows %d", name, ErrOlder, v, version)
	}
	return &Reader{Version: v, b: body[head+2:], name: name}, nil
}

// Text appends a string of up to 64 KiB; of a longer one its beginning.
func Text(b []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint16)]
	return append(le.AppendUint16(b, uint16(len(s))), s...)
}

// Bytes appends octets, which may be text of any length.
func Bytes[T ~[]byte | ~string](b []byte, s T) []byte { return append(U64(b, uint64(len(s))), s...) }

// List appends how many there are, and each of them.
func List[T any](b []byte, list []T, each func(b []byte, v *T) []byte) []byte {
	b = U64(b, uint64(len(list)))
	for i := range list {
		b = each(b, &list[i])
	}
	return b
}

// Addr appends an address.
func Addr(b []byte, a netip.Addr) []byte {
	text, _ := a.MarshalText() // never fails
	return Text(b, string(text))
}

// Prefix appends a network.
func Prefix(b []byte, p netip.Prefix) []byte {
	text, _ := p.MarshalText() // never fails
	return Text(b, string(text))
}

// U64 appends numbers.
func U64(b []byte, list ...uint64) []byte {
	for _, n := range list {
		b = le.AppendUint64(b, n)
	}
	return b
}

// F64 appends numbers.
func F64(b []byte, list ...float64) []byte {
	for _, n := range list {
		b = le.AppendUint64(b, math.Float64bits(n))
	}
	return b
}

// Truth appends bools.
func Truth(b []byte, list ...bool) []byte {
	for _, v := range list {
		n := byte(0)
		if v {
			n = 1
		}
		b = append(b, n)
	}
	return b
}

// Table appends a table, the entity silent longest first, so that it forgets later in
// the order in which it would have.
func Table[K comparable, V any](b []byte, t *recent.Table[K, V], each func(b []byte, k K, v *V) []byte) []byte {
	type entity struct {
		key   K
		value *V
	}
	list := make([]entity, 0, t.Len())
	for k, v := range t.All {
		list = append(list, entity{k, v})
	}
	b = U64(b, t.Evicted, uint64(len(list)))
	for _, e := range slices.Backward(list) {
		b = each(b, e.key, e.value)
	}
	return b
}

// ReadTable reads what Table wrote into a table that is empty. key reads what stands
// first of each entity; value has the rest, which is a zero V until then.
func ReadTable[K comparable, V any](r *Reader, t *recent.Table[K, V], key func() K, value func(k K, v *V)) {
	evicted := r.U64()
	for n := r.Count(1); n > 0 && !r.Bad; n-- {
		k := key()
		if r.Bad = r.Bad || t.Peek(k) != nil; r.Bad {
			return
		}
		v := t.Insert(k)
		var zero V
		*v = zero // where there is less room than there was, it is a forgotten one's
		value(k, v)
	}
	t.Evicted += evicted
}
