package mime

// room is where the values of an ordinary message are kept: large enough that
// none of the parser's slices grows, so that a parser for another connection is
// one allocation.
//
// The sizes add up to a Parser of 3,456 octets. With a power of two the parsers
// of all connections would compete for the same few places in the cache.
type room struct {
	from        [maxFrom]span
	to          [16]span
	received    [maxReceived]span
	attachments [2]attachment
	levels      [maxDepth]level
	bounds      [128]byte
	part        [256]byte
	line        [384]byte
	field       [512]byte
	text        [896]byte
}

// maxKept is how large a buffer may be that is kept for the next message.
const maxKept = 8 << 10

// settle empties all slices, and gives those that have none their place.
func (p *Parser) settle() {
	r := &p.room
	if p.levels == nil {
		p.head.from, p.head.to, p.head.received = r.from[:], r.to[:], r.received[:]
		p.levels, p.attachments = r.levels[:], r.attachments[:]
	}
	p.levels, p.attachments = p.levels[:0], p.attachments[:0]
	p.bounds = reuse(p.bounds, r.bounds[:])
	p.part.text = reuse(p.part.text, r.part[:])
	p.part.scratch = reuse(p.part.scratch, nil)
	p.line = reuse(p.line, r.line[:])
	p.field = reuse(p.field, r.field[:])
	p.text = reuse(p.text, r.text[:])
}

// reuse empties b. One that is missing, or too large to be kept, is replaced.
func reuse(b, room []byte) []byte {
	if cap(b) == 0 || cap(b) > maxKept {
		b = room
	}
	return b[:0]
}
