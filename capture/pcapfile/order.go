package pcapfile

import (
	"encoding/binary"
	"math/bits"
)

// order reads numbers in the byte order of the machine that wrote them. A
// branch that is always taken the same way costs less than the call through
// a binary.ByteOrder.
type order struct{ bigEndian bool }

func (o order) uint16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o.bigEndian {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (o order) uint32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o.bigEndian {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (o order) uint64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if o.bigEndian {
		v = bits.ReverseBytes64(v)
	}
	return v
}
