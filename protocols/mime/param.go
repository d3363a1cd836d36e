package mime

import "bytes"

// maxPieces is how many pieces of a continued parameter are read.
const maxPieces = 64

// params walks over the parameters of a Content-Type or Content-Disposition
// field (RFC 2045, section 5.1).
type params struct{ rest []byte }

// next returns the name of the next parameter and its value as written, quotes
// included. A semicolon within quotes or a comment separates nothing.
func (s *params) next() (name, value []byte, ok bool) {
	for len(s.rest) > 0 {
		end, equals := 0, -1
		blank := true // nothing but white space since the name, or the equals sign
		b := s.rest
		for end < len(b) && b[end] != ';' {
			switch c := b[end]; {
			case c == '=' && equals < 0:
				equals = end
				blank = true
				end++
			case c == '"':
				end += quotedString(b[end:])
				blank = false
			case c == '(' && (equals < 0 || blank):
				end += comment(b[end:])
			default:
				n := max(until(b[end:], endsParam), 1) // one: an equals sign or bracket that means itself
				blank = blank && len(trimSpace(b[end:end+n])) == 0
				end += n
			}
		}
		s.rest = b[min(end+1, len(b)):]
		if equals >= 0 {
			return bareName(b[:equals]), trimSpace(b[equals+1 : end]), true
		}
	}
	return nil, nil, false
}

// bareName is the name of a parameter without white space and comments.
func bareName(b []byte) []byte {
	w := words{rest: b}
	return w.next()
}

// appendValue appends a value without quotes and comment. Only what would need
// it is taken out of its quoted pair, so that the paths some systems write keep
// their backslashes.
func appendValue(dst, b []byte) []byte {
	for len(b) > 0 && b[0] == '(' {
		b = trimSpace(b[comment(b):])
	}
	if len(b) == 0 || b[0] != '"' {
		return append(dst, withoutComment(b)...)
	}
	for i := 1; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\') {
			i++
		}
		dst = append(dst, b[i])
	}
	return dst
}

// withoutComment drops a comment at the end. One that more text follows is taken
// for a part of a file name that should have been quoted.
func withoutComment(b []byte) []byte {
	i := bytes.IndexByte(b, '(')
	if i > 0 && isSpace(b[i-1]) && i+comment(b[i:]) == len(b) {
		return trimSpace(b[:i])
	}
	return b
}

// parameter is one parameter in the forms it may come in (RFC 2231, sections 3
// and 4): name, name*, and in pieces: name*0, name*0* and so on, in any order.
// Its slices are parts of the field.
type parameter struct {
	plain, extended []byte
	pieces          *[maxPieces]piece
	inPieces        bool // there is at least one
}

type piece struct {
	value   []byte
	encoded bool
}

// param adds the value of the parameter called want, in lower case, to text,
// decoded to UTF-8. What has a character set goes before pieces, and pieces
// before a plain value, which may be there for readers that know no better.
func (a *part) param(field []byte, want string) span {
	from := len(a.text)
	var f parameter
	f.find(field, want)
	switch {
	case f.extended != nil:
		a.addPieces([]piece{{f.extended, true}})
	case f.inPieces:
		a.addInPieces(field, want)
	default:
		a.addPlain(f.plain)
	}
	return a.since(from)
}

// addInPieces adds a parameter of which there are pieces, unless the first is
// missing and there is a plain value.
func (a *part) addInPieces(field []byte, want string) {
	var pieces [maxPieces]piece
	f := parameter{pieces: &pieces}
	f.find(field, want)
	i := 0
	for pieces[i].value == nil {
		i++
	}
	if i > 0 && f.plain != nil {
		a.addPlain(f.plain)
		return
	}
	a.addPieces(pieces[i:])
}

func (a *part) addPlain(value []byte) {
	from := len(a.text)
	a.text = appendValue(a.text, value)
	a.decodeWords(from)
}

// decodeWords decodes the encoded words in text behind from. They do not belong
// into parameters (RFC 2047, section 5), and are found there.
func (a *part) decodeWords(from int) {
	if bytes.Contains(a.text[from:], wordStart) {
		a.scratch = append(a.scratch[:0], a.text[from:]...)
		a.text = appendText(a.text[:from], a.scratch)
	}
}

// addPieces adds pieces up to the first that is missing. The character set
// stands before the text of the first, if that is encoded.
func (a *part) addPieces(pieces []piece) {
	start := len(a.text)
	cs := unknownCharset
	for i, p := range pieces {
		if p.value == nil {
			break
		}
		from := len(a.text)
		a.text = appendValue(a.text, p.value)
		if !p.encoded {
			continue
		}
		if i == 0 {
			cs = a.cutCharset(from)
		}
		a.text = a.text[:from+unescape(a.text[from:])]
	}
	if pieces[0].encoded {
		a.text = cs.convert(a.text, start)
	} else {
		a.decodeWords(start)
	}
}

// cutCharset takes charset'language' from what text has behind from.
func (a *part) cutCharset(from int) charset {
	b := a.text[from:]
	i := bytes.IndexByte(b, '\'')
	if i < 0 {
		return unknownCharset
	}
	j := bytes.IndexByte(b[i+1:], '\'')
	if j < 0 {
		return unknownCharset
	}
	cs := findCharset(b[:i])
	a.text = append(a.text[:from], b[i+1+j+1:]...)
	return cs
}

// find collects the forms of the parameter called want out of field. Of repeated
// ones the first counts.
func (f *parameter) find(field []byte, want string) {
	s := params{rest: field}
	for name, value, ok := s.next(); ok; name, value, ok = s.next() {
		if len(name) < len(want) || !equalFold(name[:len(want)], want) {
			continue
		}
		switch form := name[len(want):]; {
		case len(form) == 0:
			first(&f.plain, value)
		case len(form) == 1 && form[0] == '*':
			first(&f.extended, value)
		default:
			if n, encoded, ok := section(form); ok {
				f.inPieces = true
				if f.pieces != nil && f.pieces[n].value == nil {
					f.pieces[n] = piece{value, encoded}
				}
			}
		}
	}
}

func first(dst *[]byte, value []byte) {
	if *dst == nil {
		*dst = value
	}
}

// section reads *n or *n*.
func section(form []byte) (n int, encoded, ok bool) {
	if form[0] != '*' {
		return 0, false, false
	}
	digits := form[1:]
	if encoded = digits[len(digits)-1] == '*'; encoded {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 || len(digits) > 2 {
		return 0, false, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		n = 10*n + int(c-'0')
	}
	return n, encoded, n < maxPieces
}

// unescape decodes %XX in place and returns the new length.
func unescape(b []byte) int {
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' && i+2 < len(b) {
			if v, ok := hexPair(b[i+1], b[i+2]); ok {
				c = v
				i += 2
			}
		}
		b[n] = c
		n++
	}
	return n
}
