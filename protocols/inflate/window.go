package inflate

// maxWindow is how far a copy reaches back (RFC 1951, section 2).
const maxWindow = 32 << 10

const firstWindow = 2 << 10

// room returns how many octets can be written at pos. The window grows until it
// has its full size; then what is in it has to be given out first.
func (z *Inflater) room() int {
	if z.pos == len(z.buf) && len(z.buf) < maxWindow {
		if n := max(2*len(z.buf), firstWindow); n <= cap(z.buf) {
			z.buf = z.buf[:n]
		} else {
			grown := make([]byte, n)
			copy(grown, z.buf)
			z.buf = grown
		}
	}
	return len(z.buf) - z.pos
}

// reaches reports whether there is something dist octets back.
func (z *Inflater) reaches(dist int) bool {
	return dist <= z.pos || z.full && dist <= maxWindow
}

// copyBack writes z.length octets from z.dist back, as many as there is room for.
// It reports whether all were.
func (z *Inflater) copyBack() bool {
	for z.length > 0 {
		n := min(z.room(), z.length)
		if n == 0 {
			return false
		}
		from := z.pos - z.dist
		if from < 0 { // the ring was full once
			from += len(z.buf)
		}
		n = min(n, len(z.buf)-from)
		if from < z.pos {
			n = min(n, z.dist) // the copy may go on in what it writes
		}
		copy(z.buf[z.pos:z.pos+n], z.buf[from:from+n])
		z.pos += n
		z.length -= n
	}
	return true
}
