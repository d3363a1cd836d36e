package protocols

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"
)

// jsonLine is a JSON text that grows. Its methods write one member each; those
// that leave out a zero say so, because absent means unknown.
type jsonLine []byte

// key begins a member: a comma where one is due, and the name. Names are
// constants that need no escaping.
func (l *jsonLine) key(name string) {
	l.comma()
	*l = append(*l, '"')
	*l = append(*l, name...)
	*l = append(*l, '"', ':')
}

func (l *jsonLine) comma() {
	switch b := *l; b[len(b)-1] {
	case '{', '[', ',':
	default:
		*l = append(b, ',')
	}
}

func (l *jsonLine) open(name string) {
	l.key(name)
	*l = append(*l, '{')
}

func (l *jsonLine) list(name string) {
	l.key(name)
	*l = append(*l, '[')
}

func (l *jsonLine) end(c byte) { *l = append(*l, c) }

// count writes a number whose zero is known to be zero.
func (l *jsonLine) count(name string, n uint64) {
	l.key(name)
	*l = strconv.AppendUint(*l, n, 10)
}

// num writes a number whose zero means unknown: it is left out.
func (l *jsonLine) num(name string, n uint64) {
	if n != 0 {
		l.count(name, n)
	}
}

// flag writes true and leaves out false.
func (l *jsonLine) flag(name string, v bool) {
	if v {
		l.key(name)
		*l = append(*l, "true"...)
	}
}

// word writes a string of the program's own and leaves out the empty one.
func (l *jsonLine) word(name, s string) {
	if s != "" {
		l.key(name)
		*l = appendString(*l, s)
	}
}

// text writes bytes that came from the network and leaves out empty ones.
func (l *jsonLine) text(name string, b []byte) {
	if len(b) > 0 {
		l.key(name)
		*l = appendString(*l, b)
	}
}

func (l *jsonLine) texts(name string, list [][]byte) {
	if len(list) == 0 {
		return
	}
	l.list(name)
	for _, b := range list {
		l.comma()
		*l = appendString(*l, b)
	}
	l.end(']')
}

func (l *jsonLine) time(name string, ns int64) {
	l.key(name)
	*l = append(*l, '"')
	*l = append(AppendTime(*l, ns), '"')
}

func (l *jsonLine) endpoint(name string, a netip.AddrPort) {
	l.open(name)
	l.key("address")
	*l = append(*l, '"')
	*l = a.Addr().Unmap().AppendTo(*l)
	*l = append(*l, '"')
	l.count("port", uint64(a.Port()))
	l.end('}')
}

func (l *jsonLine) address(name string, a netip.Addr) {
	l.key(name)
	*l = append(*l, '"')
	*l = append(a.Unmap().AppendTo(*l), '"')
}

// id writes a hash as 16 hex digits: as a number it would lose digits in most readers.
func (l *jsonLine) id(name string, n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	l.hex(name, b[:])
}

// code writes a number that people know in hexadecimal, as 0x1301.
func (l *jsonLine) code(name string, n uint16) {
	l.key(name)
	*l = append(*l, '"', '0', 'x')
	*l = append(hex.AppendEncode(*l, []byte{byte(n >> 8), byte(n)}), '"')
}

func (l *jsonLine) hex(name string, b []byte) {
	l.key(name)
	*l = append(*l, '"')
	*l = append(hex.AppendEncode(*l, b), '"')
}

// AppendTime appends Unix nanoseconds as RFC 3339 in UTC, always with nine
// digits, so that lines sort as text.
func AppendTime(dst []byte, ns int64) []byte {
	t := time.Unix(0, ns).UTC()
	dst = t.AppendFormat(dst, time.RFC3339) // the form that package time is fastest at
	dst[len(dst)-1] = '.'                   // instead of Z
	n := len(dst)
	dst = append(dst, "000000000Z"...)
	for i, f := n+8, t.Nanosecond(); f > 0; i, f = i-1, f/10 {
		dst[i] = byte('0' + f%10)
	}
	return dst
}

// appendString appends s as a JSON string (RFC 8259, section 7) that is valid
// UTF-8 whatever s is. Beside what JSON asks for, DEL, the C1 controls and the
// line separators are escaped: a terminal must not obey a mail's subject.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, n := decodeRune(s, i)
		if n > 1 && !hidden(r) {
			i += n
			continue
		}
		dst = append(dst, s[from:i]...)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
		}
		i += n
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

const hexDigits = "0123456789abcdef"

// plain holds the bytes that stand for themselves.
var plain = func() (p [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		p[c] = c != '"' && c != '\\'
	}
	return p
}()

// hidden reports characters beyond ASCII that are escaped although JSON would
// take them as they are: C1 controls, line separators and bidirectional overrides.
func hidden(r rune) bool {
	return r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// decodeRune returns the character at i. A byte that begins none is U+FFFD of
// length 1.
func decodeRune[T string | []byte](s T, i int) (r rune, n int) {
	if s[i] < utf8.RuneSelf {
		return rune(s[i]), 1
	}
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s[i:])])
}
