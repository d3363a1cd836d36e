package scan

import "unicode/utf8"

// entity is what a reference stands for, in its own memory, or itself.
func entity(b []byte) []byte {
	name := b[1 : len(b)-1]
	switch string(name) {
	case "lt":
		return append(b[:0], '<')
	case "gt":
		return append(b[:0], '>')
	case "amp":
		return append(b[:0], '&')
	case "quot":
		return append(b[:0], '"')
	case "apos":
		return append(b[:0], '\'')
	}
	if n, ok := number(name); ok {
		return utf8.AppendRune(b[:0], n)
	}
	return b
}

// number reads a character reference: #65 or #x41.
func number(b []byte) (n rune, ok bool) {
	if len(b) < 2 || b[0] != '#' {
		return 0, false
	}
	base, b := rune(10), b[1:]
	if b[0] == 'x' {
		base, b = 16, b[1:]
	}
	for _, c := range b {
		v := rune(hexValue(c))
		if v >= base {
			return 0, false
		}
		n = n*base + v
	}
	return n, len(b) > 0 && n <= utf8.MaxRune
}

func hexValue(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}
