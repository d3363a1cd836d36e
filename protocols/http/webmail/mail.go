package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// mail is a message that a call sends, or stores to be sent later.
type mail struct {
	key         uint64 // by which the response, or another part of the request, names it
	sent        bool   // false: it is a draft so far
	from        []byte
	to          [][]byte
	dropped     uint32 // recipients that are not listed
	subject     []byte
	size        uint64 // octets of text and attachments
	attachments []protocols.Attachment
	attached    uint32
	outcome     protocols.Outcome
	content     *content // of a message that is submitted as such
	owner       owner
}

const maxAttachments = 16

// newMail begins a message, which is then the current one.
func (c *call) newMail(sent bool) *mail {
	n := len(c.mails)
	if n == maxMails {
		c.more = true
		c.mail = -1
		return nil
	}
	if n < cap(c.mails) {
		c.mails = c.mails[:n+1]
	} else {
		c.mails = append(c.mails, mail{})
	}
	c.mail = n
	m := &c.mails[n]
	*m = mail{sent: sent, owner: c.present(), from: m.from[:0], to: m.to[:0], subject: m.subject[:0], attachments: m.attachments[:0]}
	if a := c.current(); a != nil && !c.replied {
		a.mail = n
	}
	return m
}

// mailing is the message that is being read, or nil.
func (c *call) mailing() *mail {
	if c.mail < 0 {
		return nil
	}
	return &c.mails[c.mail]
}

// dropMail forgets the current message: it is none.
func (c *call) dropMail() {
	if c.mail >= 0 && c.mail == len(c.mails)-1 {
		c.mails = c.mails[:c.mail]
	}
	c.mail = -1
}

// recipient notes whom the message goes to.
func (m *mail) recipient(a []byte) {
	a = bytes.TrimSpace(a)
	switch {
	case bytes.IndexByte(a, '@') <= 0 || len(a) > maxName:
	case len(m.to) == maxRecipients:
		m.dropped++
	default:
		m.to = append(m.to, bytes.Clone(a))
	}
}

// attachment begins the next attachment.
func (m *mail) attachment() {
	if m.attached++; len(m.attachments) < maxAttachments {
		m.attachments = append(m.attachments, protocols.Attachment{})
	}
}

// part returns the attachment that is being read, or nil.
func (m *mail) part() *protocols.Attachment {
	if n := len(m.attachments); n > 0 && int(m.attached) == n {
		return &m.attachments[n-1]
	}
	return nil
}

// json takes what a message says of itself in JSON.
func (m *mail) json(what scan.Token, path, value []byte, size uint64) {
	key := last(path)
	switch {
	case what == scan.Open && is(key, "[]") && is(parent(path), "attachments"):
		m.attachment()
	case what != scan.Text:
	case is(key, "address") && within(path, "toRecipients", "ccRecipients", "bccRecipients"):
		m.recipient(value)
	case is(key, "address") && within(path, "from"):
		m.from = keep(m.from, value, maxName)
	case within(path, "attachments"):
		m.attached64(key, value, size)
	case is(key, "subject"):
		m.subject = keep(m.subject, value, 256)
	case is(key, "content") && is(parent(path), "body"), is(key, "comment"):
		m.size += size
	}
}

// attached64 takes a value of an attachment whose content is in base64.
func (m *mail) attached64(key, value []byte, size uint64) {
	a := m.part()
	if a == nil {
		return
	}
	switch {
	case is(key, "name"):
		a.Name = bytes.Clone(value[:min(len(value), 256)])
	case is(key, "contentType"):
		a.Type = bytes.ToLower(value[:min(len(value), 128)])
	case is(key, "contentBytes", "Content"):
		a.Size = decoded(size)
		m.size += a.Size
	}
}

// decoded is how many octets so many characters of base64 stand for.
func decoded(chars uint64) uint64 { return chars / 4 * 3 }

// mail tells of a message that was sent.
func (w *teller) mail(m *mail) {
	if !m.sent {
		return
	}
	c, out := w.c, w.out
	e := out.Message(w.t)
	w.head(&e.Head, m.owner)
	e.Outcome, e.Code, e.Started, e.Size = c.of(m.outcome), uint16(c.status), w.t, m.size
	if m.content != nil {
		m.content.fill(e, out)
	} else {
		e.Facts.HeadersSeen = len(m.subject) > 0 || m.attached > 0
		e.Facts.Subject, e.Facts.AttachmentCount = out.Copy(m.subject), m.attached
		for _, a := range m.attachments {
			a.Name, a.Type = out.Copy(a.Name), out.Copy(a.Type)
			e.Facts.Attachments = append(e.Facts.Attachments, a)
		}
	}
	if e.From = out.Copy(m.from); len(m.from) == 0 {
		e.From = out.Copy(c.account(m.owner))
	}
	for _, a := range m.to {
		e.Recipients = append(e.Recipients, protocols.Recipient{Address: out.Copy(a), Outcome: e.Outcome})
	}
	e.RecipientsDropped = m.dropped
	switch n := uint32(len(m.to)) + m.dropped; e.Outcome {
	case protocols.Accepted:
		e.RecipientsAccepted = n
	case protocols.Rejected:
		e.RecipientsRejected = n
	}
}

// draft is a message that was stored and may be sent later, by the name of what it
// became.
type draft struct {
	id      uint64
	to      [][]byte
	subject []byte
	size    uint64
}

// maxDrafts bounds those that are remembered of a connection.
const maxDrafts = 16

// store remembers a draft, or what is changed of one; of many the oldest goes.
func (s *Set) store(id uint64, m *mail) {
	if id == 0 || len(m.to) == 0 && len(m.subject) == 0 && m.size == 0 {
		return
	}
	for i := range s.drafts {
		if s.drafts[i].id == id {
			s.drafts[i].change(m)
			return
		}
	}
	if len(s.drafts) == maxDrafts {
		s.drafts = append(s.drafts[:0], s.drafts[1:]...)
	}
	d := draft{id: id, subject: bytes.Clone(m.subject), size: m.size}
	d.to = append(d.to, m.to...)
	s.drafts = append(s.drafts, d)
}

// change takes over what is said anew.
func (d *draft) change(m *mail) {
	if len(m.to) > 0 {
		d.to = append([][]byte(nil), m.to...)
	}
	if len(m.subject) > 0 {
		d.subject = bytes.Clone(m.subject)
	}
	if m.size > 0 {
		d.size = m.size
	}
}

// take fills in a message that was stored before.
func (s *Set) take(id uint64, m *mail) {
	for i := len(s.drafts) - 1; i >= 0; i-- {
		if d := &s.drafts[i]; d.id == id && len(m.to) == 0 {
			m.to, m.subject, m.size = append(m.to, d.to...), append(m.subject, d.subject...), d.size
			return
		}
	}
}
