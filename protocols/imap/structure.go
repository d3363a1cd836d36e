package imap

import "strconv"

// Bounds of a BODYSTRUCTURE: deeper or longer ones are not told.
const (
	maxLevels = 12
	maxLeaves = 256 // octets of the list of sections
)

// structure finds the leaf sections of a BODYSTRUCTURE or BODY as its tokens come
// (RFC 9051, section 7.5.2): a list that begins with a list is a multipart, whose
// parts are the lists up to the subtype; any other list is a part. A message/rfc822
// part is a leaf: BODY[n] gives all of it.
type structure struct {
	text   []byte
	levels [maxLevels]level
	depth  int // lists that are parts or may be
	inner  int // lists within a part, or behind the parts of a multipart
	failed bool
}

type level struct {
	parts uint16
	kind  levelKind
}

type levelKind uint8

const (
	undecided levelKind = iota
	multipart           // its parts come
	finished            // what still comes of it are no parts
)

// begin is called at the "(" of the outermost part.
func (s *structure) begin() {
	s.text, s.depth, s.inner, s.failed = s.text[:0], 1, 0, false
	s.levels[0] = level{}
}

func (s *structure) token(tok token) {
	if s.failed || s.depth == 0 {
		return
	}
	top := &s.levels[s.depth-1]
	switch tok {
	case open:
		if s.inner > 0 || top.kind == finished {
			s.inner++
			return
		}
		top.kind = multipart
		top.parts++
		if s.depth == maxLevels || top.parts == 1<<16-1 {
			s.failed = true
			return
		}
		s.levels[s.depth] = level{}
		s.depth++
	case shut:
		if s.inner > 0 {
			s.inner--
			return
		}
		s.depth--
	case atom, quote, literal:
		if s.inner > 0 || top.kind == finished {
			return
		}
		if top.kind == undecided {
			s.leaf()
		}
		top.kind = finished
	}
}

// leaf appends the section of the part at hand.
func (s *structure) leaf() {
	if len(s.text) > maxLeaves {
		s.failed = true
		return
	}
	if len(s.text) > 0 {
		s.text = append(s.text, ',')
	}
	if s.depth == 1 { // no multipart: its only part is number 1
		s.text = append(s.text, '1')
		return
	}
	for i := range s.depth - 1 {
		if i > 0 {
			s.text = append(s.text, '.')
		}
		s.text = strconv.AppendUint(s.text, uint64(s.levels[i].parts), 10)
	}
}

// leaves returns the sections, separated by commas; nil: not known.
func (s *structure) leaves() []byte {
	if s.failed {
		return nil
	}
	return s.text
}
