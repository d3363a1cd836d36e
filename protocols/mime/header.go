package mime

import "bytes"

// header takes lines of a header block (RFC 5322, section 2.2) and returns what
// is behind it, or nothing.
func (p *Parser) header(b []byte) (rest []byte) {
	for len(b) > 0 && p.state == inHeader {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			p.line = append(p.line, b[:min(len(b), maxField+2-len(p.line))]...) // with room for the CR
			return nil
		}
		line := b[:i]
		if len(p.line) > 0 {
			p.line = append(p.line, line[:min(len(line), maxField+2-len(p.line))]...)
			line = p.line
			p.line = p.line[:0]
		}
		b = b[i+1:]
		p.headerLine(line)
	}
	return b
}

// headerLine takes one line without its LF.
func (p *Parser) headerLine(line []byte) {
	line = bytes.TrimSuffix(line, crByte)
	if len(line) == 0 {
		p.endHeader()
		return
	}
	switch c := line[0]; {
	case c == ' ' || c == '\t':
		if len(p.field) > 0 {
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
	p.addToField(line)
}

func (p *Parser) addToField(line []byte) {
	if room := maxField - len(p.field); len(line) > room {
		line = line[:room]
		p.truncated = true
	}
	p.field = append(p.field, line...)
}

// endField reads the field that is complete now.
func (p *Parser) endField() {
	name, value, ok := cutField(p.field)
	if ok {
		var lower [maxFieldName]byte
		n := lowerInto(lower[:], name)
		if len(p.levels) == 0 {
			p.head.seen = true
			p.headField(lower[:n], value)
		}
		p.partField(lower[:n], value)
	}
	p.field = p.field[:0]
}

// endHeader begins the body.
func (p *Parser) endHeader() {
	p.endField()
	p.state = inBody
	p.startBody()
}

// maxFieldName is longer than any field name that is looked for.
const maxFieldName = 48

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

// cutField splits a field into its name and its value. White space before the
// colon is obsolete syntax (RFC 5322, section 4.5).
func cutField(field []byte) (name, value []byte, ok bool) {
	i := bytes.IndexByte(field, ':')
	if i < 0 {
		return nil, nil, false
	}
	name = field[:i]
	for len(name) > 0 && isSpace(name[len(name)-1]) {
		name = name[:len(name)-1]
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return nil, nil, false
		}
	}
	return name, trimSpace(field[i+1:]), len(name) > 0
}

var crByte = []byte{'\r'}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimSpace(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
