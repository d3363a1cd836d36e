package scan

import "unicode/utf8"

// JSON reads JSON texts (RFC 8259) as they come, one behind the other; what stands
// between them is passed by.
type JSON struct {
	visit Visitor
	trail
	value
	kinds []byte // '{' or '[' of each level
	key   bool   // the next string is a name
	state jsonState
	hex   uint32
	digit uint8
	high  uint32 // first half of a surrogate pair
	rune  [utf8.UTFMax]byte
}

type jsonState uint8

const (
	between jsonState = iota
	inString
	inEscape
	inHex
	inLiteral
)

// Reset makes s ready for other content.
func (s *JSON) Reset(v Visitor) {
	s.trail.reset()
	s.value.begin(nil)
	*s = JSON{visit: v, trail: s.trail, value: s.value, kinds: s.kinds[:0]}
}

// Write reads the next octets.
func (s *JSON) Write(b []byte) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch s.state {
		case inString:
			switch c {
			case '"':
				s.state = between
				s.ended()
			case '\\':
				s.state = inEscape
			default: // a run of ordinary octets at once
				j := i + 1
				for j < len(b) && b[j] != '"' && b[j] != '\\' {
					j++
				}
				s.put(b[i:j])
				i = j - 1
			}
		case inEscape:
			s.escape(c)
		case inHex:
			s.hexDigit(c)
		case inLiteral:
			if c == ',' || c == '}' || c == ']' || c <= ' ' {
				s.state = between
				s.literal()
				s.structure(c)
				continue
			}
			s.put(b[i : i+1])
		default:
			s.structure(c)
		}
	}
}

func (s *JSON) one(c byte) {
	s.rune[0] = c
	s.put(s.rune[:1])
}

func (s *JSON) escape(c byte) {
	s.state = inString
	switch c {
	case 'n':
		s.one('\n')
	case 't':
		s.one('\t')
	case 'r':
		s.one('\r')
	case 'b', 'f':
		s.one(' ')
	case 'u':
		s.state, s.hex, s.digit = inHex, 0, 0
	default:
		s.one(c)
	}
}

func (s *JSON) hexDigit(c byte) {
	v := uint32(hexValue(c))
	if v > 15 {
		v = 0
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
	s.put(utf8.AppendRune(s.rune[:0], rune(r)))
}

// structure takes an octet between values.
func (s *JSON) structure(c byte) {
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
		s.value.begin(nil)
		if (!s.key || top == '[') && s.deep == 0 {
			s.element()
			s.value.to = s.visit.Visit(Begin, s.path, nil, 0)
		}
	case c == ',':
		s.key = top == '{'
	case c == ':':
		s.key = false
	case c > ' ' && s.deep == 0:
		s.state = inLiteral
		s.value.begin(nil)
		s.one(c)
	}
}

func (s *JSON) open(c byte) {
	if len(s.kinds) == maxDepth || s.deep > 0 {
		s.deep++
		return
	}
	s.element()
	s.visit.Visit(Open, s.path, nil, 0)
	s.kinds = append(s.kinds, c)
	s.ends = append(s.ends, len(s.path))
	s.key = c == '{'
}

// element makes the path that of the next element of an array.
func (s *JSON) element() {
	if n := len(s.kinds); n > 0 && s.kinds[n-1] == '[' {
		s.path = append(s.path[:s.ends[n-1]], "/[]"...)
	}
}

func (s *JSON) close() {
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
	s.visit.Visit(Close, s.path, nil, 0)
	s.key = n > 1 && s.kinds[n-2] == '{'
}

// ended takes a string, which is a name or a value.
func (s *JSON) ended() {
	n := len(s.kinds)
	if n == 0 || s.deep > 0 {
		return
	}
	if s.key && s.kinds[n-1] == '{' {
		s.path = s.path[:s.ends[n-1]]
		s.name(s.kept)
		return
	}
	s.visit.Visit(Text, s.path, s.kept, s.size)
	s.value.to = nil
}

// literal takes a number, true, false or null.
func (s *JSON) literal() {
	if len(s.kinds) == 0 || s.deep > 0 {
		return
	}
	s.element()
	if string(s.kept) == "null" {
		s.visit.Visit(Null, s.path, nil, 0)
		return
	}
	s.visit.Visit(Text, s.path, s.kept, s.size)
}
