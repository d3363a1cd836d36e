package scan

import (
	"bytes"
	"slices"
)

// binding is a prefix, by its hash, in the element at level and in those within.
type binding struct {
	prefix  uint64
	level   int
	foreign bool
}

func split(name []byte) (prefix, local []byte) {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return nil, name
}

// hash is FNV-1a.
func hash(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// bind notes what prefixes stand for from this element on.
func (s *XML) bind(rest []byte) {
	if s.known == nil || !bytes.Contains(rest, []byte("xmlns")) {
		return
	}
	for name, uri, rest, ok := attribute(rest); ok; name, uri, rest, ok = attribute(rest) {
		prefix, local := split(name)
		switch {
		case string(name) == "xmlns":
			local = nil
		case string(prefix) != "xmlns":
			continue
		}
		if len(s.spaces) < maxBindings {
			s.spaces = append(s.spaces, binding{hash(local), len(s.ends), !slices.ContainsFunc(s.known, func(k string) bool { return bytes.HasSuffix(uri, []byte(k)) })})
		}
	}
}

func (s *XML) foreign(prefix []byte) bool {
	h := hash(prefix)
	for i := len(s.spaces) - 1; i >= 0; i-- {
		if s.spaces[i].prefix == h {
			return s.spaces[i].foreign
		}
	}
	return false // not bound at all: a mistake, or a part whose beginning was not seen
}

// attribute is the first one of a tag and what follows it.
func attribute(b []byte) (name, value, rest []byte, ok bool) {
	eq := bytes.IndexByte(b, '=')
	if eq < 0 {
		return nil, nil, nil, false
	}
	name = bytes.TrimSpace(b[:eq])
	b = bytes.TrimLeft(b[eq+1:], " \t\r\n")
	if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
		return nil, nil, nil, false
	}
	end := bytes.IndexByte(b[1:], b[0])
	if end < 0 {
		return nil, nil, nil, false
	}
	return name, b[1 : 1+end], b[end+2:], true
}

func (s *XML) attribute(name, v []byte) {
	prefix, local := split(name)
	if string(prefix) == "xmlns" || string(name) == "xmlns" || len(local) > maxName || len(s.path)+2+len(local) > maxPath {
		return
	}
	n := len(s.path)
	s.path = append(append(s.path, "/@"...), local...)
	s.visit.Visit(Text, s.path, unescaped(v[:min(len(v), maxValue)]), uint64(len(v)))
	s.path = s.path[:n]
}

// unescaped undoes the entities of an attribute.
func unescaped(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	var out []byte
	for len(b) > 0 {
		if b[0] == '&' {
			if n := bytes.IndexByte(b[:min(len(b), maxEntity)], ';'); n > 0 {
				out = append(out, entity(bytes.Clone(b[:n+1]))...)
				b = b[n+1:]
				continue
			}
		}
		out = append(out, b[0])
		b = b[1:]
	}
	return out
}
