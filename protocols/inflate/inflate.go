// Package inflate decompresses DEFLATE (RFC 1951), bare or in the wrappings of
// zlib (RFC 1950) and gzip (RFC 1952), as the octets come: whatever was
// compressed into the octets given so far comes out, also behind a partial or
// sync flush, in the middle of a block, or cut at any octet.
//
// It is pushed, not pulled: an Inflater has no reader to wait in, so there is no
// goroutine to leak and nothing to close; one that is no longer used is only
// memory, at most 32 KiB of window and 5 KiB of tables. The window grows with
// what comes out. Checksums are passed by: what a sensor saw, it saw.
//
// Ownership: input is borrowed until the call returns, output until the next
// call.
package inflate

import "unsafe"

// Format says what the octets are wrapped in.
type Format uint8

// The formats.
const (
	Raw       Format = iota // RFC 1951, as in COMPRESS=DEFLATE (RFC 4978)
	Zlib                    // RFC 1950
	Gzip                    // RFC 1952, any number of members
	ZlibOrRaw               // HTTP's "deflate" is zlib, but some send it bare (RFC 9110, section 8.4.1.2)
)

// Status says how a stream stands.
type Status uint8

// The statuses. All but More are final until Reset, except that gzip goes on
// behind Done with another member.
const (
	More     Status = iota // all that can be had was given out; what follows needs more input
	Done                   // the stream ended; octets behind it are not consumed
	Corrupt                // this is no such stream
	TooLarge               // it grew beyond its limits
)

var statusNames = [...]string{"more", "done", "corrupt", "too large"}

func (s Status) String() string { return statusNames[s] }

// Limits bound what comes out, to the next full window (32 KiB). Zero values mean
// no limit. DEFLATE can expand
// 1,032 times: whoever is not told where to stop works that much for an octet.
type Limits struct {
	Bytes uint64 // octets out
	Ratio uint64 // octets out per octet in, once Slack octets came out
	Slack uint64
}

// Inflater decompresses one stream.
type Inflater struct {
	format Format
	limits Limits
	status Status
	step   step

	hold uint64 // bits of the input that were taken in, the next one lowest
	bits uint   // how many

	buf        []byte // the window: what was put out last, as a ring once it has its full size
	start, pos int    // what of it was not given out yet
	full       bool   // the ring was filled once: all of it is history

	length, dist int // of the copy that the window's end interrupted
	stored       int // octets left of a stored block
	last         bool

	lens         [maxLitLen + maxDist]uint8
	nLit, nDist  int
	nLens, nRead int
	lit, dists   huffman
	wrap         wrapping

	in, out uint64
}

// New returns an Inflater for a stream of the format.
func New(f Format, l Limits) *Inflater {
	z := new(Inflater)
	z.Reset(f, l)
	return z
}

// Reset makes z as good as new. It keeps its window.
func (z *Inflater) Reset(f Format, l Limits) {
	z.format, z.limits, z.status = f, l, More
	z.hold, z.bits = 0, 0
	z.buf, z.start, z.pos, z.full = z.buf[:0], 0, 0, false
	z.length, z.dist, z.stored, z.last = 0, 0, 0, false
	z.wrap = wrapping{}
	z.in, z.out = 0, 0
	z.step = readBlock
	if f != Raw {
		z.step = readWrapping
	}
}

// Totals are the octets consumed and given out so far.
func (z *Inflater) Totals() (in, out uint64) { return z.in, z.out }

// Size is how many octets of memory the stream needs so far.
func (z *Inflater) Size() int { return len(z.buf) + int(unsafe.Sizeof(*z)) }

// Write decompresses b and calls emit with what comes out, piece by piece; each
// is borrowed until emit returns. n is how much of b was consumed: all, unless the
// stream ended or cannot be read on; behind Done it is exact.
func (z *Inflater) Write(b []byte, emit func([]byte)) (n int, st Status) {
	for {
		out, k, st := z.Next(b[n:])
		n += k
		if len(out) > 0 {
			emit(out)
		} else if k == 0 {
			return n, st
		}
	}
}

// Next decompresses as much of b as one piece of output has room for. It is
// called again with what is left until it neither consumes nor gives anything.
func (z *Inflater) Next(b []byte) (out []byte, n int, st Status) {
	if z.status == Done && z.format == Gzip && z.wrap.another(b) {
		z.status, z.step, z.wrap = More, readWrapping, wrapping{}
		z.last, z.full, z.start, z.pos = false, false, 0, 0
	}
	if z.status != More {
		return nil, 0, z.status
	}
	rest := z.run(b)
	n = len(b) - len(rest)
	if z.status == Done || z.pos == maxWindow { // octets taken in too early: they may be behind the end
		n -= z.giveBack(n)
	}
	out = z.buf[z.start:z.pos]
	z.in += uint64(n)
	z.out += uint64(len(out))
	z.start = z.pos
	if z.pos == maxWindow {
		z.start, z.pos, z.full = 0, 0, true
		if z.status == More && z.over() {
			z.status = TooLarge
		}
	}
	return out, n, z.status
}

// over is asked each time the window is full, so that where a stream is left does
// not depend on how it was cut.
func (z *Inflater) over() bool {
	l := &z.limits
	return l.Bytes > 0 && z.out > l.Bytes || l.Ratio > 0 && z.out > l.Slack && z.out/l.Ratio > z.in
}

// run takes step after step until the input or the window has no more.
func (z *Inflater) run(b []byte) []byte {
	for {
		var more bool
		switch z.step {
		case readWrapping:
			b, more = z.readWrapping(b)
		case readBlock:
			b, more = z.readBlock(b)
		case readStored:
			b, more = z.readStored(b)
		case copyStored:
			b, more = z.copyStored(b)
		case readCounts:
			b, more = z.readCounts(b)
		case readCodeLengths:
			b, more = z.readCodeLengths(b)
		case readLengths:
			b, more = z.readLengths(b)
		case readSymbols:
			b, more = z.readSymbols(b)
		case readTrailer:
			b, more = z.readTrailer(b)
		}
		if !more {
			return b
		}
	}
}

// giveBack unreads whole octets, at most n, and returns how many.
func (z *Inflater) giveBack(n int) int {
	n = min(n, int(z.bits/8))
	z.bits -= 8 * uint(n)
	z.hold &= 1<<z.bits - 1
	return n
}

// step is what the next bits are.
type step uint8

const (
	readWrapping    step = iota
	readBlock            // the header of a block (RFC 1951, section 3.2.3)
	readStored           // LEN and NLEN (section 3.2.4)
	copyStored           // octets of a stored block
	readCounts           // HLIT, HDIST, HCLEN (section 3.2.7)
	readCodeLengths      // lengths of the code that code lengths are written in
	readLengths          // code lengths
	readSymbols          // literals and copies
	readTrailer
)

// need takes octets in until n bits are there (n at most 56).
func (z *Inflater) need(b []byte, n uint) ([]byte, bool) {
	for z.bits < n {
		if len(b) == 0 {
			return b, false
		}
		z.hold |= uint64(b[0]) << z.bits
		z.bits += 8
		b = b[1:]
	}
	return b, true
}

// take returns the next n bits, which are there.
func (z *Inflater) take(n uint) int {
	v := z.hold & (1<<n - 1)
	z.hold >>= n
	z.bits -= n
	return int(v)
}

func (z *Inflater) corrupt(b []byte) ([]byte, bool) {
	z.status = Corrupt
	return b, false
}
