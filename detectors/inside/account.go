package inside

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a normalised name: the longest address (RFC 5321, section
// 4.5.3.1) is no longer.
const maxName = 320

// Account returns the one name of an account that was given as raw: lower case,
// without a Windows domain before it, with the default domain where it has none, aliases resolved. It is in buf, or
// in a larger one if buf is too small.
func (b *Border) Account(raw, buf []byte) []byte {
	raw = bytes.TrimSpace(raw)
	if i := bytes.LastIndexByte(raw, '\\'); i >= 0 && i+1 < len(raw) && bytes.IndexByte(raw, '@') < 0 {
		raw = raw[i+1:] // of a Windows domain, which names the same user
	}
	name := AppendLower(buf[:0], raw)
	if len(name) == 0 {
		return name
	}
	if a, ok := b.config.Aliases[string(name)]; ok {
		return b.withDomain(append(name[:0], a...))
	}
	name = b.withDomain(name)
	if a, ok := b.config.Aliases[string(name)]; ok {
		return append(name[:0], a...)
	}
	return name
}

func (b *Border) withDomain(name []byte) []byte {
	if b.config.DefaultDomain == "" || bytes.IndexByte(name, '@') >= 0 {
		return name
	}
	return append(append(name, '@'), b.config.DefaultDomain...)
}

// AppendLower appends s in lower case, as valid UTF-8, cut at maxName.
func AppendLower(dst, s []byte) []byte {
	s = s[:min(len(s), maxName)]
	dst = slices.Grow(dst, len(s))
	lower := dst[len(dst) : len(dst)+len(s)]
	for i, c := range s {
		if c >= utf8.RuneSelf {
			return appendLowerRunes(dst[:len(dst)+i], s[i:])
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return dst[:len(dst)+len(s)]
}

func appendLowerRunes(dst, s []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		s = s[n:]
	}
	return dst
}
