package mime

import (
	"crypto/sha256"
	"hash"
)

// outputSize is what is decoded before it is hashed: a few blocks of the hash,
// and more than maxTrail.
const outputSize = 2 << 10

// output takes decoded octets: it counts them, and hashes them if asked to.
type output struct {
	size uint64
	hash hash.Hash // nil: only count
	buf  []byte    // waits to be hashed
	n    int
}

func (o *output) reset(sha hash.Hash, hashing bool) {
	o.size, o.n, o.hash = 0, 0, nil
	if hashing {
		sha.Reset()
		o.hash = sha
	}
}

func (o *output) write(b []byte) {
	o.size += uint64(len(b))
	if o.hash == nil {
		return
	}
	if o.n+len(b) > len(o.buf) {
		o.flush(0)
		if len(b) >= len(o.buf)/2 {
			o.hash.Write(b)
			return
		}
	}
	o.n += copy(o.buf[o.n:], b)
}

// room makes room for n octets in buf.
func (o *output) room(n int) {
	if len(o.buf)-o.n < n {
		o.flush(0)
	}
}

// flush hashes all that waits but for the last keep octets.
func (o *output) flush(keep int) {
	o.hash.Write(o.buf[:o.n-keep])
	o.n = copy(o.buf, o.buf[o.n-keep:o.n])
}

func (o *output) sum(dst *[sha256.Size]byte) {
	o.flush(0)
	o.hash.Sum(dst[:0])
}
