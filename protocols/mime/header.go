package mime

import "bytes"

// header takes lines of a header block (RFC 5322, section 2.2) and returns what
// is behind it, or nothing.
func (p *Parser) header(b []byte) (rest []byte) {
	for len(b) > 0 && p.state == inHeader {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			p.addToLine(b)
			return nil
		}
		line := b[:i]
		b = b[i+1:]
		if len(p.line) > 0 {
			p.addToLine(line)
			line = p.line
		}
		p.headerLine(line, len(b) > 0 && b[0] != ' ' && b[0] != '\t')
		p.line = p.line[:0]
	}
	return b
}

// addToLine keeps as much of a line as matters: a whole field and a CR.
func (p *Parser) addToLine(b []byte) {
	p.line = append(p.line, b[:min(len(b), maxField+2-len(p.line))]...)
}

// headerLine takes one line without its LF. last says that it is known not to be
// continued.
func (p *Parser) headerLine(line []byte, last bool) {
	line = bytes.TrimSuffix(line, crByte)
	if len(line) == 0 {
		p.endHeader()
		return
	}
	switch c := line[0]; {
	case c == ' ' || c == '\t':
		if p.pending != otherField {
			p.addToField(line)
		}
		return
	case c == '-' && len(p.levels) > 0:
		if depth, last, ok := p.delimiter(line); ok { // a part without a body, not even an empty line
			p.endHeader()
			p.nextPart(depth, last)
			return
		}
	}
	p.endField()
	p.startField(line, last)
}

// startField reads a field that is complete at once, and keeps another.
func (p *Parser) startField(line []byte, last bool) {
	whole := len(line) <= maxField
	line = line[:min(len(line), maxField)]
	name, colon := cutName(line)
	if colon < 0 {
		return
	}
	if len(p.levels) == 0 {
		p.head.seen = true
	} else if name < typeField {
		return
	}
	if name == otherField {
		return
	}
	p.truncated = p.truncated || !whole
	if last {
		p.readField(name, trimSpace(line[colon+1:]))
		return
	}
	p.pending, p.colon = name, colon
	p.field = append(p.field[:0], line...)
}

func (p *Parser) addToField(line []byte) {
	if room := maxField - len(p.field); len(line) > room {
		line = line[:room]
		p.truncated = true
	}
	p.field = append(p.field, line...)
}

// endField reads the field that was kept, since it is complete now.
func (p *Parser) endField() {
	if name := p.pending; name != otherField {
		p.pending = otherField
		p.readField(name, trimSpace(p.field[p.colon+1:]))
	}
}

func (p *Parser) readField(name fieldName, value []byte) {
	if name < typeField {
		p.headField(name, value)
	} else {
		p.part.read(name, value)
	}
}

// endHeader begins the body.
func (p *Parser) endHeader() {
	p.endField()
	p.state = inBody
	p.startBody()
}

// lowerInto writes b in lower case and returns its length, or 0 where there is
// no room.
func lowerInto(dst, b []byte) int {
	if len(b) > len(dst) {
		return 0
	}
	for i, c := range b {
		dst[i] = lower(c)
	}
	return len(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

var crByte = []byte{'\r'}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return trimRight(b)
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
