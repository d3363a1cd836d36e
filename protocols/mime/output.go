package mime

import "hash"

// outputSize is what is decoded before it is looked at: a few blocks of the hash,
// and more than maxTrail.
const outputSize = 2 << 10

// output takes decoded octets: it counts them, and hashes them and looks for links
// in them if asked to.
type output struct {
	size    uint64
	decodes bool // octets are wanted, not only their number
	hash    hash.Hash
	links   *links
	buf     []byte // waits to be looked at
	n       int
}

func (o *output) reset() {
	o.size, o.n, o.decodes, o.hash, o.links = 0, 0, false, nil, nil
}

func (o *output) hashTo(sha hash.Hash) {
	sha.Reset()
	o.hash = sha
	o.want()
}

func (o *output) scanTo(l *links) {
	l.begin()
	o.links = l
	o.want()
}

func (o *output) want() {
	o.decodes = true
	if o.buf == nil {
		o.buf = make([]byte, outputSize)
	}
}

func (o *output) write(b []byte) {
	o.size += uint64(len(b))
	if !o.decodes {
		return
	}
	if o.n+len(b) > len(o.buf) {
		o.flush(0)
		if len(b) >= len(o.buf)/2 {
			o.take(b)
			return
		}
	}
	o.n += copy(o.buf[o.n:], b)
}

// take looks at the next octets.
func (o *output) take(b []byte) {
	if o.hash != nil {
		o.hash.Write(b)
	}
	if o.links != nil {
		o.links.write(b)
	}
}

// room makes room for n octets in buf.
func (o *output) room(n int) {
	if len(o.buf)-o.n < n {
		o.flush(0)
	}
}

// flush looks at all that waits but for the last keep octets.
func (o *output) flush(keep int) {
	o.take(o.buf[:o.n-keep])
	o.n = copy(o.buf, o.buf[o.n-keep:o.n])
}

// cut says that what comes next was lost: a link that was not over is none.
func (o *output) cut() {
	if o.links != nil {
		o.flush(0)
		o.links.begin()
	}
}

// end says that no more comes.
func (o *output) end() {
	if !o.decodes {
		return
	}
	o.flush(0)
	if o.links != nil {
		o.links.end()
	}
}
