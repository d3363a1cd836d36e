package webmail

import "bytes"

// xmlScanner reads XML as it comes: elements by their local names, attributes, text.
// Comments, instructions and CDATA sections are understood as far as is needed to
// pass them by or to read on in them; a document type is not read, so no entity can
// grow. It keeps no more than the path and the beginning of a value.
type xmlScanner struct {
	visit visitor
	path  []byte
	ends  []int
	value []byte // of an element's text
	size  uint64
	tag   []byte // between < and >
	state xmlState
	quote byte
	close uint8 // of "]]>" or "-->" seen so far
	deep  int   // levels beyond maxDepth
	cut   bool  // the tag is longer than is kept
}

type xmlState uint8

const (
	inText xmlState = iota
	inTag
	inComment
	inCDATA
)

const maxTag = 4 << 10

func (s *xmlScanner) reset(v visitor) {
	*s = xmlScanner{visit: v, path: s.path[:0], ends: s.ends[:0], value: s.value[:0], tag: s.tag[:0]}
}

func (s *xmlScanner) write(b []byte) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch s.state {
		case inText:
			if c == '<' {
				s.state, s.tag, s.quote, s.cut = inTag, s.tag[:0], 0, false
				continue
			}
			j := bytes.IndexByte(b[i:], '<')
			if j < 0 {
				j = len(b) - i
			}
			s.put(b[i : i+j])
			i += j - 1
		case inTag:
			s.inside(c)
		case inComment, inCDATA:
			s.section(c)
		}
	}
}

func (s *xmlScanner) put(b []byte) {
	s.size += uint64(len(b))
	if room := maxValue - len(s.value); room > 0 {
		s.value = append(s.value, b[:min(len(b), room)]...)
	}
}

func (s *xmlScanner) inside(c byte) {
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
	switch string(s.tag) {
	case "!--":
		s.state, s.close = inComment, 0
	case "![CDATA[":
		s.state, s.close = inCDATA, 0
	}
}

// section passes a comment by, and reads a CDATA section.
func (s *xmlScanner) section(c byte) {
	end := byte('-')
	if s.state == inCDATA {
		end = ']'
		s.put([]byte{c})
	}
	switch {
	case c == end:
		s.close = min(s.close+1, 2)
	case c == '>' && s.close == 2:
		if s.state == inCDATA {
			s.size -= 3
			s.value = s.value[:max(0, len(s.value)-3)]
		}
		s.state = inText
	default:
		s.close = 0
	}
}

// tagged takes a whole tag.
func (s *xmlScanner) tagged(t []byte) {
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
	s.begin(local(name))
	s.attributes(rest)
	if alone {
		s.end()
	}
}

func local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

func (s *xmlScanner) begin(name []byte) {
	s.value, s.size = s.value[:0], 0
	if len(s.ends) == maxDepth {
		s.deep++
		return
	}
	s.ends = append(s.ends, len(s.path))
	if room := maxPath - len(s.path) - 1; room > 0 {
		s.path = append(s.path, '/')
		s.path = append(s.path, name[:min(len(name), room)]...)
	}
	s.visit(opened, s.path, nil, 0)
}

func (s *xmlScanner) end() {
	if s.deep > 0 {
		s.deep--
		return
	}
	n := len(s.ends)
	if n == 0 {
		return
	}
	if s.size > 0 {
		if v := bytes.TrimSpace(s.value); len(v) > 0 {
			s.visit(text, s.path, unescaped(v), s.size)
		}
	}
	s.visit(closed, s.path, nil, 0)
	s.path, s.ends = s.path[:s.ends[n-1]], s.ends[:n-1]
	s.value, s.size = s.value[:0], 0
}

func (s *xmlScanner) attributes(b []byte) {
	if s.deep > 0 {
		return
	}
	for len(b) > 0 {
		eq := bytes.IndexByte(b, '=')
		if eq < 0 {
			return
		}
		name := local(bytes.TrimSpace(b[:eq]))
		b = bytes.TrimLeft(b[eq+1:], " \t\r\n")
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			return
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return
		}
		value := b[1 : 1+end]
		b = b[end+2:]
		n := len(s.path)
		if len(name) > 64 {
			continue
		}
		s.path = append(append(s.path, "/@"...), name...)
		s.visit(text, s.path, unescaped(value[:min(len(value), maxValue)]), uint64(len(value)))
		s.path = s.path[:n]
	}
}

// unescaped undoes the five entities that XML knows without a document type.
func unescaped(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	for _, e := range [...][2]string{{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", `"`}, {"&apos;", "'"}, {"&amp;", "&"}} {
		b = bytes.ReplaceAll(b, []byte(e[0]), []byte(e[1]))
	}
	return b
}
