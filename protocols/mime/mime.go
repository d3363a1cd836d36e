package mime

import (
	"hash"

	"mailsensor/protocols"
)

// Bounds. Each sets Facts.Truncated when it is hit.
const (
	maxField       = 16 << 10 // octets of one unfolded header field
	maxText        = 64 << 10 // octets of all values kept of a message
	maxDepth       = 16       // multiparts within multiparts
	maxParts       = 1000     // parts of a message
	maxBoundary    = 250      // RFC 2046 allows 70
	maxFrom        = 16       // addresses kept
	maxTo          = 64       // addresses kept
	maxReceived    = 16       // hops kept
	maxAttachments = 32       // attachments kept; those beyond are counted
)

// Parser reads one message at a time. Its zero value wants a Reset.
//
// What a piece of a body touches comes first: with thousands of connections in
// turn every line of the cache that it needs is one to wait for.
type Parser struct {
	state     state
	pending   fieldName // of the header field that is kept in field
	bol       bool      // in a body: at the beginning of a line
	hashing   bool
	scanning  bool
	truncated bool
	line      []byte // the line that straddles two writes; in bodies, one that may be a delimiter
	levels    []level
	leaf      leaf

	bounds []byte // the boundaries of levels, one behind the other
	parts  int
	part   part
	sha    hash.Hash // made when first needed
	links  *links    // likewise

	field       []byte // the header field that is kept, unfolded
	colon       int    // where its value begins
	text        []byte // what is kept of the message: spans point into it
	head        head
	attachments []attachment

	room room
}

type state uint8

const (
	inHeader state = iota
	inBody
	inRest // nothing that follows matters
)

// span is a piece of Parser.text.
type span struct{ start, end uint32 }

func (s span) empty() bool { return s.start == s.end }

// Options are what a message may be asked for beyond what is always told. Each has
// its cost: contents are decoded for it.
type Options struct {
	Hash  bool // SHA-256 of attachments
	Links bool // hosts of the URLs in text
}

// Reset makes the parser ready for another message.
func (p *Parser) Reset(o Options) {
	p.state, p.pending, p.hashing, p.scanning, p.truncated = inHeader, otherField, o.Hash, o.Links, false
	if p.links != nil {
		p.links.reset()
	}
	p.settle()
	p.head.reset()
	p.parts, p.bol = 0, false
	p.part.attachments = 0
	p.part.clear("text/plain")
	p.leaf.kind = skipped
}

// Write takes the next octets of the message.
func (p *Parser) Write(b []byte) {
	for len(b) > 0 {
		switch p.state {
		case inHeader:
			b = p.header(b)
		case inBody:
			b = p.body(b)
		default:
			return
		}
	}
}

// Gap says that n octets of the message were lost. What was read of a header
// block counts, but not what follows of it: it could as well be text. Of an
// attachment only what came before the gap is counted, since its end, and the
// beginning of another part, may have been among what was lost.
func (p *Parser) Gap(n uint64) {
	if n == 0 {
		return
	}
	p.truncated = true
	switch p.state {
	case inHeader:
		p.line = p.line[:0]
		p.endHeader()
		p.loseLeaf()
	case inBody:
		p.line = p.line[:0]
		p.loseLeaf()
		p.bol = true // a delimiter is exact enough to be believed wherever it stands
	}
}

// Finish says that the message ends here.
func (p *Parser) Finish() {
	if p.state == inHeader {
		if len(p.line) > 0 {
			p.headerLine(p.line, true)
			p.line = p.line[:0]
		}
		if p.state == inHeader {
			p.endHeader()
		}
	}
	if p.state == inBody && len(p.line) > 0 {
		p.bodyLine(p.line)
	}
	p.endLeaf(false)
	p.state = inRest
}

// keep stores a value made by appendTo in text, and drops it where the bound
// would be exceeded.
func (p *Parser) keep(from int) (s span, ok bool) {
	if len(p.text) > maxText {
		p.text = p.text[:from]
		p.truncated = true
		return span{}, false
	}
	return span{uint32(from), uint32(len(p.text))}, true
}

func (p *Parser) bytes(s span) []byte { return p.text[s.start:s.end] }

// Facts fills dst, whose slices are used again. Every byte slice goes through
// copy, which returns one that the caller owns.
func (p *Parser) Facts(dst *protocols.Facts, copy func([]byte) []byte) {
	h := &p.head
	get := func(f fact) []byte { return copy(p.bytes(h.values[f])) }
	from, to, received, attachments, hosts := dst.From[:0], dst.To[:0], dst.Received[:0], dst.Attachments[:0], dst.LinkHosts[:0]
	for _, s := range h.from {
		from = append(from, copy(p.bytes(s)))
	}
	for _, s := range h.to {
		to = append(to, copy(p.bytes(s)))
	}
	for _, s := range h.received {
		received = append(received, copy(p.bytes(s)))
	}
	for i := range p.attachments {
		a := &p.attachments[i]
		attachments = append(attachments, protocols.Attachment{
			Name: copy(p.bytes(a.name)), Type: copy(p.bytes(a.mediaType)),
			Size: a.size, SHA256: a.sum, Hashed: a.hashed, Lost: a.lost,
		})
	}
	truncated := p.truncated
	if p.links != nil {
		truncated = truncated || p.links.dropped
		for _, s := range p.links.hosts {
			hosts = append(hosts, copy(p.links.names[s.start:s.end]))
		}
	}
	*dst = protocols.Facts{
		HeadersSeen:     h.seen,
		From:            from,
		To:              to,
		ToCount:         h.toCount,
		CcCount:         h.ccCount,
		Subject:         get(subject),
		MessageID:       get(messageID),
		Date:            get(date),
		UserAgent:       get(userAgent),
		AutoSubmitted:   get(autoSubmitted),
		ResentFrom:      get(resentFrom),
		ForwardedTo:     copy(p.bytes(h.forwardedTo())),
		AutoForwarded:   h.autoForwarded,
		ListID:          get(listID),
		Received:        received,
		ReceivedCount:   h.receivedCount,
		Attachments:     attachments,
		AttachmentCount: p.part.attachments,
		LinkHosts:       hosts,
		Truncated:       truncated,
	}
}

// Held is how many octets wait in the parser for what is to come.
func (p *Parser) Held() int {
	n := cap(p.line) + cap(p.field) + cap(p.text) + cap(p.bounds)
	if p.links != nil {
		n += len(p.links.pending) + cap(p.links.names)
	}
	return n
}
