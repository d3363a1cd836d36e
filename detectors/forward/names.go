package forward

import (
	"bytes"
	"strings"
)

// names are addresses, each with a LF behind it, which no address holds: as one
// string, because most messages are remembered in vain.
type names string

func appendName(list, name []byte) []byte {
	for rest := list; len(rest) > 0; {
		var have []byte
		if have, rest, _ = bytes.Cut(rest, lf); bytes.Equal(have, name) {
			return list
		}
	}
	return append(append(list, name...), '\n')
}

var lf = []byte{'\n'}

func (l names) all(yield func(string) bool) {
	for l != "" {
		name, rest, _ := strings.Cut(string(l), "\n")
		if l = names(rest); !yield(name) {
			return
		}
	}
}

func (l names) has(name string) bool {
	for have := range l.all {
		if have == name {
			return true
		}
	}
	return false
}

func (l names) first() string {
	name, _, _ := strings.Cut(string(l), "\n")
	return name
}

func (l names) len() int { return strings.Count(string(l), "\n") }

// join returns l with more behind it, up to maxRecipients.
func (d *Detector) join(l names, more []byte) names {
	if l == "" {
		return names(d.kept.keep(more))
	}
	n := l.len()
	d.joined = append(d.joined[:0], l...)
	for name := range bytes.Lines(more) {
		if before := len(d.joined); n < maxRecipients {
			if d.joined = appendName(d.joined, bytes.TrimSuffix(name, lf)); len(d.joined) > before {
				n++
			}
		}
	}
	if len(d.joined) == len(l) {
		return l
	}
	return names(d.kept.keep(d.joined))
}

// store makes strings, many with one allocation. What is remembered as long
// should be of one store: the last of them keeps its memory.
type store struct{ strings.Builder }

const storeSize = 8 << 10

func (s *store) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s.Cap()-s.Len() < len(b) {
		s.Reset()
		s.Grow(max(storeSize, len(b)))
	}
	n := s.Len()
	s.Write(b)
	return s.String()[n:]
}
