package mime

// quoted reads quoted-printable (RFC 2045, section 6.7): soft line breaks and
// white space at the end of a line go, what is no code stays as it is.
type quoted struct {
	state  quotedState
	broken lineBreak // held, as it may belong to a delimiter
	trail  int       // white space at the end of the output, to go at the end of the line
	escape [maxEscape]byte
	n      int // octets of escape
}

// maxEscape bounds the white space between an equals sign and the line end.
const maxEscape = 64

// maxTrail bounds the white space at the end of a line; a line must not be
// longer (RFC 5322, section 2.1.1). With more of it all is content.
const maxTrail = 998

type quotedState uint8

const (
	inText   quotedState = iota
	inEscape             // an equals sign was seen
	inHex                // and a hexadecimal digit
	inSoft               // or white space
	inSoftCR             // and then CR
	afterCR              // CR of a line break, perhaps
)

func (q *quoted) write(b []byte, out *output) {
	for len(b) > 0 {
		if q.state == inText {
			if n := plainRun(b); n > 0 {
				q.content(b[:n], out)
				b = b[n:]
				continue
			}
		}
		if q.step(b[0], b[:1], out) {
			b = b[1:]
		}
	}
}

// plainRun is how much of b means itself.
func plainRun(b []byte) int {
	for i, c := range b {
		if c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n') || c == '=' {
			return i
		}
	}
	return len(b)
}

// content writes what cannot be dropped any more.
func (q *quoted) content(b []byte, out *output) {
	q.broken.flush(out)
	q.broken, q.trail = noBreak, 0
	out.write(b)
}

// step takes c, or changes the state so that it can be taken.
func (q *quoted) step(c byte, b []byte, out *output) (taken bool) {
	switch q.state {
	case inText:
		q.text(c, b, out)
		return true
	case afterCR:
		q.state = inText
		if c == '\n' {
			q.lineEnd(crlf, out)
			return true
		}
		q.content(crByte, out)
		return false
	}
	return q.escaped(c, out)
}

// text takes one of the octets at which plainRun stops.
func (q *quoted) text(c byte, b []byte, out *output) {
	switch c {
	case '=':
		q.escape[0], q.n = c, 1
		q.state = inEscape
	case '\r':
		q.state = afterCR
	case '\n':
		q.lineEnd(loneLF, out)
	default:
		q.broken.flush(out)
		q.broken = noBreak
		q.space(b, out)
	}
}

func (q *quoted) space(b []byte, out *output) {
	if q.trail++; q.trail > maxTrail {
		q.trail = 0
	}
	if out.decodes && out.n == len(out.buf) {
		out.flush(max(q.trail-1, 0))
	}
	out.size++
	if out.decodes {
		out.buf[out.n] = b[0]
		out.n++
	}
}

// lineEnd drops the white space before a line break, which then waits.
func (q *quoted) lineEnd(k lineBreak, out *output) {
	q.dropTrail(out)
	q.broken.flush(out)
	q.broken = k
}

func (q *quoted) dropTrail(out *output) {
	out.size -= uint64(q.trail)
	if out.decodes {
		out.n -= q.trail
	}
	q.trail = 0
}

// escaped takes c behind an equals sign.
func (q *quoted) escaped(c byte, out *output) (taken bool) {
	_, isHex := hexDigit(c)
	switch {
	case c == '\n' && q.state != inHex:
		q.state = inText
		q.trail = 0
	case q.state == inEscape && isHex:
		q.pend(c, inHex)
	case q.state == inHex && isHex:
		v, _ := hexPair(q.escape[1], c)
		q.escape[0] = v
		q.state = inText
		q.content(q.escape[:1], out)
	case c == '\r' && (q.state == inEscape || q.state == inSoft):
		q.pend(c, inSoftCR)
	case (c == ' ' || c == '\t') && (q.state == inEscape || q.state == inSoft) && q.n < maxEscape-1:
		q.pend(c, inSoft)
	default:
		q.literal(out)
		return false
	}
	return true
}

func (q *quoted) pend(c byte, s quotedState) {
	q.escape[q.n] = c
	q.n++
	q.state = s
}

// literal writes an escape that turned out to be none. White space at its end
// may still be dropped.
func (q *quoted) literal(out *output) {
	n := q.n
	for n > 0 && (q.escape[n-1] == ' ' || q.escape[n-1] == '\t') {
		n--
	}
	q.content(q.escape[:n], out)
	for ; n < q.n; n++ {
		q.space(q.escape[n:n+1], out)
	}
	q.state = inText
}

// end writes what still waits.
func (q *quoted) end(delimited bool, out *output) {
	switch {
	case delimited: // or lost: what waits may have become less
	case q.state == inHex:
		q.literal(out)
	case q.state == afterCR:
		q.content(crByte, out)
	}
	q.dropTrail(out)
	if !delimited {
		q.broken.flush(out)
	}
}
