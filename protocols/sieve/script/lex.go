package script

import (
	"bytes"

	"mailsensor/protocols/line"
)

// lexState says what the next octet belongs to (RFC 5228, section 8.1).
type lexState uint8

const (
	between   lexState = iota
	inWord             // an identifier
	inTag              // behind the colon of a tag
	inNumber           // and its quantifier
	inQuoted           // a quoted string
	inEscape           // behind a backslash
	inHash             // a comment to the end of the line
	inSlash            // behind a slash
	inComment          // a comment in brackets
	inStar             // behind an asterisk in it
	textHead           // behind text:, on the same line
	textHash           // a comment there
	textStart          // at the beginning of a line of the text
	textDot            // behind a dot there
	textDotCR          // behind that dot and a CR
	textLine           // within a line
)

// lexer is what is kept of a token that is not whole yet.
type lexer struct {
	state lexState
	word  [maxWord]byte
	n     int  // octets of word
	long  bool // the word has more than that
	begun int  // where the string begins in the arena
	cut   bool // and it has more than is kept
}

// step takes some octets of b, at least one.
func (r *Reader) step(b []byte) int {
	c := b[0]
	switch r.state {
	case between:
		return r.first(c)
	case inWord, inTag, inNumber:
		return r.wordOctet(c)
	case inQuoted:
		n := bytes.IndexAny(b, `"\`)
		if n < 0 {
			r.keep(b)
			return len(b)
		}
		r.keep(b[:n])
		if b[n] == '"' {
			r.endString()
		} else {
			r.state = inEscape
		}
		return n + 1
	case inEscape: // an unknown escape stands for the octet itself (RFC 5228, section 2.4.2)
		r.keep(b[:1])
		r.state = inQuoted
		return 1
	case inHash, textHash:
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			return len(b)
		}
		if r.state == inHash {
			r.state = between
		} else {
			r.state = textStart
		}
		return n + 1
	case inSlash, inComment, inStar:
		return r.comment(b)
	}
	return r.textBlock(b)
}

// first takes the first octet of a token, or one between tokens.
func (r *Reader) first(c byte) int {
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
	case isWord(c) && !isDigit(c):
		r.startWord(inWord, c)
	case isDigit(c):
		r.startWord(inNumber, c)
	case c == ':':
		r.startWord(inTag, 0)
	case c == '"':
		r.startString(inQuoted)
	case c == '#':
		r.state = inHash
	case c == '/':
		r.state = inSlash
	case bytes.IndexByte([]byte("[]{}(),;"), c) >= 0:
		r.punctuation(c)
	case c == 0xef || c == 0xbb || c == 0xbf: // a byte order mark
	default:
		r.damage()
	}
	return 1
}

func (r *Reader) startWord(s lexState, c byte) {
	r.state, r.n, r.long = s, 0, false
	if c != 0 {
		r.wordOctet(c)
	}
}

// wordOctet takes an octet of a word, or ends the word and takes none of it.
func (r *Reader) wordOctet(c byte) int {
	switch {
	case isWord(c) && r.n < maxWord:
		r.word[r.n] = lower(c) // names are case-insensitive (RFC 5228, section 2.1)
		r.n++
		return 1
	case isWord(c):
		r.long = true
		return 1
	case c == ':' && r.state == inWord && string(r.word[:r.n]) == "text":
		r.startString(textHead)
		return 1
	}
	r.finishToken()
	return 0
}

// finishToken ends a word that nothing more belongs to.
func (r *Reader) finishToken() {
	s := r.state
	if s == inHash {
		r.state = between
	}
	if s != inWord && s != inTag && s != inNumber {
		return
	}
	r.state = between
	if r.long {
		r.damage()
	}
	switch w := r.word[:r.n]; s {
	case inWord:
		r.identifier(w)
	case inTag:
		r.argument(tag, w)
	case inNumber:
		r.argument(number, w)
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isWord(c byte) bool {
	return isDigit(c) || c == '_' || 'A' <= line.Upper(c) && line.Upper(c) <= 'Z'
}

// comment takes octets of a bracketed comment (RFC 5228, section 2.3).
func (r *Reader) comment(b []byte) int {
	c := b[0]
	switch r.state {
	case inSlash:
		r.state = between
		if c != '*' {
			r.damage()
			return 0
		}
		r.state = inComment
		return 1
	case inStar:
		switch c {
		case '/':
			r.state = between
		case '*':
		default:
			r.state = inComment
		}
		return 1
	}
	n := bytes.IndexByte(b, '*')
	if n < 0 {
		return len(b)
	}
	r.state = inStar
	return n + 1
}

// textBlock takes octets of a text block (RFC 5228, section 2.4.2). Of a line that
// begins with two dots the first is removed; one with another octet behind its
// dot stays as it is.
func (r *Reader) textBlock(b []byte) int {
	c := b[0]
	switch r.state {
	case textHead:
		switch c {
		case '#':
			r.state = textHash
		case '\n':
			r.state = textStart
		case ' ', '\t', '\r':
		default:
			r.damage()
		}
		return 1
	case textStart:
		if c == '.' {
			r.state = textDot
			return 1
		}
		r.state = textLine
		return 0
	case textDot:
		switch c {
		case '\n':
			r.endString()
			return 1
		case '\r':
			r.state = textDotCR
			return 1
		case '.':
			r.keep(b[:1])
			r.state = textLine
			return 1
		}
		r.keep([]byte("."))
		r.state = textLine
		return 0
	case textDotCR:
		if c == '\n' {
			r.endString()
			return 1
		}
		r.keep([]byte(".\r"))
		r.state = textLine
		return 0
	}
	n := bytes.IndexByte(b, '\n')
	if n < 0 {
		r.keep(b)
		return len(b)
	}
	r.keep(b[:n+1])
	r.state = textStart
	return n + 1
}

func (r *Reader) startString(s lexState) {
	r.state, r.begun, r.cut = s, len(r.arena), false
}

// keep adds octets to the string.
func (r *Reader) keep(b []byte) {
	room := min(maxString-(len(r.arena)-r.begun), maxArena-len(r.arena))
	if len(b) > room {
		b = b[:max(room, 0)]
		r.cut = true
	}
	r.arena = append(r.arena, b...)
}

func (r *Reader) endString() {
	r.state = between
	r.stringArgument()
}
