package scan

import "bytes"

// XML reads elements by their local names, attributes and text. Comments and
// instructions are passed by. A document type is not read, so that no entity but the
// five of XML itself and those that are numbers is known, and none can grow.
//
// An element of a namespace that is not among those asked for gets a "~" before its
// name: the same word means something else there (Namespaces in XML 1.0, section 6).
type XML struct {
	visit Visitor
	known []string // namespaces, by the ends of their URIs; nil: all
	trail
	value
	spaces []binding
	tag    []byte // between < and >
	state  xmlState
	quote  byte
	ends3  uint8 // of "]]>" or "-->" seen so far
	cut    bool  // the tag is longer than is kept
	entity []byte
}

type xmlState uint8

const (
	inText xmlState = iota
	inEntity
	inTag
	inComment
	inCDATA
)

const (
	maxTag      = 4 << 10
	maxEntity   = 10 // the longest is &#1114111;
	maxBindings = 64
)

// Reset makes s ready for other content. known are the ends of the URIs of those
// namespaces whose elements go by their bare names; nil: all do.
func (s *XML) Reset(v Visitor, known []string) {
	s.trail.reset()
	s.value.begin(nil)
	*s = XML{visit: v, known: known, trail: s.trail, value: s.value, tag: s.tag[:0], spaces: s.spaces[:0], entity: s.entity[:0]}
}

// Write reads the next octets.
func (s *XML) Write(b []byte) {
	for i := 0; i < len(b); i++ {
		switch s.state {
		case inText:
			i += s.text(b[i:]) - 1
		case inEntity:
			s.reference(b[i])
		case inTag:
			s.inside(b[i])
		case inComment:
			s.comment(b[i])
		case inCDATA:
			i += s.section(b[i:]) - 1
		}
	}
}

// text takes text up to a tag or an entity, or begins one of these.
func (s *XML) text(b []byte) int {
	switch b[0] {
	case '<':
		s.state, s.tag, s.quote, s.cut = inTag, s.tag[:0], 0, false
		return 1
	case '&':
		s.state, s.entity = inEntity, append(s.entity[:0], '&')
		return 1
	}
	n := 1
	for n < len(b) && b[n] != '<' && b[n] != '&' {
		n++
	}
	s.put(b[:n])
	return n
}

// reference takes an octet of an entity; what is none is text.
func (s *XML) reference(c byte) {
	s.entity = append(s.entity, c)
	switch {
	case c == ';':
		s.state, s.entity = inText, entity(s.entity)
		s.put(s.entity)
	case c == '<':
		s.put(s.entity[:len(s.entity)-1])
		s.state, s.tag, s.quote, s.cut = inTag, s.tag[:0], 0, false
	case len(s.entity) == maxEntity:
		s.state = inText
		s.put(s.entity)
	}
}

func (s *XML) inside(c byte) {
	switch {
	case s.quote != 0:
		if c == s.quote {
			s.quote = 0
		}
	case c == '"' || c == '\'':
		if len(s.tag) > 0 && s.tag[0] != '!' && s.tag[0] != '?' {
			s.quote = c
		}
	case c == '>':
		s.state = inText
		s.tagged(s.tag)
		return
	}
	if len(s.tag) == maxTag {
		s.cut = true
		return
	}
	s.tag = append(s.tag, c)
	switch n := len(s.tag); {
	case n == 3 && string(s.tag) == "!--":
		s.state, s.ends3 = inComment, 0
	case n == 8 && string(s.tag) == "![CDATA[":
		s.state, s.ends3 = inCDATA, 0
	}
}

func (s *XML) comment(c byte) {
	switch {
	case c == '-':
		s.ends3 = min(s.ends3+1, 2)
	case c == '>' && s.ends3 == 2:
		s.state = inText
	default:
		s.ends3 = 0
	}
}

// section takes text of a CDATA section. The brackets that may be its end wait.
func (s *XML) section(b []byte) int {
	switch c := b[0]; {
	case c == ']' && s.ends3 < 2:
		s.ends3++
		return 1
	case c == ']': // the first of three is text
		s.put(b[:1])
		return 1
	case c == '>' && s.ends3 == 2:
		s.state = inText
		return 1
	}
	s.put(brackets[:s.ends3])
	s.ends3 = 0
	n := bytes.IndexByte(b, ']')
	if n < 0 {
		n = len(b)
	}
	s.put(b[:n])
	return n
}

var brackets = []byte("]]")

// tagged takes a whole tag.
func (s *XML) tagged(t []byte) {
	switch {
	case len(t) == 0 || t[0] == '!' || t[0] == '?':
		return
	case t[0] == '/':
		s.end()
		return
	}
	alone := t[len(t)-1] == '/' && !s.cut
	if alone {
		t = t[:len(t)-1]
	}
	name, rest := t, []byte(nil)
	if i := bytes.IndexAny(t, " \t\r\n"); i >= 0 {
		name, rest = t[:i], t[i+1:]
	}
	s.bind(rest)
	s.begin(name)
	for name, v, rest, ok := attribute(rest); ok && s.deep == 0; name, v, rest, ok = attribute(rest) {
		s.attribute(name, v)
	}
	if alone {
		s.end()
	}
}

func (s *XML) begin(name []byte) {
	s.value.begin(nil)
	if len(s.ends) == maxDepth || s.deep > 0 {
		s.deep++
		return
	}
	prefix, local := split(name)
	s.ends = append(s.ends, len(s.path))
	s.name(local)
	if s.foreign(prefix) {
		if from := s.ends[len(s.ends)-1] + 1; from < len(s.path) {
			s.path = append(s.path, 0)
			copy(s.path[from+1:], s.path[from:])
			s.path[from] = '~'
		}
	}
	s.value.to = s.visit.Visit(Open, s.path, nil, 0)
}

func (s *XML) end() {
	if s.deep > 0 {
		s.deep--
		return
	}
	n := len(s.ends)
	if n == 0 {
		return
	}
	if v := bytes.TrimSpace(s.kept); len(v) > 0 {
		s.visit.Visit(Text, s.path, v, s.size)
	}
	s.visit.Visit(Close, s.path, nil, 0)
	s.path, s.ends = s.path[:s.ends[n-1]], s.ends[:n-1]
	s.value.begin(nil)
	for k := len(s.spaces); k > 0 && s.spaces[k-1].level >= n-1; k-- {
		s.spaces = s.spaces[:k-1]
	}
}
