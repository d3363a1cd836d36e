package mime

import "bytes"

// level is a multipart that is open.
type level struct {
	start, end uint16 // of its boundary in Parser.bounds
	digest     bool   // its parts are messages by default (RFC 2046, section 5.1.5)
}

// maxDelimiter is the longest line that may be a delimiter, its transport
// padding included.
const maxDelimiter = 512

// startBody turns from the header of a part to its body.
func (p *Parser) startBody() {
	p.bol = true
	p.leaf.kind = skipped
	a := &p.part
	switch {
	case a.isMultipart() && !a.boundary.empty() && p.open():
	case a.isAttachment():
		p.startAttachment()
	case p.scanning && a.isText():
		p.startLeaf(false)
	}
}

// open begins a multipart, unless that would exceed a bound.
func (p *Parser) open() bool {
	a := &p.part
	boundary := a.bytes(a.boundary)
	if len(p.levels) == maxDepth || len(boundary) > maxBoundary {
		p.truncated = true
		return false
	}
	start := len(p.bounds)
	p.bounds = append(p.bounds, boundary...)
	p.levels = append(p.levels, level{uint16(start), uint16(len(p.bounds)), a.isType("multipart/digest")})
	return true
}

// body takes octets of a body and returns what is behind it: the header of the
// next part.
func (p *Parser) body(b []byte) (rest []byte) {
	if len(p.levels) == 0 {
		p.leafWrite(b)
		return nil
	}
	for len(b) > 0 && p.state == inBody {
		if len(p.line) > 0 || p.bol && b[0] == '-' {
			b = p.candidate(b)
			continue
		}
		n := findDelimiter(b)
		p.leafWrite(b[:n])
		p.bol = n > 0 && b[n-1] == '\n'
		b = b[n:]
	}
	return b
}

// findDelimiter returns where a line begins that may be a delimiter; at the end
// of b one hyphen is enough. A hyphen is looked for before a line end, because
// base64 has none of the former and many of the latter.
func findDelimiter(b []byte) int {
	for i := 0; ; {
		j := bytes.IndexByte(b[i:], '-')
		if j < 0 {
			return len(b)
		}
		i += j
		if i > 0 && b[i-1] == '\n' && (i+1 == len(b) || b[i+1] == '-') {
			return i
		}
		if j = bytes.IndexByte(b[i:], '\n'); j < 0 {
			return len(b)
		}
		i += j + 1
	}
}

// candidate takes a line that may be a delimiter, or what is there of it.
func (p *Parser) candidate(b []byte) (rest []byte) {
	i := bytes.IndexByte(b, '\n') + 1
	if len(p.line) == 0 && i > 0 && i <= maxDelimiter {
		p.bodyLine(b[:i])
		return b[i:]
	}
	n := i
	if i == 0 {
		n = len(b)
	}
	if n = min(n, maxDelimiter-len(p.line)); n > 0 {
		p.line = append(p.line, b[:n]...)
		b = b[n:]
	}
	if ended := p.line[len(p.line)-1] == '\n'; ended || len(p.line) == maxDelimiter {
		p.bodyLine(p.line)
		p.line = p.line[:0]
	}
	return b
}

// bodyLine takes a line that is a delimiter, or else content.
func (p *Parser) bodyLine(line []byte) {
	if depth, last, ok := p.delimiter(line); ok {
		p.nextPart(depth, last)
		return
	}
	p.leafWrite(line)
	p.bol = line[len(line)-1] == '\n'
}

// delimiter compares a line with the boundaries of all open multiparts (RFC
// 2046, section 5.1.1), the innermost first. The whole line has to be equal but
// for white space at its end, since one boundary may begin with another.
func (p *Parser) delimiter(line []byte) (depth int, last, ok bool) {
	if len(line) < 2 || line[0] != '-' || line[1] != '-' {
		return 0, false, false
	}
	line = trimRight(line[2:])
	for i := len(p.levels) - 1; i >= 0; i-- {
		l := p.levels[i]
		if bytes.Equal(line, p.bounds[l.start:l.end]) {
			return i + 1, false, true
		}
	}
	line, ok = bytes.CutSuffix(line, closeSuffix)
	if !ok {
		return 0, false, false
	}
	for i := len(p.levels) - 1; i >= 0; i-- {
		l := p.levels[i]
		if bytes.Equal(line, p.bounds[l.start:l.end]) {
			return i + 1, true, true
		}
	}
	return 0, false, false
}

var closeSuffix = []byte("--")

// nextPart ends a part at a delimiter of the multipart at depth, and with it all
// multiparts within that one that were not closed.
func (p *Parser) nextPart(depth int, last bool) {
	p.endLeaf(true)
	l := p.levels[depth-1]
	p.levels = p.levels[:depth]
	p.bounds = p.bounds[:l.end]
	p.bol = true
	if last {
		p.levels = p.levels[:depth-1]
		p.bounds = p.bounds[:l.start]
		p.state = inBody
		if depth == 1 {
			p.state = inRest
		}
		return
	}
	if p.parts++; p.parts > maxParts {
		p.truncated = true
		p.state = inRest
		return
	}
	p.state = inHeader
	p.part.clear("text/plain")
	if l.digest {
		p.part.clear("message/rfc822")
	}
}
