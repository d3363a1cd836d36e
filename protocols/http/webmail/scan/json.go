package webmail

import "unicode/utf8"

// What a scanner meets. Both scanners, that of JSON and that of XML, tell it to a
// visitor with the path to it: names, joined by slashes; "[]" for the elements of a
// JSON array, "@name" for an attribute.
type token uint8

const (
	opened token = iota // an object, an array, an element begins
	closed              // and ends
	text                // a value: its beginning, and how many octets it has in all
)

// visitor is told what is met. path and value are borrowed.
type visitor func(what token, path, value []byte, size uint64)

// Bounds of both scanners.
const (
	maxDepth = 64
	maxPath  = 1 << 10
	maxValue = 1 << 10 // octets of a value that are kept
)

// jsonScanner reads JSON texts (RFC 8259) as they come, one behind the other, and
// what stands between them is passed by: a batch of responses can be read so. It
// keeps no more than the path and the beginning of a value.
type jsonScanner struct {
	visit visitor
	path  []byte
	value []byte
	size  uint64
	ends  []int  // where the path of each level ends
	kinds []byte // '{' or '[' of each level
	key   bool   // the next string is a name
	state jsonState
	hex   uint32
	digit uint8
	high  uint32 // first half of a surrogate pair
	deep  int    // levels beyond maxDepth
}

type jsonState uint8

const (
	between jsonState = iota
	inString
	inEscape
	inHex
	inLiteral
)

func (s *jsonScanner) reset(v visitor) {
	*s = jsonScanner{visit: v, path: s.path[:0], value: s.value[:0], ends: s.ends[:0], kinds: s.kinds[:0]}
}

func (s *jsonScanner) write(b []byte) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch s.state {
		case inString:
			switch {
			case c == '"':
				s.state = between
				s.ended()
			case c == '\\':
				s.state = inEscape
			default: // a run of ordinary octets at once
				j := i + 1
				for j < len(b) && b[j] != '"' && b[j] != '\\' {
					j++
				}
				s.put(b[i:j]...)
				i = j - 1
			}
		case inEscape:
			s.escape(c)
		case inHex:
			s.hexDigit(c)
		case inLiteral:
			if c == ',' || c == '}' || c == ']' || c <= ' ' {
				s.state = between
				s.ended()
				s.structure(c)
				continue
			}
			s.put(c)
		default:
			s.structure(c)
		}
	}
}

func (s *jsonScanner) put(b ...byte) {
	s.size += uint64(len(b))
	if room := maxValue - len(s.value); room > 0 {
		s.value = append(s.value, b[:min(len(b), room)]...)
	}
}

func (s *jsonScanner) escape(c byte) {
	s.state = inString
	switch c {
	case 'n':
		s.put('\n')
	case 't':
		s.put('\t')
	case 'r':
		s.put('\r')
	case 'b', 'f':
		s.put(' ')
	case 'u':
		s.state, s.hex, s.digit = inHex, 0, 0
	default:
		s.put(c)
	}
}

func (s *jsonScanner) hexDigit(c byte) {
	v := uint32(0)
	switch {
	case c >= '0' && c <= '9':
		v = uint32(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		v = uint32(c|0x20-'a') + 10
	}
	s.hex = s.hex<<4 | v
	if s.digit++; s.digit < 4 {
		return
	}
	s.state = inString
	r := s.hex
	switch {
	case r >= 0xd800 && r < 0xdc00:
		s.high = r
		return
	case r >= 0xdc00 && r < 0xe000 && s.high != 0:
		r = 0x10000 + (s.high-0xd800)<<10 + (r - 0xdc00)
	}
	s.high = 0
	s.put(utf8.AppendRune(nil, rune(r))...)
}

// structure takes an octet between values.
func (s *jsonScanner) structure(c byte) {
	top := byte(0)
	if n := len(s.kinds); n > 0 {
		top = s.kinds[n-1]
	}
	switch {
	case c == '{' || c == '[':
		s.open(c)
	case c == '}' || c == ']':
		s.close()
	case top == 0: // between texts
	case c == '"':
		s.state = inString
		s.value, s.size = s.value[:0], 0
	case c == ',':
		s.key = top == '{'
	case c == ':':
		s.key = false
	case c > ' ' && s.deep == 0:
		s.state = inLiteral
		s.value, s.size = s.value[:0], 0
		s.put(c)
	}
}

func (s *jsonScanner) open(c byte) {
	if len(s.kinds) == maxDepth {
		s.deep++
		return
	}
	s.element()
	s.visit(opened, s.path, nil, 0)
	s.kinds = append(s.kinds, c)
	s.ends = append(s.ends, len(s.path))
	s.key = c == '{'
}

// element makes the path that of the next element of an array.
func (s *jsonScanner) element() {
	if n := len(s.kinds); n > 0 && s.kinds[n-1] == '[' {
		s.path = append(s.path[:s.ends[n-1]], "/[]"...)
	}
}

func (s *jsonScanner) close() {
	if s.deep > 0 {
		s.deep--
		return
	}
	n := len(s.kinds)
	if n == 0 {
		return
	}
	s.path = s.path[:s.ends[n-1]]
	s.kinds, s.ends = s.kinds[:n-1], s.ends[:n-1]
	s.visit(closed, s.path, nil, 0)
	s.key = n > 1 && s.kinds[n-2] == '{'
}

// ended takes a name or a value.
func (s *jsonScanner) ended() {
	n := len(s.kinds)
	if n == 0 || s.deep > 0 {
		return
	}
	if s.key && s.kinds[n-1] == '{' {
		s.path = append(s.path[:s.ends[n-1]], '/')
		s.path = append(s.path, s.value[:min(len(s.value), max(0, maxPath-len(s.path)))]...)
		return
	}
	s.element()
	s.visit(text, s.path, s.value, s.size)
}
