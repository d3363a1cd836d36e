package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// jmapEmail takes a message that is stored.
func (c *call) jmapEmail(what scan.Token, path, value []byte, size uint64) {
	key, _, rest, ok := c.member(path, "create")
	if !ok {
		return
	}
	if what == scan.Open && len(rest) == 0 {
		if m := c.newMail(false); m != nil {
			m.key = protocols.NameID(last(path))
		}
	}
	m := c.mailing()
	if m == nil || key == 0 {
		return
	}
	switch {
	case what == scan.Open && hasSuffix(rest, "/attachments/[]"):
		m.attachment()
	case what != scan.Text:
	case is(rest, "/to/[]/email", "/cc/[]/email", "/bcc/[]/email"):
		m.recipient(value)
	case is(rest, "/subject"):
		m.subject = keep(m.subject, value, 256)
	case within(rest, "bodyValues") && is(last(rest), "value"):
		m.size += size
	case within(rest, "attachments") && m.part() != nil:
		switch a := m.part(); {
		case is(last(rest), "name"):
			a.Name = bytes.Clone(value[:min(len(value), 256)])
		case is(last(rest), "type"):
			a.Type = bytes.ToLower(value[:min(len(value), 128)])
		case is(last(rest), "size"):
			a.Size = uint64(atoi(value))
			m.size += a.Size
		}
	}
}

// jmapImport takes a message that was uploaded before.
func (c *call) jmapImport(what scan.Token, path, value []byte) {
	_, name, rest, ok := c.member(path, "emails")
	if !ok || what != scan.Text || !is(rest, "/blobId") {
		return
	}
	if m := c.newMail(false); m != nil {
		m.key = protocols.NameID(name)
		c.set.take(c.nameID(value), m)
	}
}

// jmapSubmission takes a message that is sent. Who gets it says the envelope, else the
// message (RFC 8621, section 7).
func (c *call) jmapSubmission(what scan.Token, path, value []byte) {
	key, _, rest, ok := c.member(path, "create")
	if !ok {
		return
	}
	if what == scan.Open && len(rest) == 0 {
		if m := c.newMail(true); m != nil {
			m.key = key
		}
		c.key = 0
	}
	m := c.mailing()
	if m == nil {
		return
	}
	switch {
	case what == scan.Close && len(rest) == 0:
		c.jmapSent(m)
	case what != scan.Text:
	case is(rest, "/emailId") && len(value) > 1 && value[0] == '#':
		c.key = protocols.NameID(value[1:])
	case is(rest, "/emailId"):
		c.key = c.nameID(value)
	case is(rest, "/envelope/rcptTo/[]/email"):
		m.recipient(value)
	case is(rest, "/envelope/mailFrom/email"):
		m.from = keep(m.from, value, maxName)
	}
}

// jmapSent joins a submission to the message it sends.
func (c *call) jmapSent(m *mail) {
	for i := range c.mails {
		if d := &c.mails[i]; !d.sent && d.key == c.key && c.key != 0 {
			if len(m.to) == 0 {
				m.to = append(m.to, d.to...)
				m.dropped = d.dropped
			}
			m.subject, m.size = append(m.subject[:0], d.subject...), d.size
			m.attachments, m.attached = append(m.attachments[:0], d.attachments...), d.attached
			return
		}
	}
	c.set.take(c.key, m)
}

// jmapMessage takes what is told of a message.
func (c *call) jmapMessage(what scan.Token, path, rest, value []byte, size uint64) {
	switch {
	case what == scan.Open && string(rest) == "/list/[]":
		c.found(path)
		c.pieces = c.pieces[:0]
		return
	case what == scan.Close && string(rest) == "/list/[]":
		c.set.session.join(&c.now, c.pieces)
		c.done(path)
		return
	}
	in, ok := c.inItem(path)
	if !ok || what != scan.Text {
		return
	}
	switch {
	case is(in, "/id"):
		c.now.id = c.nameID(value)
	case is(in, "/blobId"):
		c.now.blob = c.nameID(value)
	case is(last(in), "value") && within(in, "bodyValues"):
		c.text(size)
	case is(last(in), "isTruncated") && is(value, "true"):
		c.now.cut = true
	case is(last(in), "blobId") && len(c.pieces) < maxPieces:
		c.pieces = append(c.pieces, c.nameID(value))
	}
}

// jmapOctets takes octets that are read by the name of their blob (RFC 9404, section
// 4.2). Which message they are of an Email/get has told.
func (c *call) jmapOctets(what scan.Token, path, rest, value []byte, size uint64) {
	if string(rest) == "/list/[]" {
		switch what {
		case scan.Open:
			c.found(path)
		case scan.Close:
			if b := c.set.session.blob(c.now.blob); b != nil {
				c.now.id, c.now.cut = b.message, c.now.cut || b.part
			}
			c.done(path)
		}
		return
	}
	in, ok := c.inItem(path)
	switch {
	case !ok || what != scan.Text:
	case is(in, "/id"):
		c.now.blob = c.nameID(value)
	case is(in, "/data:asText"):
		c.text(size)
	case is(in, "/data:asBase64"):
		c.text(decoded(size))
	case is(in, "/isTruncated") && is(value, "true"):
		c.now.cut = true
	}
}

// jmapStored remembers a message that may be sent later.
func (c *call) jmapStored(what scan.Token, path, value []byte) {
	_, name, rest, ok := c.member(path, "created")
	if !ok || what != scan.Text || !is(rest, "/id") {
		return
	}
	key := protocols.NameID(name)
	for i := range c.mails {
		if m := &c.mails[i]; !m.sent && m.key == key {
			c.set.store(c.nameID(value), m)
		}
	}
}

// jmapSet notes which of the objects were made and which not (RFC 8620, section 5.3).
func (c *call) jmapSet(what scan.Token, path, value []byte) {
	if key, _, rest, ok := c.member(path, "notCreated", "notUpdated", "notDestroyed"); ok && what == scan.Open && len(rest) == 0 {
		for i := range c.mails {
			if c.mails[i].key == key {
				c.mails[i].outcome = protocols.Rejected
			}
		}
		for i := range c.rules {
			if c.rules[i].key == key || is(c.word, "VacationResponse/set") {
				c.rules[i].outcome = protocols.Rejected
			}
		}
		return
	}
	if key, _, rest, ok := c.member(path, "created", "updated"); ok && what == scan.Text && is(rest, "/isActive") {
		for i := range c.rules {
			if c.rules[i].key == key {
				c.rules[i].enabled = tristate(is(value, "true"))
			}
		}
	}
}
