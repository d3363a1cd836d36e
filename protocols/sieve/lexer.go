package sieve

// token is what the grammar of both directions is made of (RFC 5804, section 4).
type token uint8

const (
	wait  token = iota // the next token is not complete yet, or spaces were taken
	word               // an atom or number
	open               // (
	shut               // )
	begin              // a string begins
	data               // octets of it
	end                // it ended
	eol                // the end of the line
	bad                // an impossible literal
)

// lexer cuts one direction into tokens. Strings come in pieces, as they arrive.
type lexer struct {
	left    uint64 // octets of the literal still to come
	literal bool   // within a literal
	quoted  bool   // within a quoted string
	escaped bool   // behind a backslash in it
	long    bool   // within a word that is longer than maxWord
	skip    bool   // what comes up to the end of the line is passed over
}

// next returns the next token at the beginning of b and how many octets it took.
func (l *lexer) next(b []byte) (tok token, text []byte, n int) {
	switch {
	case l.skip:
		return l.skipped(b)
	case l.literal:
		return l.literalData(b)
	case l.quoted:
		return l.quotedData(b)
	case l.long && !ends(b[0]):
		return wait, nil, wordLen(b, len(b))
	}
	l.long = false
	switch c := b[0]; c {
	case ' ', '\t', '\r':
		return wait, nil, 1
	case '\n':
		return eol, nil, 1
	case '(':
		return open, nil, 1
	case ')':
		return shut, nil, 1
	case '"':
		l.quoted = true
		return begin, nil, 1
	case '{':
		return l.head(b)
	}
	return l.word(b)
}

func (l *lexer) skipped(b []byte) (tok token, text []byte, n int) {
	for i, c := range b {
		if c == '\n' {
			l.skip = false
			return eol, nil, i + 1
		}
	}
	return wait, nil, len(b)
}

func (l *lexer) word(b []byte) (tok token, text []byte, n int) {
	n = wordLen(b, maxWord)
	if n == len(b) && n < maxWord {
		return wait, nil, 0
	}
	l.long = n == maxWord // what may follow of it is passed over
	return word, b[:n], n
}

// wordLen is how many octets of b, limit at most, come before the first that ends
// a word.
func wordLen(b []byte, limit int) int {
	n := 0
	for n < len(b) && n < limit && !ends(b[n]) {
		n++
	}
	return n
}

// ends reports whether an octet ends a word.
func ends(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '(', ')', '"':
		return true
	}
	return false
}

// head reads "{" number ["+"] "}" CRLF. Clients must send the plus (RFC 5804,
// section 4) and servers must not; either is taken from both.
func (l *lexer) head(b []byte) (tok token, text []byte, n int) {
	var size uint64
	k := 1
	for ; k < len(b) && k < maxHead && '0' <= b[k] && b[k] <= '9'; k++ {
		if size = size*10 + uint64(b[k]-'0'); size > 1<<32-1 { // a number has 32 bits
			return bad, nil, 1
		}
	}
	digits := k - 1
	if k < len(b) && b[k] == '+' {
		k++
	}
	for _, c := range [...]byte{'}', '\r', '\n'} {
		switch {
		case k >= len(b):
			return wait, nil, 0
		case b[k] == c && digits > 0:
			k++
		case c != '\r' || digits == 0: // a bare LF will do
			return bad, nil, 1
		}
	}
	l.left, l.literal = size, true
	return begin, nil, k
}

func (l *lexer) literalData(b []byte) (tok token, text []byte, n int) {
	if l.left == 0 {
		l.literal = false
		return end, nil, 0
	}
	n = int(min(uint64(len(b)), l.left))
	l.left -= uint64(n)
	if l.left == 0 {
		l.literal = false
		return end, b[:n], n
	}
	return data, b[:n], n
}

func (l *lexer) quotedData(b []byte) (tok token, text []byte, n int) {
	if l.escaped {
		l.escaped = false
		return data, b[:1], 1
	}
	for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] != '\n' {
		n++
	}
	switch {
	case n > 0:
		return data, b[:n], n
	case b[0] == '\\':
		l.escaped = true
		return data, nil, 1
	}
	l.quoted = false
	if b[0] == '\n' { // nobody closed it
		return end, nil, 0
	}
	return end, nil, 1
}

// gap takes n lost octets off the literal that is being read. It returns false
// if the loss reaches further, or there is no literal.
func (l *lexer) gap(n int) bool {
	if !l.literal || uint64(n) > l.left {
		return false
	}
	l.left -= uint64(n)
	return true
}
