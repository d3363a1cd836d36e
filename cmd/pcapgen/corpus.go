package main

import (
	"encoding/base64"
	"math/rand/v2"
)

const (
	proseSize    = 1 << 20
	base64Lines  = 40_000
	base64Line   = 76 // octets of text, as RFC 2045, section 6.8 allows
	noiseSize    = 1 << 20
	longestWord  = 11
	proseLineLen = 72
)

// corpus is what messages are cut from: making every octet afresh would take
// longer than the sensor does to read them.
type corpus struct {
	prose  []byte // lines of words, some beginning with a dot
	lines  []int  // where each line of prose begins
	base64 []byte // lines of base64Line octets and CRLF
	noise  []byte
}

func newCorpus(rng *rand.Rand) *corpus {
	c := &corpus{noise: make([]byte, noiseSize)}
	for i := range c.noise {
		c.noise[i] = byte(rng.Uint32())
	}
	for len(c.prose) < proseSize {
		c.lines = append(c.lines, len(c.prose))
		c.prose = appendLine(c.prose, rng)
	}
	var raw [base64Line / 4 * 3]byte
	for range base64Lines {
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		c.base64 = base64.StdEncoding.AppendEncode(c.base64, raw[:])
		c.base64 = append(c.base64, '\r', '\n')
	}
	return c
}

func appendLine(dst []byte, rng *rand.Rand) []byte {
	start := len(dst)
	switch rng.IntN(40) {
	case 0:
		return append(dst, '\r', '\n')
	case 1:
		dst = append(dst, '.')
	case 2:
		dst = append(dst, '>', ' ')
	}
	for len(dst)-start < proseLineLen-longestWord-rng.IntN(20) {
		for range 2 + rng.IntN(longestWord-2) {
			dst = append(dst, byte('a'+rng.IntN(26)))
		}
		dst = append(dst, ' ')
	}
	return append(dst, '\r', '\n')
}

// appendProse appends whole lines, n octets or a little less.
func (c *corpus) appendProse(dst []byte, rng *rand.Rand, n int) []byte {
	n = min(n, proseSize/2)
	from := rng.IntN(len(c.lines) / 3)
	to := from
	for to+1 < len(c.lines) && c.lines[to+1]-c.lines[from] <= n {
		to++
	}
	return append(dst, c.prose[c.lines[from]:c.lines[to]]...)
}

// appendBase64 appends n octets of base64 text, rounded up to whole lines.
func (c *corpus) appendBase64(dst []byte, rng *rand.Rand, n int) []byte {
	const stride = base64Line + 2
	count := min(n/stride+1, base64Lines)
	from := rng.IntN(base64Lines - count + 1)
	return append(dst, c.base64[from*stride:(from+count)*stride]...)
}

// noiseSlice is n octets that look encrypted.
func (c *corpus) noiseSlice(rng *rand.Rand, n int) []byte {
	from := rng.IntN(noiseSize - n)
	return c.noise[from : from+n]
}
