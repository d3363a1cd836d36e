package pop3

import (
	"bytes"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// content takes bytes of the message that is being sent.
func (p *parser) content(t int64, b []byte) (n int) {
	for n < len(b) {
		piece, k, done := p.block.Next(b[n:])
		if p.now.verb == top {
			p.top.add(piece)
		}
		n += k
		if done {
			p.endContent(t)
			return n
		}
	}
	return n
}

// endContent reports a message that was sent.
func (p *parser) endContent(t int64) {
	it := protocols.ReadItem{Kind: protocols.ReadWhole, Items: 1, Bytes: p.block.Octets}
	if p.now.verb == top {
		it = p.top.item(p.now.lines, p.block.Octets, p.damaged)
	}
	p.tellRead(t, it)
}

// cutShort reports the beginning of a message whose rest never came.
func (p *parser) cutShort(t int64) {
	p.damaged = true
	p.tellRead(t, protocols.ReadItem{Kind: protocols.ReadPart, Items: 1, Bytes: p.block.Octets, Section: top0})
}

func (p *parser) tellRead(t int64, it protocols.ReadItem) {
	p.state = statuses
	e := p.out.MailboxRead(t)
	e.Command, e.Exists, e.Selection, e.Started = "RETR", p.exists, 1, p.now.at
	if p.now.verb == top {
		e.Command = "TOP"
	}
	if p.damaged {
		e.Started = 0 // its end was not seen
		e.Confidence = protocols.LowerBound
	}
	p.identify(&it, e)
	e.Items = append(e.Items, it)
	p.damaged = false
}

// identify names the message that an item is about.
func (p *parser) identify(it *protocols.ReadItem, e *protocols.MailboxRead) {
	n := p.now.n
	switch {
	case n == 0: // nobody was seen to ask for it: it may be one that was sent before
		p.guessed++
		it.First, it.Last = p.guessed, p.guessed
		e.Confidence = protocols.UpperBound
	case int(n) < len(p.names) && p.names[n] != 0:
		it.ID = p.names[n]
	default:
		it.First, it.Last = n, n
		if len(p.numbers) < maxNumbers {
			p.numbers = append(p.numbers, n)
		}
	}
}

// tornLine takes a line of content behind a loss: more of the message may be
// missing than its octets, so its end is looked for line by line.
func (p *parser) tornLine(t int64, text []byte, n int) {
	if len(text) == 1 && text[0] == '.' {
		p.endContent(t)
		return
	}
	if len(text) > 0 && text[0] == '.' {
		n--
	}
	p.block.Octets += uint64(n)
	if p.now.verb == top {
		p.top.add(text)
		p.top.add(newline)
	}
}

var newline = []byte("\r\n")

// header tells where in a message a TOP response ends.
type header struct {
	size  uint64 // octets of the header block, its empty line included
	lines uint64 // of the body
	body  bool
	bare  bool // nothing but CR since the last LF
}

func (h *header) reset() { *h = header{bare: true} }

func (h *header) add(b []byte) {
	for !h.body && len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		l := b
		if i >= 0 {
			l = b[:i]
		}
		h.bare = h.bare && (len(l) == 0 || len(l) == 1 && l[0] == '\r')
		if i < 0 {
			h.size += uint64(len(b))
			return
		}
		h.size += uint64(i + 1)
		h.body = h.bare
		h.bare = true
		b = b[i+1:]
	}
	h.lines += uint64(bytes.Count(b, newline[1:]))
}

// item is what a TOP sent: the header only, or the beginning of the body, or all
// of it where there were fewer lines than asked for (RFC 1939, section 7).
func (h *header) item(asked, octets uint64, damaged bool) protocols.ReadItem {
	it := protocols.ReadItem{Items: 1, Bytes: octets}
	switch {
	case !h.body || h.lines == 0 && asked == 0:
		it.Kind = protocols.ReadHeaders
	case h.lines < asked && !damaged:
		it.Kind = protocols.ReadWhole
	default:
		it.Kind, it.Section = protocols.ReadPart, top0
	}
	return it
}

// top0 names what a TOP with lines sends: a part that is no numbered one.
var top0 = []byte("TOP")

// contentGap counts octets of content that were lost.
func (p *parser) contentGap(n uint64) {
	p.block.Gap(n)
	p.lines[capture.ToClient].Reset()
	p.damaged = true
	p.state = torn
}
