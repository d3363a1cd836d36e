// Package line holds what text protocols share: cutting a byte stream into
// lines, scanning dot-stuffed blocks, and comparing and reading words without
// allocating. The parsers of SMTP, IMAP and POP3 are written on top of it, so
// that each deviation of real senders is tolerated and named in one place.
//
// Ownership: every slice returned is a part of the slice given, which belongs
// to the caller; nothing is kept beyond the call.
package line

import "bytes"

// End says how a line ended.
type End uint8

// The ends.
const (
	Wait        End = iota // no end in sight: call again with the same bytes and more
	CRLF                   // as it should be
	BareLF                 // LF without CR before it
	TooLong                // no end within the bound: the line's first octets; the rest is skipped
	Skipped                // a piece of a line that was too long; to be ignored
	LastSkipped            // its last piece
)

// Scanner cuts one direction of a stream into lines. It remembers how far it
// has searched, so that a line that comes one octet at a time is read once.
// Its zero value is ready; Max has to be set.
type Scanner struct {
	Max      uint32 // longest line, its end not counted
	searched uint32
	skipping bool
}

// Next looks for a line at the beginning of b, which starts with the bytes that
// an earlier call left. It returns the line without its end, and how many octets
// of b it took, end included; 0 with Wait.
func (s *Scanner) Next(b []byte) (text []byte, n int, end End) {
	if s.skipping {
		return s.skip(b)
	}
	from := min(int(s.searched), len(b))
	i := bytes.IndexByte(b[from:], '\n')
	if i >= 0 {
		i += from
	}
	if i < 0 && len(b) <= int(s.Max)+1 { // one more than Max: it may be the CR
		s.searched = uint32(len(b))
		return nil, 0, Wait
	}
	s.searched = 0
	if text, end = trimEnd(b, i); i >= 0 && len(text) <= int(s.Max) {
		return text, i + 1, end
	}
	s.skipping = true
	return b[:s.Max], int(s.Max), TooLong
}

func trimEnd(b []byte, i int) (text []byte, end End) {
	if i > 0 && b[i-1] == '\r' {
		return b[:i-1], CRLF
	}
	return b[:max(i, 0)], BareLF
}

func (s *Scanner) skip(b []byte) (text []byte, n int, end End) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		s.skipping = false
		return nil, i + 1, LastSkipped
	}
	if len(b) == 0 {
		return nil, 0, Wait
	}
	return nil, len(b), Skipped
}

// Reset forgets what was searched: the bytes that come next are others.
func (s *Scanner) Reset() { s.searched, s.skipping = 0, false }
