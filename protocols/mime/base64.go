package mime

import (
	"bytes"
	"encoding/binary"
)

// base64Reader reads RFC 2045, section 6.8, with all that is not in the alphabet left
// out. A pad character where one can be ends the data; elsewhere it is left out
// too. Missing padding is no mistake.
type base64Reader struct {
	chars uint64 // octets of the alphabet so far
	quad  uint32 // those that do not yet make three octets
	ended bool
}

// write takes octets of the encoded body.
func (d *base64Reader) write(b []byte, out *output) {
	for len(b) > 0 && !d.ended {
		i := bytes.IndexByte(b, '=')
		run := b
		if i >= 0 {
			run = b[:i]
		}
		if out.hash == nil {
			d.chars += countAlphabet(run)
		} else {
			d.decode(run, out)
		}
		if i < 0 {
			return
		}
		d.ended = d.chars%4 >= 2
		b = b[i+1:]
	}
}

// end writes what is left: one or two octets, and what is less than one is
// dropped.
func (d *base64Reader) end(out *output) {
	if out.hash == nil {
		out.size = d.chars/4*3 + d.left()
		return
	}
	out.room(2)
	binary.BigEndian.PutUint16(out.buf[out.n:], uint16(d.quad<<(6*(4-d.chars%4))>>8))
	out.n += int(d.left())
	out.size += d.left()
}

func (d *base64Reader) left() uint64 { return max(d.chars%4, 1) - 1 }

// decode decodes b, which holds no pad, into out's buffer.
func (d *base64Reader) decode(b []byte, out *output) {
	for len(b) > 0 {
		out.room(64)
		part := b[:min(len(b), (len(out.buf)-out.n)/3*4-4)]
		n := d.decodeInto(out.buf[out.n:], part)
		out.n += n
		out.size += uint64(n)
		b = b[len(part):]
	}
}

// decodeInto decodes b into dst, which has room for four octets more than b can
// make, and returns how many it wrote.
func (d *base64Reader) decodeInto(dst, b []byte) int {
	t := &sextets
	n, i := 0, 0
	for i < len(b) {
		if d.chars%4 == 0 {
			from := i
			for ; len(b)-i >= 8 && len(dst)-n >= 8; i += 8 {
				w := b[i : i+8 : i+8]
				x := t[0][w[0]] | t[1][w[1]] | t[2][w[2]] | t[3][w[3]]
				y := t[0][w[4]] | t[1][w[5]] | t[2][w[6]] | t[3][w[7]]
				if (x|y)&junk != 0 {
					break
				}
				binary.BigEndian.PutUint64(dst[n:], uint64(x)<<40|uint64(y)<<16)
				n += 6
			}
			for ; len(b)-i >= 4; i += 4 {
				w := b[i : i+4 : i+4]
				x := t[0][w[0]] | t[1][w[1]] | t[2][w[2]] | t[3][w[3]]
				if x&junk != 0 {
					break
				}
				binary.BigEndian.PutUint32(dst[n:], x<<8)
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
		x := t[3][b[i]]
		i++
		if x&junk != 0 {
			continue
		}
		d.quad = d.quad<<6 | x
		if d.chars++; d.chars%4 == 0 {
			dst[n], dst[n+1], dst[n+2] = byte(d.quad>>16), byte(d.quad>>8), byte(d.quad)
			n += 3
		}
	}
	return n
}

// appendTo appends the decoding of b, a whole text.
func (d *base64Reader) appendTo(dst, b []byte) []byte {
	for _, c := range b {
		if c == '=' && d.chars%4 >= 2 {
			break
		}
		x := sextets[3][c]
		if x&junk != 0 {
			continue
		}
		d.quad = d.quad<<6 | x
		if d.chars++; d.chars%4 == 0 {
			dst = append(dst, byte(d.quad>>16), byte(d.quad>>8), byte(d.quad))
		}
	}
	rest := d.quad << (6 * (4 - d.chars%4))
	if left := d.left(); left > 0 {
		dst = append(dst, byte(rest>>16), byte(rest>>8))[:len(dst)+int(left)]
	}
	return dst
}

// junk marks what is not in the alphabet.
const junk = 1 << 24

// sextets holds the value of every character, shifted for each of the four
// places it can have.
var sextets = makeSextets()

func makeSextets() (t [4][256]uint32) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for place := range t {
		for c := range t[place] {
			t[place][c] = junk
		}
		for v := range len(alphabet) {
			t[place][alphabet[v]] = uint32(v) << (18 - 6*place)
		}
	}
	return t
}

// pairs holds how many of two octets are in the alphabet. Of its 64 KiB base64
// touches 8, so that it stays in the first cache; counting by it takes half the
// time of comparing with the ranges of the alphabet, eight octets at once.
var pairs = makePairs()

func makePairs() (t [1 << 16]uint8) {
	for i := range t {
		for _, c := range [...]byte{byte(i), byte(i >> 8)} {
			if sextets[3][c]&junk == 0 {
				t[i]++
			}
		}
	}
	return t
}

// countAlphabet counts the octets of b that are in the alphabet.
func countAlphabet(b []byte) uint64 {
	var n uint64
	for len(b) >= 16 {
		v, w := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		n += uint64(pairs[uint16(v)] + pairs[uint16(v>>16)] + pairs[uint16(v>>32)] + pairs[v>>48] +
			pairs[uint16(w)] + pairs[uint16(w>>16)] + pairs[uint16(w>>32)] + pairs[w>>48])
		b = b[16:]
	}
	for _, c := range b {
		if sextets[3][c]&junk == 0 {
			n++
		}
	}
	return n
}
