package inflate

import "encoding/binary"

// readBlock reads the header of a block, or ends the stream.
func (z *Inflater) readBlock(b []byte) ([]byte, bool) {
	if z.last {
		z.step = readTrailer
		return b, true
	}
	b, ok := z.need(b, 3)
	if !ok {
		return b, false
	}
	z.last = z.take(1) == 1
	switch z.take(2) {
	case 0:
		z.take(z.bits % 8) // RFC 1951, section 3.2.4: up to the next octet
		z.step = readStored
	case 1:
		z.fixed()
		z.step = readSymbols
	case 2:
		z.step = readCounts
	default:
		return z.corrupt(b)
	}
	return b, true
}

// fixed sets the codes of RFC 1951, section 3.2.6.
func (z *Inflater) fixed() {
	lens := z.lens[:maxLitLen]
	for i := range lens {
		switch {
		case i < 144, i >= 280:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		default:
			lens[i] = 7
		}
	}
	z.lit.build(lens)
	lens = z.lens[:maxDist]
	for i := range lens {
		lens[i] = 5
	}
	z.dists.build(lens)
}

func (z *Inflater) readStored(b []byte) ([]byte, bool) {
	b, ok := z.need(b, 32)
	if !ok {
		return b, false
	}
	n, check := z.take(16), z.take(16)
	if n != ^check&0xffff {
		return z.corrupt(b)
	}
	z.stored, z.step = n, copyStored
	return b, true
}

func (z *Inflater) copyStored(b []byte) ([]byte, bool) {
	for z.stored > 0 {
		n := min(z.room(), z.stored)
		if n == 0 {
			return b, false
		}
		switch {
		case z.bits > 0: // whole octets that were taken in
			z.buf[z.pos] = byte(z.take(8))
			n = 1
		case len(b) == 0:
			return b, false
		default:
			n = copy(z.buf[z.pos:z.pos+n], b)
			b = b[n:]
		}
		z.pos += n
		z.stored -= n
	}
	z.step = readBlock
	return b, true
}

// codeOrder is the order in which lengths of the code lengths' code come
// (RFC 1951, section 3.2.7).
var codeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (z *Inflater) readCounts(b []byte) ([]byte, bool) {
	b, ok := z.need(b, 14)
	if !ok {
		return b, false
	}
	z.nLit, z.nDist, z.nLens, z.nRead = z.take(5)+257, z.take(5)+1, z.take(4)+4, 0
	if z.nLit > 286 || z.nDist > 30 {
		return z.corrupt(b)
	}
	clear(z.lens[:len(codeOrder)])
	z.step = readCodeLengths
	return b, true
}

func (z *Inflater) readCodeLengths(b []byte) ([]byte, bool) {
	for ok := true; z.nRead < z.nLens; z.nRead++ {
		if b, ok = z.need(b, 3); !ok {
			return b, false
		}
		z.lens[codeOrder[z.nRead]] = uint8(z.take(3))
	}
	if !z.dists.build(z.lens[:len(codeOrder)]) { // not in use at the moment
		return z.corrupt(b)
	}
	z.nRead, z.step = 0, readLengths
	return b, true
}

// repeats are the code length symbols 16 to 18: how often something is
// repeated, in how many bits more.
var repeats = [...]struct {
	base int
	bits uint
}{{3, 2}, {3, 3}, {11, 7}}

func (z *Inflater) readLengths(b []byte) ([]byte, bool) {
	for z.nRead < z.nLit+z.nDist {
		b, _ = z.need(b, 14) // 7 and 7 at most; fewer may do
		s, n := z.dists.decode(z.hold)
		extra := uint(0)
		if s >= 16 {
			extra = repeats[s-16].bits
		}
		switch {
		case n == 0 && z.bits >= 7: // no code of code lengths is longer
			return z.corrupt(b)
		case n == 0 || n+extra > z.bits:
			return b, false
		}
		z.take(n)
		if s < 16 {
			z.lens[z.nRead] = uint8(s)
			z.nRead++
			continue
		}
		again, value := repeats[s-16].base+z.take(extra), uint8(0)
		if z.nRead+again > z.nLit+z.nDist || s == 16 && z.nRead == 0 {
			return z.corrupt(b)
		}
		if s == 16 {
			value = z.lens[z.nRead-1]
		}
		for range again {
			z.lens[z.nRead] = value
			z.nRead++
		}
	}
	if !z.lit.build(z.lens[:z.nLit]) || !z.dists.build(z.lens[z.nLit:z.nLit+z.nDist]) {
		return z.corrupt(b)
	}
	z.step = readSymbols
	return b, true
}

// Lengths and distances (RFC 1951, section 3.2.5): the least, and how many bits
// are added to it.
var (
	lengthBase = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase   = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distBits   = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// longest is the bits of a whole copy: length code, its bits, distance code, its bits.
const longest = 15 + 5 + 15 + 13

// readSymbols decodes literals and copies. Nothing is taken of a copy before all
// of its bits are there, so that a stream may be cut anywhere.
func (z *Inflater) readSymbols(b []byte) ([]byte, bool) {
	if !z.copyBack() {
		return b, false
	}
	for {
		if z.bits < longest {
			if len(b) >= 8 {
				z.hold |= binary.LittleEndian.Uint64(b) << z.bits
				k := (63 - z.bits) / 8
				b = b[k:]
				z.bits += 8 * k
				z.hold &= 1<<z.bits - 1
			} else {
				b, _ = z.need(b, longest)
			}
		}
		s, n := z.lit.decode(z.hold)
		switch {
		case n == 0 && z.bits >= maxCodeLen:
			return z.corrupt(b)
		case n == 0 || n > z.bits:
			return b, false
		case s < 256:
			if z.pos == len(z.buf) && z.room() == 0 {
				return b, false
			}
			z.take(n)
			z.buf[z.pos] = byte(s)
			z.pos++
		case s == 256:
			z.take(n)
			z.step = readBlock
			return b, true
		default:
			more, ok := z.beginCopy(s-257, n)
			if !ok {
				return z.corrupt(b)
			}
			if !more || !z.copyBack() {
				return b, false
			}
		}
	}
}

// beginCopy reads a length, whose code has n bits, and a distance. more is false
// if bits are missing, ok if there is nothing to copy.
func (z *Inflater) beginCopy(s int, n uint) (more, ok bool) {
	if s >= len(lengthBase) {
		return false, false
	}
	lb := uint(lengthBits[s])
	d, m := z.dists.decode(z.hold >> (n + lb))
	if m == 0 {
		return false, z.bits < n+lb+maxCodeLen
	}
	if d >= len(distBase) {
		return false, z.bits < n+lb+m
	}
	db := uint(distBits[d])
	if n+lb+m+db > z.bits {
		return false, true
	}
	z.take(n)
	length := int(lengthBase[s]) + z.take(lb)
	z.take(m)
	dist := int(distBase[d]) + z.take(db)
	if !z.reaches(dist) {
		return false, false
	}
	z.length, z.dist = length, dist
	return true, true
}
