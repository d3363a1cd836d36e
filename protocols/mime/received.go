package mime

// hop keeps "from X by Y" of a Received field (RFC 5321, section 4.4), as far as
// the field has them.
func (p *Parser) hop(value []byte) {
	h := &p.head
	h.receivedCount++
	if len(h.received) == maxReceived {
		p.truncated = true
		return
	}
	from := len(p.text)
	w := words{rest: value}
	first := true
	for word := w.next(); word != nil; word = w.next() {
		isFrom := equalFold(word, "from") && first
		isBy := equalFold(word, "by")
		first = false
		if !isFrom && !isBy {
			continue
		}
		host := w.next()
		if host == nil {
			break
		}
		if len(p.text) > from {
			p.text = append(p.text, ' ')
		}
		if isFrom {
			p.text = append(p.text, "from "...)
		} else {
			p.text = append(p.text, "by "...)
		}
		p.text = append(p.text, host...)
		if isBy {
			break
		}
	}
	if len(p.text) == from {
		return
	}
	if s, ok := p.keep(from); ok {
		h.received = append(h.received, s)
	}
}

// words cuts a field into words, without comments, up to the semicolon before
// the date.
type words struct{ rest []byte }

func (w *words) next() []byte {
	b := w.rest
	for len(b) > 0 {
		switch c := b[0]; {
		case isSpace(c):
			b = b[1:]
		case c == '(':
			b = b[comment(b):]
		case c == ';':
			w.rest = nil
			return nil
		default:
			n := until(b, endsWord)
			w.rest = b[n:]
			return b[:n]
		}
	}
	w.rest = nil
	return nil
}

// comment returns the length of the comment b begins with (RFC 5322, section
// 3.2.2): nested, with quoted pairs; unclosed ones reach to the end.
func comment(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(b)
}
