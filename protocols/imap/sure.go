package imap

import (
	"bytes"

	"mailsensor/protocols/line"
)

// After a loss, and where a capture begins in the middle, what comes next may be
// the text of a message. These functions ask for more than the grammar does, so
// that prose is not taken for protocol.

// firstLine is b up to its first line end, and no more than it takes.
func firstLine(b []byte) []byte {
	b = b[:min(len(b), sureLine)]
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		b = bytes.TrimSuffix(b[:i], []byte("\r"))
	}
	return b
}

// tagLen is the length of the tag b begins with (RFC 9051, section 9: any
// ASTRING-CHAR but "+"); 0: it is none.
func tagLen(b []byte) int {
	for i, c := range b {
		switch {
		case c == ' ':
			return i
		case c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte(`(){%*"\+`), c) >= 0:
			return 0
		}
	}
	return 0
}

// isUpper reports whether the letters of word are all capitals.
func isUpper(word []byte) bool {
	for _, c := range word {
		if 'a' <= c && c <= 'z' {
			return false
		}
	}
	return true
}

func hasDigit(word []byte) bool {
	for _, c := range word {
		if '0' <= c && c <= '9' {
			return true
		}
	}
	return false
}

// isCommand reports whether b begins with a tag and the name of a known command.
func isCommand(b []byte) (tag, name []byte, ok bool) {
	b = firstLine(b)
	n := tagLen(b)
	if n == 0 {
		return nil, nil, false
	}
	name, _ = line.Word(line.TrimLeft(b[n:]))
	return b[:n], name, verbOf(name) != unknownVerb
}

// sureCommand reports whether the line at b is a command and hardly prose: "to
// copy a list" is no COPY.
func sureCommand(b []byte) bool {
	if text := firstLine(b); line.EqualFold(text, "DONE") && isUpper(text) {
		return true
	}
	tag, name, ok := isCommand(b)
	return ok && (hasDigit(tag) || isUpper(name))
}

// sureUntagged reports whether the line at b is an untagged response and hardly
// the item of a list in a text.
func sureUntagged(b []byte) bool {
	b = firstLine(b)
	if len(b) < 4 || b[0] != '*' || b[1] != ' ' {
		return false
	}
	word, rest := line.Word(b[2:])
	if _, ok := line.Uint(word); ok {
		word, rest = line.Word(rest)
		switch string(word) {
		case "FETCH", "UIDFETCH":
			return len(rest) > 0 && rest[0] == '('
		case "EXISTS", "EXPUNGE", "EXPUNGED", "RECENT":
			return len(rest) == 0
		}
		return false
	}
	switch string(word) {
	case "OK", "NO", "BAD", "BYE", "PREAUTH", "SEARCH", "SORT", "ESEARCH", "STATUS", "CAPABILITY", "VANISHED", "ENABLED":
		return true
	case "FLAGS", "LIST", "LSUB":
		return len(rest) > 0 && rest[0] == '('
	}
	return false
}

// sureResponse reports whether the line at b is a response. A tag has to be that
// of a command in flight, if commands are seen at all.
func (p *parser) sureResponse(b []byte) bool {
	if sureUntagged(b) {
		return true
	}
	tag, ok := taggedLine(b)
	return ok && (!p.seen[0] || p.find(tagHash(tag)) >= 0)
}

// taggedLine reports whether b looks like a tagged response.
func taggedLine(b []byte) (tag []byte, ok bool) {
	b = firstLine(b)
	n := tagLen(b)
	if n == 0 {
		return nil, false
	}
	switch word, _ := line.Word(b[n+1:]); string(word) {
	case "OK", "NO", "BAD":
		return b[:n], true
	}
	return nil, false
}
