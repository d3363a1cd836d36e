package imap

// token is what the grammar of both directions is made of (RFC 9051, section 9).
type token uint8

const (
	wait     token = iota // the next token is not complete yet
	atom                  // a run of characters; its first maxAtom octets when it is longer
	atomRest              // a further piece of an atom that is longer than maxAtom
	open                  // (
	shut                  // )
	quote                 // a quoted string begins
	literal               // a literal begins; lexer.left is its length
	data                  // octets of the string that began
	end                   // the string ended
	eol                   // the end of the command or response
	bad                   // an impossible literal, or one not followed by a space or )
)

// Bounds of the lexer.
const (
	maxAtom        = 1024
	maxLiteralHead = 24 // "{", the digits of a number64, "+}"
	maxLiteral     = 1<<63 - 1
)

type stringKind uint8

const (
	noString stringKind = iota
	inQuoted
	inLiteral
)

// lexer cuts one direction into tokens. Strings come in pieces, as they arrive,
// so that no literal is ever needed whole.
type lexer struct {
	left    uint64 // octets of the literal still to come
	str     stringKind
	escaped bool // quoted string: the octet behind a backslash comes next
	after   bool // a literal has just ended
	long    bool // within an atom that is longer than maxAtom
	nonSync bool // the literal is {n+} (RFC 7888): its octets follow at once
}

// next returns the next token at the beginning of b and how many octets it took.
// Spaces before it are taken with it, or alone with wait.
func (l *lexer) next(b []byte) (tok token, text []byte, n int) {
	switch {
	case l.str == inLiteral:
		return l.literalData(b)
	case l.str == inQuoted:
		return l.quotedData(b)
	case len(b) == 0:
		return wait, nil, 0
	case l.long:
		if n = atomLen(b); n > 0 {
			return atomRest, b[:n], n
		}
		l.long = false
	case l.after:
		l.after = false
		if c := b[0]; c != ' ' && c != ')' && c != '\r' && c != '\n' {
			return bad, nil, 0
		}
	}
	return l.plain(b)
}

func (l *lexer) plain(b []byte) (tok token, text []byte, n int) {
	for ; n < len(b); n++ {
		switch b[n] {
		case ' ':
			continue
		case '(':
			return open, nil, n + 1
		case ')':
			return shut, nil, n + 1
		case '"':
			l.str = inQuoted
			return quote, nil, n + 1
		case '\n':
			return eol, nil, n + 1
		case '\r':
			if n+1 == len(b) {
				return wait, nil, n
			}
			continue // a lone CR is taken for a space
		case '{':
			return l.literalHead(b, n, n)
		case '~': // literal8 (RFC 3516, section 7)
			if n+1 == len(b) {
				return wait, nil, n
			}
			if b[n+1] == '{' {
				return l.literalHead(b, n, n+1)
			}
		}
		return l.atom(b, n)
	}
	return wait, nil, n
}

func (l *lexer) atom(b []byte, n int) (tok token, text []byte, taken int) {
	rest := b[n:]
	if len(rest) > maxAtom {
		rest = rest[:maxAtom]
	}
	k := atomLen(rest)
	if k == len(rest) {
		if k < maxAtom {
			return wait, nil, n
		}
		l.long = true
	}
	return atom, rest[:k], n + k
}

// literalHead reads "{" number ["+"] "}" CRLF from b[i:]. What is not that is an
// ordinary character.
func (l *lexer) literalHead(b []byte, start, i int) (tok token, text []byte, n int) {
	var size uint64
	head := b[i:]
	k, over := 1, false
	for ; k < len(head) && k < maxLiteralHead && '0' <= head[k] && head[k] <= '9'; k++ {
		d := uint64(head[k] - '0')
		over = over || size > (maxLiteral-d)/10
		size = size*10 + d
	}
	digits := k - 1
	nonSync := k < len(head) && (head[k] == '+' || head[k] == '-')
	if nonSync {
		k++
	}
	for _, c := range [...]byte{'}', '\r', '\n'} {
		switch {
		case k >= len(head):
			return wait, nil, start
		case head[k] == c:
			k++
		case c != '\r' || digits == 0: // a bare LF will do
			return atom, b[start : i+1], i + 1
		}
	}
	if digits == 0 {
		return atom, b[start : i+1], i + 1
	}
	if over {
		return bad, nil, i + k
	}
	l.left, l.str, l.nonSync = size, inLiteral, nonSync
	return literal, nil, i + k
}

func (l *lexer) literalData(b []byte) (tok token, text []byte, n int) {
	if l.left == 0 {
		l.str, l.after = noString, true
		return end, nil, 0
	}
	if len(b) == 0 {
		return wait, nil, 0
	}
	n = len(b)
	if uint64(n) > l.left {
		n = int(l.left)
	}
	l.left -= uint64(n)
	return data, b[:n], n
}

func (l *lexer) quotedData(b []byte) (tok token, text []byte, n int) {
	if len(b) == 0 {
		return wait, nil, 0
	}
	if l.escaped && b[0] != '\n' {
		l.escaped = false
		return data, b[:1], 1
	}
	for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] != '\r' && b[n] != '\n' {
		n++
	}
	if n > 0 {
		return data, b[:n], n
	}
	switch b[0] {
	case '\\':
		l.escaped = true
		return data, nil, 1
	case '"':
		n = 1
	}
	l.str, l.escaped = noString, false // at the end of the line: nobody closed it
	return end, nil, n
}

// gap takes n lost octets off the literal that is being read. It returns false
// if the loss reaches further, or there is no literal.
func (l *lexer) gap(n int) bool {
	if l.str != inLiteral || uint64(n) > l.left {
		return false
	}
	l.left -= uint64(n)
	return true
}

func (l *lexer) reset() { *l = lexer{} }

// atomEnds are the octets that end an atom. More pass than RFC 9051 allows, since
// servers and clients send them.
var atomEnds = [256]bool{' ': true, '(': true, ')': true, '"': true, '{': true, '\r': true, '\n': true}

// atomLen is how many octets of b come before the first that ends an atom.
func atomLen(b []byte) int {
	for i, c := range b {
		if atomEnds[c] {
			return i
		}
	}
	return len(b)
}
