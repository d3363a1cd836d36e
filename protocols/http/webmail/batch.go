package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// batch is the part that is being read of a content of several: of a batch in
// multipart/mixed, whose parts are HTTP themselves, of one in JSON, or of an upload.
type batch struct {
	state  batchState
	index  int    // of the part
	id     uint64 // its name; 0: it has none
	http   bool
	typed  bool // it says what it is
	kind   form
	status int
	size   uint64
	method []byte
	url    []byte
	file   []byte
}

type batchState uint8

const (
	partFields batchState = iota // the header block of the part
	startLine                    // of the request or response in it
	httpFields
)

func (b *batch) reset() { *b = batch{method: b.method[:0], url: b.url[:0], file: b.file[:0]} }

// next begins another part.
func (b *batch) next() {
	n := b.index + 1
	b.reset()
	b.index = n
}

// multi is an API that is used in batches of multipart/mixed.
type multi interface {
	// part is told of a request.
	part(c *call, id uint64, method, target []byte)
}

// Line implements scan.PartVisitor.
func (c *call) Line(b []byte, first bool) (body bool) {
	if first {
		c.batch.next()
	}
	switch {
	case c.batch.state == startLine:
		if len(b) > 0 {
			c.startLine(b)
			c.batch.state = httpFields
		}
	case len(b) > 0:
		c.batch.typed = c.batch.typed || hasPrefix(b, "content-type:")
		c.partField(b)
	case c.batch.state == partFields && (c.batch.http || !c.batch.typed && hasPrefix(c.op, "batch")):
		c.batch.state, c.batch.http, c.batch.kind = startLine, true, asJSON
	default:
		c.partContent()
		return true
	}
	return false
}

func (c *call) partField(b []byte) {
	name, value, _ := bytes.Cut(b, []byte{':'})
	value = line.Trim(value)
	switch {
	case is(name, "Content-Type"):
		if c.batch.kind = formOf(value); c.batch.state == partFields {
			c.batch.http = hasPrefix(value, "application/http")
		}
	case is(name, "Content-ID"):
		c.batch.id = partID(value)
	case is(name, "Content-Disposition"):
		c.batch.file = append(c.batch.file[:0], fileName(value)...)
	}
}

// partID is the number of a Content-ID. That of a response is that of its request
// with a word before it.
func partID(v []byte) uint64 {
	v = bytes.Trim(v, "<>")
	if hasPrefix(v, "response-") {
		v = v[len("response-"):]
	}
	return protocols.NameID(v)
}

func (c *call) startLine(b []byte) {
	id := c.batch.id
	if c.replied {
		if id == 0 { // they come in order, then
			c.ask = -1
			if n := c.batch.index - 1; n < len(c.asks) {
				c.ask = n
			}
		} else {
			c.find(id)
		}
		_, rest := line.Word(b)
		n, _, _ := line.Number(rest)
		c.batch.status = int(n)
		c.resolve(c.batch.status)
		return
	}
	if id == 0 {
		id = uint64(c.batch.index)
	}
	method, rest := line.Word(b)
	target, _ := line.Word(rest)
	if m, ok := c.api.(multi); ok {
		m.part(c, id, method, target)
	}
}

// resolve notes what became of the ask that is being answered.
func (c *call) resolve(status int) {
	ok := status >= 200 && status < 300
	if ok {
		c.oks++
	} else {
		c.noes++
	}
	if a := c.current(); a != nil {
		c.settle(a, verdict(ok))
	}
}

func (c *call) settle(a *ask, o protocols.Outcome) {
	a.outcome = o
	for i := a.rules[0]; i < a.rules[1] && i < len(c.rules); i++ {
		c.rules[i].outcome = o
	}
	if a.mail >= 0 && a.mail < len(c.mails) {
		c.mails[a.mail].outcome = o
	}
}

// partContent gets ready for the content of a part.
func (c *call) partContent() {
	if c.replied && c.batch.http && c.batch.status/100 != 2 {
		c.batch.kind = unread
	}
	switch c.batch.kind {
	case asJSON:
		c.json.Reset(c)
	case asMail:
		if !c.replied {
			c.submitted(c.mailing())
		}
	}
}

// Content implements scan.PartVisitor.
func (c *call) Content(b []byte) {
	c.batch.size += uint64(len(b))
	switch {
	case c.name == "file":
		c.uploads(b)
	case c.batch.kind == asJSON:
		c.json.Write(b)
	case c.batch.kind == asMail && !c.replied:
		if m := c.mailing(); m != nil && m.content != nil {
			m.content.Take(b)
		}
	}
}

// PartEnd implements scan.PartVisitor.
func (c *call) PartEnd() {
	if a := c.current(); c.replied && a != nil && a.kind == attachment && a.outcome == protocols.Accepted {
		c.add(item{id: a.message, level: protocols.ReadPart, size: c.batch.size})
	}
}
