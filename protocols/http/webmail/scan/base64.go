package scan

// Base64 decodes either alphabet (RFC 4648, sections 4 and 5) as the octets come and
// hands on what they stand for. What is in neither alphabet is passed by.
type Base64 struct {
	To    Taker // nil: the octets are only counted
	Size  uint64
	quad  uint32
	count uint8
	ended bool
	buf   [384]byte
}

// Reset makes d ready for another value.
func (d *Base64) Reset(to Taker) { d.To, d.Size, d.quad, d.count, d.ended = to, 0, 0, 0, false }

// Take implements Taker.
func (d *Base64) Take(b []byte) {
	n := 0
	for _, c := range b {
		x := sextets[c]
		switch {
		case c == '=':
			d.ended = true
		case x == noSextet || d.ended:
			continue
		}
		if d.ended {
			continue
		}
		d.quad = d.quad<<6 | uint32(x)
		if d.count++; d.count < 4 {
			continue
		}
		d.buf[n], d.buf[n+1], d.buf[n+2] = byte(d.quad>>16), byte(d.quad>>8), byte(d.quad)
		d.quad, d.count = 0, 0
		if n += 3; n == len(d.buf) {
			d.flush(n)
			n = 0
		}
	}
	d.flush(n)
}

func (d *Base64) flush(n int) {
	d.Size += uint64(n)
	if d.To != nil && n > 0 {
		d.To.Take(d.buf[:n])
	}
}

// End hands on what does not make three octets.
func (d *Base64) End() {
	q := d.quad << (6 * (4 - uint32(d.count)))
	d.buf[0], d.buf[1] = byte(q>>16), byte(q>>8)
	n := max(int(d.count), 1) - 1
	d.count = 0
	d.flush(n)
}

const noSextet = 0xff

var sextets = makeSextets()

func makeSextets() (t [256]byte) {
	for i := range t {
		t[i] = noSextet
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for v := range len(alphabet) {
		t[alphabet[v]] = byte(v)
	}
	t['-'], t['_'] = 62, 63
	return t
}
