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
	if out.decodes {
		d.decode(b, out)
		return
	}
	for len(b) > 0 && !d.ended {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			d.chars += countAlphabet(b)
			return
		}
		d.chars += countAlphabet(b[:i])
		d.ended = d.chars%4 >= 2
		b = b[i+1:]
	}
}

// end writes what is left: one or two octets, and what is less than one is
// dropped.
func (d *base64Reader) end(out *output) {
	if !out.decodes {
		out.size = d.chars/4*3 + d.left()
		return
	}
	out.room(2)
	binary.BigEndian.PutUint16(out.buf[out.n:], uint16(d.quad<<(6*(4-d.chars%4))>>8))
	out.n += int(d.left())
	out.size += d.left()
}

func (d *base64Reader) left() uint64 { return max(d.chars%4, 1) - 1 }

// appendTo appends the decoding of b, a whole text.
func (d *base64Reader) appendTo(dst, b []byte) []byte {
	for _, c := range b {
		if c == '=' && d.chars%4 >= 2 {
			break
		}
		x := sextets[c]
		if x == noSextet {
			continue
		}
		d.quad = d.quad<<6 | uint32(x)
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

// noSextet marks what is not in the alphabet.
const noSextet = 0xff

// sextets holds the value of every character.
var sextets = makeSextets()

func makeSextets() (t [256]uint8) {
	for c := range t {
		t[c] = noSextet
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for v := range len(alphabet) {
		t[alphabet[v]] = uint8(v)
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
			if sextets[c] != noSextet {
				t[i]++
			}
		}
	}
	return t
}

// countAlphabet counts the octets of b that are in the alphabet.
func countAlphabet(b []byte) uint64 {
	n, b := countWide(b)
	for len(b) >= 16 {
		v, w := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		n += uint64(pairs[uint16(v)] + pairs[uint16(v>>16)] + pairs[uint16(v>>32)] + pairs[v>>48] +
			pairs[uint16(w)] + pairs[uint16(w>>16)] + pairs[uint16(w>>32)] + pairs[w>>48])
		b = b[16:]
	}
	for _, c := range b {
		if sextets[c] != noSextet {
			n++
		}
	}
	return n
}
