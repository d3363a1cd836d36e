package scan

import (
	"bytes"

	"mailsensor/protocols/line"
)

// PartVisitor is told of the parts of a multipart content.
type PartVisitor interface {
	// Line is a line of a part's header block, without its end; first: the part's
	// first one. An empty line ends the block. It is asked for lines until it returns
	// true: the rest of the part is content.
	Line(b []byte, first bool) (content bool)
	Content(b []byte)
	PartEnd()
}

// Parts splits multipart content (RFC 2046, section 5.1) as it comes. Parts within
// parts are not taken apart.
type Parts struct {
	visit    PartVisitor
	boundary []byte // with the two hyphens
	line     []byte // the line that is being read, as far as it is kept
	state    partState
	crlf     [2]byte
	first    bool   // no line of the part was told
	long     bool   // the line is longer than is kept, and what is kept was told
	held     string // a line end, or the beginning of one, that is held back: it may be the delimiter's
}

type partState uint8

const (
	preamble partState = iota
	partHead
	partBody
	epilogue
)

const (
	maxLine     = 4 << 10
	maxBoundary = 128 // RFC 2046 allows 70
	maxPadding  = 8   // octets behind a boundary: two hyphens, white space, the line end
)

// Reset makes s ready for content whose media type is given, parameters included. ok
// is false where that names no boundary.
func (s *Parts) Reset(v PartVisitor, contentType []byte) (ok bool) {
	*s = Parts{visit: v, boundary: append(s.boundary[:0], "--"...), line: s.line[:0]}
	const parameter = "BOUNDARY="
	b := contentType
	for !line.HasPrefixFold(b, parameter) {
		if len(b) == 0 {
			return false
		}
		b = b[1:]
	}
	b = b[len(parameter):]
	if len(b) > 0 && b[0] == '"' {
		b, _, _ = bytes.Cut(b[1:], []byte{'"'})
	} else {
		b, _, _ = bytes.Cut(b, []byte{';'})
		b = bytes.TrimSpace(b)
	}
	if len(b) == 0 || len(b) > maxBoundary {
		return false
	}
	s.boundary = append(s.boundary, b...)
	return true
}

// Write reads the next octets.
func (s *Parts) Write(b []byte) {
	for len(b) > 0 && s.state != epilogue {
		n := bytes.IndexByte(b, '\n')
		end := n >= 0
		if !end {
			n = len(b) - 1
		}
		s.piece(b[:n+1], end)
		b = b[n+1:]
	}
}

// End says that the content is over.
func (s *Parts) End() {
	if s.state == epilogue {
		return
	}
	if len(s.line) > 0 {
		s.whole(s.line, len(s.line))
	}
	if s.state == partHead && !s.first || s.state == partBody {
		s.visit.PartEnd()
	}
	s.state = epilogue
}

// piece takes a piece of a line; end: it holds the line's end.
func (s *Parts) piece(b []byte, end bool) {
	if s.long { // it is content, or nothing at all
		s.pass(b, end)
		s.long = !end
		return
	}
	if len(s.line) == 0 && end {
		s.whole(b, eolAt(b))
		return
	}
	room := maxLine - len(s.line)
	s.line = append(s.line, b[:min(len(b), room)]...)
	switch {
	case len(b) > room || !end && s.state == partBody && !s.mayDelimit():
		s.release()
		s.pass(s.line, false)
		s.pass(b[min(len(b), room):], end)
		s.line, s.long = s.line[:0], !end
	case end:
		s.whole(s.line, eolAt(s.line))
		s.line = s.line[:0]
	}
}

// mayDelimit reports whether the line that has begun may be a delimiter.
func (s *Parts) mayDelimit() bool {
	n := min(len(s.line), len(s.boundary))
	return string(s.line[:n]) == string(s.boundary[:n]) && len(s.line) <= len(s.boundary)+maxPadding
}

// eolAt is where the end of a line begins.
func eolAt(b []byte) int {
	n := len(b) - 1
	if n > 0 && b[n-1] == '\r' {
		n--
	}
	return n
}

// whole takes a whole line; its text is text[:at].
func (s *Parts) whole(b []byte, at int) {
	text := b[:at]
	if len(text) >= len(s.boundary) && len(text) < len(s.boundary)+maxPadding && string(text[:len(s.boundary)]) == string(s.boundary) {
		rest := bytes.TrimRight(text[len(s.boundary):], " \t")
		if len(rest) == 0 || string(rest) == "--" {
			s.delimiter(len(rest) > 0)
			return
		}
	}
	switch s.state {
	case partHead:
		content := s.visit.Line(text, s.first)
		s.first = false
		if content {
			s.state, s.held = partBody, ""
		}
	case partBody:
		s.release()
		s.pass(b, at < len(b))
	}
}

func (s *Parts) delimiter(last bool) {
	if s.state == partBody || s.state == partHead && !s.first {
		s.visit.PartEnd()
	}
	s.state, s.first, s.held = partHead, true, ""
	if last {
		s.state = epilogue
	}
}

// release gives out what was held back.
func (s *Parts) release() {
	if len(s.held) > 0 && s.state == partBody {
		n := copy(s.crlf[:], s.held)
		s.visit.Content(s.crlf[:n])
	}
	s.held = ""
}

// pass gives out content, but for a line end at its end, or what may be half of one.
func (s *Parts) pass(b []byte, end bool) {
	if s.state != partBody || len(b) == 0 {
		return
	}
	if s.held == "\r" && len(b) == 1 && end {
		s.held = "\r\n"
		return
	}
	s.release()
	at := len(b)
	switch {
	case end && eolAt(b) == len(b)-2:
		at, s.held = len(b)-2, "\r\n"
	case end:
		at, s.held = len(b)-1, "\n"
	case b[len(b)-1] == '\r':
		at, s.held = len(b)-1, "\r"
	}
	if at > 0 {
		s.visit.Content(b[:at])
	}
}
