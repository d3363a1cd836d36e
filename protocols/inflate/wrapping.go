package inflate

// wrapping is where in a header or trailer a stream stands.
type wrapping struct {
	part  uint8
	flags byte
	left  int // octets to be passed by
}

// Flags of a gzip header (RFC 1952, section 2.3.1).
const (
	flagHeaderCRC = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
	flagReserved  = 0xe0
)

// Parts of a gzip header.
const (
	gzipFixed uint8 = iota
	gzipExtraLength
	gzipExtra
	gzipName
	gzipComment
	gzipCRC
)

// another reports whether b goes on with a further gzip member.
func (w *wrapping) another(b []byte) bool { return len(b) > 0 && b[0] == 0x1f }

func (z *Inflater) readWrapping(b []byte) ([]byte, bool) {
	if z.format == Gzip {
		return z.readGzip(b)
	}
	b, ok := z.need(b, 16)
	if !ok {
		return b, false
	}
	if isZlib(byte(z.hold), byte(z.hold>>8)) {
		z.take(16)
		z.format = Zlib
	} else if z.format == Zlib {
		return z.corrupt(b)
	} else {
		z.format = Raw
	}
	z.step = readBlock
	return b, true
}

// isZlib judges the header of RFC 1950, section 2.2. A preset dictionary is not
// known here.
func isZlib(cmf, flg byte) bool {
	const dictionary = 0x20
	return cmf&15 == 8 && cmf>>4 <= 7 && (int(cmf)<<8|int(flg))%31 == 0 && flg&dictionary == 0
}

// readGzip reads the header of RFC 1952, section 2.3. Between members the bits
// are at the border of an octet.
func (z *Inflater) readGzip(b []byte) ([]byte, bool) {
	w := &z.wrap
	for ok := true; ; w.part++ {
		switch w.part {
		case gzipFixed: // ID1, ID2, CM, FLG; then MTIME, XFL, OS
			if w.left == 0 {
				if b, ok = z.need(b, 32); !ok {
					return b, false
				}
				if z.take(24) != 0x088b1f {
					return z.corrupt(b)
				}
				if w.flags = byte(z.take(8)); w.flags&flagReserved != 0 {
					return z.corrupt(b)
				}
				w.left = 6
			}
			b, ok = z.pass(b)
		case gzipExtraLength:
			if w.flags&flagExtra != 0 {
				if b, ok = z.need(b, 16); ok {
					w.left = z.take(16)
				}
			}
		case gzipExtra:
			b, ok = z.pass(b)
		case gzipName:
			b, ok = z.passText(b, flagName)
		case gzipComment:
			b, ok = z.passText(b, flagComment)
		case gzipCRC:
			if w.flags&flagHeaderCRC != 0 {
				if b, ok = z.need(b, 16); ok {
					z.take(16)
				}
			}
		default:
			z.step = readBlock
			return b, true
		}
		if !ok {
			return b, false
		}
	}
}

// pass takes w.left octets in.
func (z *Inflater) pass(b []byte) ([]byte, bool) {
	for ok := true; z.wrap.left > 0; z.wrap.left-- {
		if b, ok = z.need(b, 8); !ok {
			return b, false
		}
		z.take(8)
	}
	return b, true
}

// passText takes a text in, if there is one, up to its zero.
func (z *Inflater) passText(b []byte, flag byte) ([]byte, bool) {
	if z.wrap.flags&flag == 0 {
		return b, true
	}
	for {
		var ok bool
		if b, ok = z.need(b, 8); !ok {
			return b, false
		}
		if z.take(8) == 0 {
			return b, true
		}
	}
}

// readTrailer passes the checksum by, from the next octet on.
func (z *Inflater) readTrailer(b []byte) ([]byte, bool) {
	if !z.wrap.trailing() {
		z.take(z.bits % 8)
		z.wrap.begin(z.format)
	}
	b, ok := z.pass(b)
	if ok {
		z.status = Done
	}
	return b, false
}

const trailerPart = 99

func (w *wrapping) trailing() bool { return w.part == trailerPart }

func (w *wrapping) begin(f Format) {
	w.part = trailerPart
	switch f {
	case Zlib:
		w.left = 4
	case Gzip:
		w.left = 8
	}
}
