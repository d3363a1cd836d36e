package mime

import "bytes"

// appendText appends unstructured text with its encoded words decoded (RFC 2047,
// section 6). White space between two encoded words goes; those of a character
// set that is not known stay as they are. Spaces within an encoded word are
// against the RFC and common.
func appendText(dst, b []byte) []byte {
	afterWord := false // dst ends with an encoded word and the white space behind it
	mark := len(dst)   // end of that word
	for {
		i := bytes.Index(b, wordStart)
		if i < 0 {
			return append(dst, b...)
		}
		if afterWord = afterWord && len(trimSpace(b[:i])) == 0; !afterWord {
			mark = len(dst) + i
		}
		dst = append(dst, b[:i]...)
		b = b[i:]
		w, unclosed, ok := cutWord(b)
		if unclosed {
			return append(dst, b...)
		}
		if !ok {
			dst = append(dst, b[:len(wordStart)]...)
			b = b[len(wordStart):]
			afterWord = false
			continue
		}
		dst = w.appendTo(dst[:mark])
		b = b[w.size:]
		afterWord, mark = true, len(dst)
	}
}

var (
	wordStart = []byte("=?")
	wordEnd   = []byte("?=")
)

// encodedWord is =?charset?encoding?text?=, of size octets.
type encodedWord struct {
	charset  charset
	encoding byte
	text     []byte
	size     int
}

// maxCharset is longer than the name of any character set with its language tag.
const maxCharset = 40

// cutWord cuts the encoded word that b begins with. unclosed says that no
// encoded word ends in b, so that none needs to be looked for again.
func cutWord(b []byte) (w encodedWord, unclosed, ok bool) {
	name := b[len(wordStart):]
	n := bytes.IndexByte(name[:min(len(name), maxCharset)], '?')
	if n < 1 || len(name) < n+3 || name[n+2] != '?' {
		return w, false, false
	}
	w.encoding = lower(name[n+1])
	w.charset = findCharset(name[:n])
	if w.charset == unknownCharset || w.encoding != 'q' && w.encoding != 'b' {
		return w, false, false
	}
	w.text = name[n+3:]
	end := bytes.Index(w.text, wordEnd)
	if end < 0 {
		return w, true, false
	}
	w.text = w.text[:end]
	w.size = len(wordStart) + n + 3 + end + len(wordEnd)
	return w, false, true
}

// appendTo appends the decoded text.
func (w *encodedWord) appendTo(dst []byte) []byte {
	from := len(dst)
	if w.encoding == 'b' {
		var d base64Reader
		dst = d.appendTo(dst, w.text)
	} else {
		dst = appendQ(dst, w.text)
	}
	return w.charset.convert(dst, from)
}

// appendQ appends the decoded Q encoding (RFC 2047, section 4.2).
func appendQ(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '_':
			c = ' '
		case c == '=' && i+2 < len(b):
			if v, ok := hexPair(b[i+1], b[i+2]); ok {
				c = v
				i += 2
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func hexPair(a, b byte) (byte, bool) {
	x, ok1 := hexDigit(a)
	y, ok2 := hexDigit(b)
	return x<<4 | y, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
