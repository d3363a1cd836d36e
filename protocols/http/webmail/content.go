package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
	"mailsensor/protocols/mime"
)

// content reads a message that is submitted as such (RFC 5322), in the clear or in
// base64. There is no envelope: who gets it says its header, Bcc included.
type content struct {
	size   uint64
	head   []byte // the header block, without what is beyond its bound
	over   bool   // the block is over
	base64 scan.Base64
	mime   mime.Parser
}

const (
	maxHead     = 32 << 10
	maxContents = 4 // messages that are read in one call; of more only the octets are counted
)

// submitted begins a message that is submitted as such, as the current one.
func (c *call) submitted(m *mail) *content {
	if m == nil || m.content != nil {
		return nil
	}
	n := 0
	for i := range c.mails {
		if c.mails[i].content != nil {
			n++
		}
	}
	if n == maxContents {
		c.more = true
		return nil
	}
	x := c.set.newContent()
	x.size, x.head, x.over = 0, x.head[:0], false
	x.mime.Reset(mime.Options{Hash: true})
	x.base64.Reset(x)
	m.content = x
	return x
}

// encoded is submitted for a message in base64.
func (c *call) encoded(m *mail) scan.Taker {
	if x := c.submitted(m); x != nil {
		return &x.base64
	}
	return nil
}

// Take implements scan.Taker.
func (x *content) Take(b []byte) {
	x.size += uint64(len(b))
	x.mime.Write(b)
	if x.over {
		return
	}
	from := max(0, len(x.head)-3)
	x.head = append(x.head, b[:min(len(b), maxHead-len(x.head))]...)
	for _, end := range [...]string{"\n\r\n", "\n\n"} {
		if i := bytes.Index(x.head[from:], []byte(end)); i >= 0 {
			x.head, x.over = x.head[:from+i+1], true
		}
	}
	x.over = x.over || len(x.head) == maxHead
}

// finish says that the content is over.
func (x *content) finish(whole bool) {
	x.base64.End()
	if !whole {
		x.mime.Gap(1)
	}
	x.mime.Finish()
}

// fill tells what the message says of itself.
func (x *content) fill(e *protocols.Message, out protocols.Sink) {
	e.Size = x.size
	x.mime.Facts(&e.Facts, out.Copy)
}

// recipients are those of the header, where the call names none beside it.
func (x *content) recipients(m *mail) {
	if m.size = x.size; len(m.to) > 0 {
		return
	}
	head := x.head
	for len(head) > 0 {
		var field []byte
		field, head = unfolded(head)
		if name, value, ok := bytes.Cut(field, []byte{':'}); ok && is(bytes.TrimRight(name, " \t"), "To", "Cc", "Bcc") {
			mime.Addresses(value, m.recipient)
		}
	}
}

// unfolded is the first field of a header block, and what follows it. The line ends
// within it are white space to whoever reads it.
func unfolded(head []byte) (field, rest []byte) {
	for i := 0; i < len(head); i++ {
		if head[i] == '\n' && (i+1 == len(head) || head[i+1] != ' ' && head[i+1] != '\t') {
			return head[:i], head[i+1:]
		}
	}
	return head, nil
}

// endContent finishes the messages that were submitted.
func (c *call) endContent(whole bool) {
	if c.replied {
		return
	}
	for i := range c.mails {
		if x := c.mails[i].content; x != nil {
			x.finish(whole)
			x.recipients(&c.mails[i])
		}
	}
}

func (s *Set) newContent() *content {
	if n := len(s.contents); n > 0 {
		x := s.contents[n-1]
		s.contents = s.contents[:n-1]
		return x
	}
	return new(content)
}

// wipe clears what was kept of the message.
func (x *content) wipe() {
	if clear(x.head[:cap(x.head)]); cap(x.head) > 4<<10 {
		x.head = nil
	}
}
