package line

import "math"

// Upper is c in upper case, if it is an ASCII letter.
func Upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

// HasPrefixFold reports whether b begins with prefix, which is written in upper
// case, whatever the case of b's ASCII letters.
func HasPrefixFold(b []byte, prefix string) bool {
	if len(b) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if b[i] != prefix[i] && Upper(b[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// EqualFold reports whether b is word, which is written in upper case, whatever
// the case of b's ASCII letters.
func EqualFold(b []byte, word string) bool {
	return len(b) == len(word) && HasPrefixFold(b, word)
}

// Word returns the octets of b before its first space or tab, and what follows
// the spaces and tabs behind them.
func Word(b []byte) (word, rest []byte) {
	for i, c := range b {
		if c == ' ' || c == '\t' {
			return b[:i], TrimLeft(b[i:])
		}
	}
	return b, nil
}

// TrimLeft returns b without the spaces and tabs it begins with.
func TrimLeft(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// Trim returns b without spaces and tabs at both ends.
func Trim(b []byte) []byte {
	b = TrimLeft(b)
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// Number reads the digits b begins with. ok is false when there are none or the
// value does not fit; rest is what follows the digits either way.
func Number(b []byte) (v uint64, rest []byte, ok bool) {
	i := 0
	ok = true
	for ; i < len(b) && '0' <= b[i] && b[i] <= '9'; i++ {
		d := uint64(b[i] - '0')
		if v > (math.MaxUint64-d)/10 {
			ok = false
		}
		v = v*10 + d
	}
	if i == 0 || !ok {
		return 0, b[i:], false
	}
	return v, b[i:], true
}

// Uint is Number for a b that is nothing but digits.
func Uint(b []byte) (v uint64, ok bool) {
	v, rest, ok := Number(b)
	return v, ok && len(rest) == 0
}

// Overwritten reports whether word is what a middle box leaves of a capability
// that it wants nobody to use, such as STARTTLS. It keeps the length and writes X
// over octets: all of them ("XXXXXXXX"), all but a last letter that counts them
// ("XXXXXXXA", as firewalls do), or some ("XTARTTLS").
func Overwritten(word []byte, name string) bool {
	if len(word) != len(name) || EqualFold(word, name) {
		return false
	}
	last := len(word) - 1
	kept := false
	for i, c := range word[:last] {
		switch {
		case Upper(c) == name[i]:
			kept = true
		case c != 'X':
			return false
		}
	}
	c := Upper(word[last])
	return c == 'X' || c == name[last] || !kept && 'A' <= c && c <= 'Z'
}
