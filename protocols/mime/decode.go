package mime

import "encoding/binary"

// decode decodes b into out's buffer.
func (d *base64Reader) decode(b []byte, out *output) {
	for len(b) > 0 && !d.ended {
		out.room(min(len(b)/4*3+lineRoom, len(out.buf)))
		part := b[:min(len(b), (len(out.buf)-out.n)/3*4-4)]
		n := d.decodeInto(out.buf[out.n:], part)
		out.n += n
		out.size += uint64(n)
		b = b[len(part):]
	}
}

// decodeInto decodes b into dst, which has room for four octets more than b can
// make, and returns how many it wrote. Where a group of four characters begins
// it goes on by whole lines or eight or four characters, as far as they are
// what they should be.
func (d *base64Reader) decodeInto(dst, b []byte) int {
	n, i := 0, 0
	for i < len(b) {
		if d.chars%4 == 0 {
			from := i
			for len(b)-i >= lineSize && len(dst)-n >= lineRoom && decodeLine((*[lineRoom]byte)(dst[n:]), (*[lineSize]byte)(b[i:])) {
				i += lineSize
				from += lineSize - lineChars
				n += lineChars / 4 * 3
			}
			for ; len(b)-i >= 8 && len(dst)-n >= 8; i += 8 {
				v, ok := decode8((*[8]byte)(b[i:]))
				if !ok {
					break
				}
				binary.BigEndian.PutUint64(dst[n:], v)
				n += 6
			}
			for ; len(b)-i >= 4; i += 4 {
				v, ok := decode4((*[4]byte)(b[i:]))
				if !ok {
					break
				}
				binary.BigEndian.PutUint32(dst[n:], v)
				n += 3
			}
			d.chars += uint64(i - from)
			if len(b)-i >= 2 && b[i] == '\r' && b[i+1] == '\n' {
				i += 2
				continue
			}
			if i == len(b) {
				break
			}
		}
		c := b[i]
		i++
		x := sextets[c]
		if x == noSextet {
			if c == '=' && d.chars%4 >= 2 {
				d.ended = true
				break
			}
			continue
		}
		d.quad = d.quad<<6 | uint32(x)
		if d.chars++; d.chars%4 == 0 {
			dst[n], dst[n+1], dst[n+2] = byte(d.quad>>16), byte(d.quad>>8), byte(d.quad)
			n += 3
		}
	}
	return n
}

// Lines are 76 characters long (RFC 2045, section 6.8): the longest that are
// allowed, and what everybody writes.
const (
	lineChars = 76
	lineSize  = lineChars + len("\r\n")
	lineRoom  = 64 // what is written of a line, eight octets at a time
)

// decodeLine decodes a whole line. If it reports false, what it wrote means
// nothing.
func decodeLine(dst *[lineRoom]byte, src *[lineSize]byte) bool {
	if src[lineChars] != '\r' || src[lineChars+1] != '\n' {
		return false
	}
	all := true
	for i, k := 0, 0; i < lineChars-4; i, k = i+8, k+6 {
		v, ok := decode8((*[8]byte)(src[i:]))
		binary.BigEndian.PutUint64(dst[k:], v)
		all = all && ok
	}
	v, ok := decode4((*[4]byte)(src[lineChars-4:]))
	binary.BigEndian.PutUint32(dst[lineChars/4*3-3:], v)
	return all && ok
}

// decode8 returns the six octets of eight characters in the upper part of v.
func decode8(b *[8]byte) (v uint64, ok bool) {
	w := binary.LittleEndian.Uint64(b[:])
	x0, x1, x2, x3 := twelve[uint16(w)], twelve[uint16(w>>16)], twelve[uint16(w>>32)], twelve[uint16(w>>48)]
	return uint64(x0)<<52 | uint64(x1)<<40 | uint64(x2)<<28 | uint64(x3)<<16, (x0|x1|x2|x3)&noTwelve == 0
}

// decode4 returns the three octets of four characters in the upper part of v.
func decode4(b *[4]byte) (v uint32, ok bool) {
	w := binary.LittleEndian.Uint32(b[:])
	x0, x1 := twelve[uint16(w)], twelve[uint16(w>>16)]
	return uint32(x0)<<20 | uint32(x1)<<8, (x0|x1)&noTwelve == 0
}

// noTwelve marks two octets of which one is not in the alphabet.
const noTwelve = 1 << 15

// twelve holds the twelve bits of any two characters, the first of them in the
// lower half of the index. Of its 128 KiB base64 touches 16.
var twelve = makeTwelve()

func makeTwelve() (t [1 << 16]uint16) {
	for i := range t {
		x, y := sextets[byte(i)], sextets[byte(i>>8)]
		t[i] = uint16(x)<<6 | uint16(y)
		if x == noSextet || y == noSextet {
			t[i] = noTwelve
		}
	}
	return t
}
