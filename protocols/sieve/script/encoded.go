package script

import (
	"bytes"
	"unicode/utf8"

	"mailsensor/protocols/line"
)

// decode appends b to out with ${hex:…} and ${unicode:…} replaced by the octets
// that they stand for (RFC 5228, section 2.4.2.4). What is not of that form stays
// as it is. The result is never longer than b.
func decode(out, b []byte) []byte {
	for {
		i := bytes.Index(b, []byte("${"))
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i:]
		n, ok := 0, false
		switch {
		case line.HasPrefixFold(b[2:], "HEX:"):
			out, n, ok = hexPairs(out, b)
		case line.HasPrefixFold(b[2:], "UNICODE:"):
			out, n, ok = codePoints(out, b)
		}
		if !ok {
			out = append(out, b[:2]...)
			n = 2
		}
		b = b[n:]
	}
}

// hexPairs reads ${hex: 40 41}: pairs of hexadecimal digits with blanks between
// and around them.
func hexPairs(out, b []byte) (_ []byte, n int, ok bool) {
	start := len(out)
	for n = len("${hex:"); n < len(b); {
		switch {
		case isBlank(b[n]):
			n++
		case b[n] == '}':
			return out, n + 1, len(out) > start
		case n+2 < len(b) && isHex(b[n]) && isHex(b[n+1]) && (isBlank(b[n+2]) || b[n+2] == '}'):
			out = append(out, hexValue(b[n])<<4|hexValue(b[n+1]))
			n += 2
		default:
			return out[:start], 0, false
		}
	}
	return out[:start], 0, false
}

// codePoints reads ${unicode: 40 20AC}.
func codePoints(out, b []byte) (_ []byte, n int, ok bool) {
	start := len(out)
	for n = len("${unicode:"); n < len(b); {
		if isBlank(b[n]) {
			n++
			continue
		}
		if b[n] == '}' {
			return out, n + 1, len(out) > start
		}
		var v rune
		digits := 0
		for ; n < len(b) && isHex(b[n]) && v < 1<<21; n++ {
			v = v<<4 | rune(hexValue(b[n]))
			digits++
		}
		if digits == 0 || !utf8.ValidRune(v) || n == len(b) || !isBlank(b[n]) && b[n] != '}' {
			break
		}
		out = utf8.AppendRune(out, v)
	}
	return out[:start], 0, false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func isHex(c byte) bool { u := line.Upper(c); return isDigit(c) || 'A' <= u && u <= 'F' }

func hexValue(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return line.Upper(c) - 'A' + 10
}
