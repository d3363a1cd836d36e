package imap

import (
	"unicode/utf16"
	"unicode/utf8"

	"mailsensor/protocols/line"
)

// appendMailbox appends the mailbox name b to dst as UTF-8. Names are in modified
// UTF-7 (RFC 3501, section 5.1.3) unless the connection turned to UTF-8 (RFC 9051,
// section 5.1; RFC 9755). INBOX is one mailbox however it is written. A name that
// is not valid stays as it is.
func appendMailbox(dst, b []byte, isUTF8 bool) []byte {
	if line.EqualFold(b, "INBOX") {
		return append(dst, "INBOX"...)
	}
	if isUTF8 {
		return append(dst, b...)
	}
	start := len(dst)
	for i := 0; i < len(b); i++ {
		if b[i] != '&' {
			dst = append(dst, b[i])
			continue
		}
		n := i + 1
		for n < len(b) && b[n] != '-' {
			n++
		}
		if n == len(b) {
			return append(dst[:start], b...)
		}
		var ok bool
		if dst, ok = appendShift(dst, b[i+1:n]); !ok {
			return append(dst[:start], b...)
		}
		i = n
	}
	return dst
}

// appendShift appends what stands between "&" and "-": base64 of UTF-16 with "," for
// "/" and without padding; nothing stands for the "&" itself.
func appendShift(dst, b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return append(dst, '&'), true
	}
	var units [2]byte
	var high rune
	have := 0
	acc, bits := uint32(0), 0
	for _, c := range b {
		v, ok := base64Value(c)
		if !ok {
			return dst, false
		}
		acc, bits = acc<<6|v, bits+6
		if bits < 8 {
			continue
		}
		bits -= 8
		units[have] = byte(acc >> bits)
		if have++; have < 2 {
			continue
		}
		have = 0
		r := rune(units[0])<<8 | rune(units[1])
		switch {
		case high != 0:
			if r = utf16.DecodeRune(high, r); r == utf8.RuneError {
				return dst, false
			}
			dst, high = utf8.AppendRune(dst, r), 0
		case 0xD800 <= r && r < 0xDC00:
			high = r
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst, high == 0 && have == 0 && bits < 6
}

func base64Value(c byte) (uint32, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return uint32(c - 'A'), true
	case 'a' <= c && c <= 'z':
		return uint32(c-'a') + 26, true
	case '0' <= c && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == ',':
		return 63, true
	}
	return 0, false
}
