package script

import (
	"strconv"
	"unicode/utf8"

	"mailsensor/protocols/line"
)

// modifiers of set (RFC 5229, section 4.1; RFC 5435, section 6; and those of the
// regex draft, which leave addresses as they are but for backslashes).
var modifiers = [...]struct {
	name  string
	apply func([]byte) []byte
}{
	{"lower", func(b []byte) []byte { return change(b, len(b), lower) }},
	{"upper", func(b []byte) []byte { return change(b, len(b), line.Upper) }},
	{"lowerfirst", func(b []byte) []byte { return change(b, 1, lower) }},
	{"upperfirst", func(b []byte) []byte { return change(b, 1, line.Upper) }},
	{"quotewildcard", quoteWildcard},
	{"encodeurl", encodeURL},
	{"length", func(b []byte) []byte { return strconv.AppendInt(nil, int64(utf8.RuneCount(b)), 10) }},
}

func isModifier(name []byte) bool {
	for _, m := range modifiers {
		if m.name == string(name) {
			return true
		}
	}
	return false
}

// change changes the first n octets of b. Only ASCII letters have a case here
// (RFC 5229, section 4.1.3).
func change(b []byte, n int, f func(byte) byte) []byte {
	for i := range min(n, len(b)) {
		b[i] = f(b[i])
	}
	return b
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func quoteWildcard(b []byte) (out []byte) {
	for _, c := range b {
		if c == '*' || c == '?' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return bounded(nil, out)
}

func encodeURL(b []byte) (out []byte) {
	const hex = "0123456789ABCDEF"
	for _, c := range b {
		if isWord(c) || c == '-' || c == '.' || c == '~' {
			out = append(out, c)
		} else {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return bounded(nil, out)
}
