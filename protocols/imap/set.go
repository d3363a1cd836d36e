package imap

import "math"

// setReader reads a sequence-set (RFC 9051, section 9) as it comes, in any
// pieces. Sets are intervals and never expanded: "1:4294967295" is one.
type setReader struct {
	value, from uint64
	digits      bool
	ranged      bool
	star        bool      // a "*" was in it: how many messages it names is not known
	total       uint64    // messages named so far
	gone        *sequence // VANISHED: what the numbers are taken out of; nil: they are only counted
}

func (s *setReader) write(b []byte) {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			s.digits = true
			s.value = min(s.value*10+uint64(c-'0'), math.MaxUint32)
		case c == ':':
			s.from, s.ranged, s.value, s.digits = s.value, true, 0, false
		case c == ',':
			s.close()
		default: // "*", and the "$" of RFC 5182
			s.star = true
		}
	}
}

// close ends an element of the set.
func (s *setReader) close() {
	if s.digits && s.value > 0 {
		first, last := s.value, s.value
		if s.ranged {
			first, last = min(s.from, s.value), max(s.from, s.value)
		}
		if first == 0 {
			first = 1
		}
		s.total += last - first + 1
		if s.gone != nil {
			s.gone.vanish(uint32(first), uint32(last))
		}
	}
	s.value, s.from, s.digits, s.ranged = 0, 0, false, false
}

// countSet returns how many numbers the set names; 0: not known.
func countSet(b []byte) uint32 {
	var s setReader
	s.write(b)
	s.close()
	if s.star {
		return 0
	}
	return uint32(min(s.total, math.MaxUint32))
}
