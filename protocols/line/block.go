package line

import "bytes"

// Oddity is a set of things a sender of a dot-stuffed block should not do.
type Oddity uint8

// The oddities.
const (
	OddLF    Oddity = 1 << iota // LF without CR before it
	OddCR                       // CR without LF behind it
	OddLong                     // a line of more than MaxText octets
	Smuggled                    // a lone dot that a careless reader takes for the end of the block
)

// MaxText is the longest text line with its CRLF, a dot added for transparency
// not counted (RFC 5321, section 4.5.3.1.6).
const MaxText = 1000

// Block scans the content of a DATA command (RFC 5321, section 4.5.2) or of a
// multi-line POP3 response (RFC 1939, section 3): lines up to exactly CRLF dot
// CRLF, with the first dot of a line that begins with one removed. The zero
// value is ready for the first octet of a block.
//
// Other readers take other sequences for the end: LF dot LF, LF dot CRLF, CR dot
// CRLF and the like, by which a second message can be smuggled into the first.
// Those are reported and stay content. A dot followed by a CR alone is not among
// them, since no reader is known to stop there.
type Block struct {
	Octets uint64 // of content so far
	Odd    Oddity // seen so far

	state  blockState
	torn   bool   // a gap came, and the end of the block did not
	before uint64 // octets of content that came before the last gap
	cr     [1]byte
	length uint16 // of the present line so far, as far as it matters
	stride uint16 // length of the last whole line, which the next is likely to have
}

type blockState uint8

// The states are named after the octets just seen.
const (
	atStart   blockState = iota // CRLF, or the beginning
	atDot                       // CRLF dot; the dot is not content, whatever follows
	atDotCR                     // CRLF dot CR; the CR may turn out to be content
	atText                      // anything else
	atCR                        // CR
	atLF                        // LF without CR
	atLFDot                     // LF dot
	atLFDotCR                   // LF dot CR
	atCRDot                     // CR dot
	atCRDotCR                   // CR dot CR
	atGap                       // a loss: whether a line begins here is not known
)

// Reset makes the scanner ready for another block.
func (s *Block) Reset() { *s = Block{} }

// Gap says that n octets were lost. If the end of the block was among them, it
// is not noticed here.
func (s *Block) Gap(n uint64) {
	if s.state != atGap {
		s.before = s.Octets
	}
	s.Octets += n
	s.state, s.length, s.torn = atGap, 0, true
}

// maxEnd is what may be taken for content where the end of a block is lost: the
// line that ends it, and the QUIT that a sender may put right behind it.
const maxEnd = uint64(len(".\r\nQUIT\r\n"))

// EndLost says that no more comes. If the end of the block was not seen, but a
// gap, it was in that gap, and is no content.
func (s *Block) EndLost() {
	if s.torn {
		s.Octets -= min(s.Octets-s.before, maxEnd)
		s.torn = false
	}
}

// Next takes n octets of b and returns the piece of content they hold, which may
// be empty. done says that the end of the block was the last thing taken. It is
// to be called until b is used up or done. A piece may be a CR of an earlier b;
// then n may be 0.
func (s *Block) Next(b []byte) (content []byte, n int, done bool) {
	if len(b) == 0 {
		return nil, 0, false
	}
	switch s.state {
	case atDotCR:
		return s.afterDotCR(b)
	case atDot:
		if b[0] == '\r' {
			s.state = atDotCR
			return nil, 1, false
		}
	case atStart:
		if b[0] == '.' {
			s.state = atDot
			return nil, 1, false
		}
	}
	n = s.content(b)
	s.Octets += uint64(n)
	return b[:n], n, false
}

// afterDotCR decides about the CR behind a lone dot.
func (s *Block) afterDotCR(b []byte) (content []byte, n int, done bool) {
	if b[0] == '\n' {
		s.state, s.length, s.torn = atStart, 0, false
		return nil, 1, true
	}
	s.cr[0] = '\r'
	s.state = atCR
	s.grow(1)
	s.Octets++
	return s.cr[:], 0, false
}

// content takes octets up to the next line that begins with a dot, and at least
// one.
func (s *Block) content(b []byte) int {
	n := 0
	careful := false
	for n < len(b) {
		switch s.state {
		case atStart, atText:
			if s.state == atStart && b[n] == '.' {
				return n
			}
			if !careful {
				if k := s.plain(b[n:]); k > 0 {
					n += k
					continue
				}
				careful = true
			}
			n += s.text(b[n:])
		default:
			s.step(b[n])
			n++
		}
	}
	return n
}

// window bounds how far text looks ahead, so that it stays linear when a block
// consists of nothing but CR or LF.
const window = 256

// text takes octets of a line up to its next CR or LF, or that octet.
func (s *Block) text(b []byte) int {
	w := b[:min(len(b), window)]
	if i := bytes.IndexByte(w, '\n'); i >= 0 {
		w = w[:i]
	}
	if i := bytes.IndexByte(w, '\r'); i >= 0 {
		w = w[:i]
	}
	if len(w) == 0 {
		s.step(b[0])
		return 1
	}
	s.grow(len(w))
	s.state = atText
	return len(w)
}

func (s *Block) grow(n int) {
	length := int(s.length) + n
	if length > MaxText {
		s.Odd |= OddLong
		length = MaxText + 1
	}
	s.length = uint16(length)
}

// step takes one octet of content.
func (s *Block) step(c byte) {
	s.grow(1)
	if c == '\n' {
		s.newline()
		return
	}
	switch s.state {
	case atCR, atLFDotCR, atCRDotCR:
		s.Odd |= OddCR
	}
	s.state = s.follow(c)
}

// newline is step for LF.
func (s *Block) newline() {
	s.length = 0
	switch s.state {
	case atCR, atGap: // behind a gap it is taken for half of a CRLF
		s.state = atStart
	case atLFDotCR, atCRDotCR:
		s.Odd |= Smuggled
		s.state = atStart
	case atDot, atLFDot, atCRDot:
		s.Odd |= Smuggled | OddLF
		s.state = atLF
	default:
		s.Odd |= OddLF
		s.state = atLF
	}
}

// follow is the state behind c, which is not LF.
func (s *Block) follow(c byte) blockState {
	switch {
	case c == '.' && s.state == atLF:
		return atLFDot
	case c == '.' && (s.state == atCR || s.state == atCRDotCR || s.state == atLFDotCR):
		return atCRDot
	case c == '\r' && s.state == atLFDot:
		return atLFDotCR
	case c == '\r' && s.state == atCRDot:
		return atCRDotCR
	case c == '\r':
		return atCR
	}
	return atText
}
