package scan

// WBXML reads the binary form of XML that ActiveSync uses (MS-ASWBXML): tags of one
// octet in pages, strings that end in a zero, opaque data. Attributes, entities and
// references to a string table are no part of it: what holds them is not read on.
type WBXML struct {
	visit Visitor
	trail
	value
	state wbxmlState
	page  byte
	left  uint64 // of an integer, of opaque data or of the string table
	shift int
	field int // of the header
	dead  bool
}

type wbxmlState uint8

const (
	wbxmlHeader wbxmlState = iota // version, public id, character set, length of the string table
	wbxmlTable
	wbxmlToken
	wbxmlPage
	wbxmlString
	wbxmlLength
	wbxmlOpaque
)

// Global tokens (WBXML 1.3, section 7.1).
const (
	switchPage = 0x00
	endElement = 0x01
	strI       = 0x03
	opaque     = 0xC3
	hasContent = 0x40
	tagMask    = 0x3f
)

// Reset makes s ready for other content.
func (s *WBXML) Reset(v Visitor) {
	s.trail.reset()
	s.value.begin(nil)
	*s = WBXML{visit: v, trail: s.trail, value: s.value}
}

// Write reads the next octets.
func (s *WBXML) Write(b []byte) {
	for i := 0; i < len(b) && !s.dead; i++ {
		c := b[i]
		switch s.state {
		case wbxmlHeader:
			s.header(c)
		case wbxmlTable:
			if s.left--; s.left == 0 {
				s.state = wbxmlToken
			}
		case wbxmlPage:
			s.page, s.state = c, wbxmlToken
		case wbxmlString:
			j := i
			for j < len(b) && b[j] != 0 {
				j++
			}
			s.put(b[i:j])
			if j < len(b) {
				s.state = wbxmlToken
			}
			i = j
		case wbxmlLength:
			if s.integer(c) {
				if s.state = wbxmlOpaque; s.left == 0 {
					s.state = wbxmlToken
				}
			}
		case wbxmlOpaque:
			n := int(min(s.left, uint64(len(b)-i)))
			s.put(b[i : i+n])
			i += n - 1
			if s.left -= uint64(n); s.left == 0 {
				s.state = wbxmlToken
			}
		default:
			s.token(c)
		}
	}
}

// integer takes an octet of a number of several (WBXML 1.3, section 5.1).
func (s *WBXML) integer(c byte) (over bool) {
	s.left = s.left<<7 | uint64(c&0x7f)
	if s.shift++; s.shift > 5 {
		s.dead = true
	}
	return c&0x80 == 0
}

func (s *WBXML) header(c byte) {
	if s.field > 0 && !s.integer(c) {
		return
	}
	table := s.left
	if s.field++; s.field < 4 {
		s.left, s.shift = 0, 0
		return
	}
	if s.state = wbxmlTable; table == 0 {
		s.state = wbxmlToken
	}
}

func (s *WBXML) token(c byte) {
	switch c {
	case switchPage:
		s.state = wbxmlPage
	case endElement:
		s.end()
	case strI:
		s.state = wbxmlString
	case opaque:
		s.state, s.left, s.shift = wbxmlLength, 0, 0
	default:
		if c&0x80 != 0 || c&tagMask < 5 {
			s.dead = true
			return
		}
		s.begin(c & tagMask)
		if c&hasContent == 0 {
			s.end()
		}
	}
}

func (s *WBXML) begin(tag byte) {
	s.value.begin(nil)
	if len(s.ends) == maxDepth || s.deep > 0 {
		s.deep++
		return
	}
	s.ends = append(s.ends, len(s.path))
	if name := tagNames[uint16(s.page)<<8|uint16(tag)]; name != "" {
		s.path = append(append(s.path, '/'), name[:min(len(name), max(0, maxPath-len(s.path)-1))]...)
	} else {
		const hex = "0123456789abcdef"
		s.path = append(s.path, '/', hex[s.page>>4], hex[s.page&15], hex[tag>>4], hex[tag&15])
	}
	s.value.to = s.visit.Visit(Open, s.path, nil, 0)
}

func (s *WBXML) end() {
	if s.deep > 0 {
		s.deep--
		return
	}
	n := len(s.ends)
	if n == 0 {
		return
	}
	if s.size > 0 {
		s.visit.Visit(Text, s.path, s.kept, s.size)
	}
	s.visit.Visit(Close, s.path, nil, 0)
	s.path, s.ends = s.path[:s.ends[n-1]], s.ends[:n-1]
	s.value.begin(nil)
}
