package mailbox

import (
	"bytes"
	"strings"
)

// section is the number of a section's name, as given out by sections.
type section uint16

// Names that are always there.
const (
	wholeBody section = iota // BODY[], RFC822
	textBody                 // BODY[TEXT], RFC822.TEXT
)

// Bounds of names. Real messages have a few dozen different part numbers.
const (
	maxNames      = 4096
	maxStructures = 4096
	maxLeaves     = 64
)

// structure is the leaf parts of a message, as its BODYSTRUCTURE lists them.
type structure struct{ leaves []section }

// sections numbers the names of sections and the shapes of messages, which are
// few, so that nothing is allocated for a message that looks like another.
type sections struct {
	names      []string
	byName     map[string]section
	structures map[string]*structure
}

func newSections() sections {
	return sections{
		names:      []string{wholeBody: "", textBody: "TEXT"},
		byName:     map[string]section{"": wholeBody, "TEXT": textBody},
		structures: map[string]*structure{},
	}
}

// number returns the number of a name; ok is false when there are too many.
func (s *sections) number(name []byte) (n section, ok bool) {
	if n, ok := s.byName[string(name)]; ok {
		return n, true
	}
	if len(s.names) == maxNames {
		return 0, false
	}
	n = section(len(s.names))
	s.names = append(s.names, string(name))
	s.byName[s.names[n]] = n
	return n, true
}

// structure returns the shape with these leaves, comma-separated, or nil where
// it is too large or there are too many shapes.
func (s *sections) structure(leaves []byte) *structure {
	if st, ok := s.structures[string(leaves)]; ok {
		return st
	}
	if len(s.structures) == maxStructures || len(leaves) == 0 || bytes.Count(leaves, []byte{','}) >= maxLeaves {
		return nil
	}
	st := new(structure)
	for name := range bytes.SplitSeq(leaves, []byte{','}) {
		n, ok := s.number(name)
		if !ok {
			return nil
		}
		st.leaves = append(st.leaves, n)
	}
	s.structures[string(leaves)] = st
	return st
}

// all reports that the sections taken hold every leaf of st.
func (s *sections) all(st *structure, taken []section) bool {
	for _, leaf := range st.leaves {
		if !s.any(taken, leaf) {
			return false
		}
	}
	return true
}

func (s *sections) any(taken []section, leaf section) bool {
	for _, t := range taken {
		if t == leaf || inside(s.names[leaf], strings.TrimSuffix(s.names[t], ".TEXT")) {
			return true
		}
	}
	return false
}

// inside reports that part is below outer: 2.1 is inside 2 (RFC 9051, section
// 6.4.5.1).
func inside(part, outer string) bool {
	return len(part) > len(outer) && part[len(outer)] == '.' && part[:len(outer)] == outer
}

// isContent reports that a section is all of a part: not only its headers, nor a
// range, which is named with its first octet.
func isContent(name []byte) bool {
	return !bytes.HasSuffix(name, []byte("MIME")) && !bytes.Contains(name, []byte("HEADER")) && bytes.IndexByte(name, '<') < 0
}
