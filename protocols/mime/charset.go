package mime

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// charset is a character set that headers are converted from.
type charset uint8

const (
	unknownCharset charset = iota
	utf8Charset            // US-ASCII too
	latin1                 // Windows-1252, of which ISO-8859-1 is taken to be a part, as mail readers do
	latin9                 // ISO-8859-15
)

// findCharset knows a character set by its name, which may have a language
// behind it (RFC 2231, section 5).
func findCharset(name []byte) charset {
	if i := bytes.IndexByte(name, '*'); i >= 0 {
		name = name[:i]
	}
	var room [maxCharset]byte
	switch n := lowerInto(room[:], name); string(room[:n]) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return utf8Charset
	case "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "windows-1252", "cp1252", "cp-1252":
		return latin1
	case "iso-8859-15", "iso8859-15", "iso_8859-15", "latin9":
		return latin9
	}
	return unknownCharset
}

// windows1252 is what Windows-1252 has where ISO-8859-1 has control characters.
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

func (cs charset) runeOf(c byte, high *[32]rune) rune {
	if cs == latin9 {
		switch c {
		case 0xa4:
			return '€'
		case 0xa6:
			return 'Š'
		case 0xa8:
			return 'š'
		case 0xb4:
			return 'Ž'
		case 0xb8:
			return 'ž'
		case 0xbc:
			return 'Œ'
		case 0xbd:
			return 'œ'
		case 0xbe:
			return 'Ÿ'
		}
		return rune(c)
	}
	if c >= 0x80 && c < 0xa0 {
		return high[c-0x80]
	}
	return rune(c)
}

// convert turns dst[from:] from cs into UTF-8, in place from the end.
func (cs charset) convert(dst []byte, from int) []byte {
	if cs == utf8Charset || cs == unknownCharset {
		return dst
	}
	var high [32]rune
	i := 0
	for _, r := range windows1252 {
		high[i] = r
		i++
	}
	more := 0
	for _, c := range dst[from:] {
		more += utf8.RuneLen(cs.runeOf(c, &high)) - 1
	}
	read := len(dst) - 1
	dst = slices.Grow(dst, more)[:len(dst)+more]
	var b [utf8.UTFMax]byte
	for write := len(dst); read >= from; read-- {
		n := utf8.EncodeRune(b[:], cs.runeOf(dst[read], &high))
		write -= n
		copy(dst[write:], b[:n])
	}
	return dst
}
