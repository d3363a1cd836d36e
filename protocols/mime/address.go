package mime

import "bytes"

// addresses reads an address list (RFC 5322, sections 3.4 and 4.4) and keeps up
// to limit of its addresses, without the names that go with them. Groups are
// read as their members, routes and comments are dropped, and a comma or an
// angle bracket that is missing spoils only its own address. count is of all.
func (p *Parser) addresses(list []span, limit int, b []byte) (_ []span, count uint32) {
	a := addressReader{rest: b}
	for {
		from := len(p.text)
		text, ok := a.next(p.text)
		if p.text = text; !ok {
			p.text = p.text[:from]
			return list, count
		}
		count++
		if len(list) == limit {
			p.text = p.text[:from]
			p.truncated = p.truncated || limit > 0
			continue
		}
		if s, ok := p.keep(from); ok {
			list = append(list, s)
		}
	}
}

type addressReader struct{ rest []byte }

// next appends the next address to dst.
func (a *addressReader) next(dst []byte) (_ []byte, ok bool) {
	from := len(dst)
	for len(a.rest) > 0 {
		var sure bool
		dst, sure = a.element(dst[:from])
		if len(a.rest) > 0 {
			a.rest = a.rest[1:] // the comma or semicolon
		}
		if len(dst) > from && (sure || isLocal(dst[from:])) {
			return dst, true
		}
	}
	return dst[:from], false
}

// isLocal takes a single word for the name of a local user, but not the half of
// an encoded word that holds a comma where it should not.
func isLocal(b []byte) bool { return bytes.IndexByte(b, '?') < 0 && b[0] != '"' }

// element reads up to the next comma or semicolon. It appends what stands in
// angle brackets, or else the one word there is, or the one that has an at sign. sure says
// that it is an address.
func (a *addressReader) element(dst []byte) (_ []byte, sure bool) {
	from := len(dst)
	var angle, at, several bool
	b := a.rest
	for len(b) > 0 {
		c := b[0]
		n := 1
		switch {
		case c == ',' || c == ';':
			a.rest = b
			return oneWord(dst, from, at || angle || !several), at || angle
		case c == '(':
			n = comment(b)
		case angle: // whatever stands behind the bracket
			if c == '"' {
				n = quotedString(b)
			}
		case c == '<':
			dst, n = appendAngle(dst[:from], b)
			angle = true
		case c == ':': // the name of a group
			dst, at, several = dst[:from], false, false
		case isSpace(c):
			// decided at the next word
		default:
			n = word(b)
			if len(dst) > from && !joined(dst[len(dst)-1], c) {
				several = true
				if at && bytes.IndexByte(b[:n], '@') < 0 {
					break
				}
				dst, at = dst[:from], false
			}
			dst = append(dst, b[:n]...)
			at = at || c != '"' && bytes.IndexByte(b[:n], '@') >= 0
		}
		b = b[n:]
	}
	a.rest = nil
	return oneWord(dst, from, at || angle || !several), at || angle
}

// oneWord drops a word that is but the last of a name.
func oneWord(dst []byte, from int, ok bool) []byte {
	if !ok {
		return dst[:from]
	}
	return dst
}

// joined reports whether a word goes on: white space around dots and the at
// sign is obsolete syntax, and the at sign follows a quoted string directly.
func joined(last, next byte) bool {
	return last == '@' || last == '.' || next == '@' || next == '.'
}

// appendAngle appends the address between angle brackets, without white space,
// comments and route, and returns how much of b it took.
func appendAngle(dst, b []byte) (_ []byte, n int) {
	from := len(dst)
	for n = 1; n < len(b); {
		k := until(b[n:], endsAngle)
		dst = append(dst, b[n:n+k]...)
		if n += k; n == len(b) {
			break
		}
		switch c := b[n]; {
		case c == '>':
			return dst, n + 1
		case c == '(':
			n += comment(b[n:])
		case c == '"':
			k := quotedString(b[n:])
			dst = append(dst, b[n:n+k]...)
			n += k
		case isSpace(c):
			n++
		case c == ',' && (len(dst) == from || dst[from] != '@'): // the bracket is missing
			return dst, n
		case c == ':' && len(dst) > from && dst[from] == '@':
			dst = dst[:from]
			n++
		default:
			dst = append(dst, c)
			n++
		}
	}
	return dst, n
}

// word is the length of a quoted string, or of an atom with dots, at signs and
// domain literals.
func word(b []byte) int {
	if b[0] == '"' {
		return quotedString(b)
	}
	n := until(b, endsAtom)
	for n < len(b) && b[n] == '[' {
		i := bytes.IndexByte(b[n:], ']')
		if i < 0 {
			return len(b)
		}
		n += i + 1
		n += until(b[n:], endsAtom)
	}
	return max(n, 1)
}

// quotedString is the length of the quoted string b begins with; an unclosed one
// reaches to the end.
func quotedString(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// Addresses calls f with each address of an address list, as a parser reads it. The
// address is borrowed until f returns.
func Addresses(list []byte, f func(address []byte)) {
	a := addressReader{rest: list}
	var scratch [256]byte
	for {
		address, ok := a.next(scratch[:0])
		if !ok {
			return
		}
		f(address)
	}
}
