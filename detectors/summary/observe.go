package summary

import (
	"mailsensor/detectors/mailbox"
	"mailsensor/protocols"
)

// login counts an exchange for the account that was asked for, successful or not.
func (s *Summary) login(e *protocols.Login) {
	name := e.AuthorizeAs
	if len(name) == 0 {
		name = e.User
	}
	if len(name) == 0 && e.Outcome == protocols.Accepted {
		name = e.Account // the mechanism hid it, the server told
	}
	doubt, _ := low(e.Protocol)
	if doubt == 0 {
		return
	}
	sc := s.scope(&e.Head, name)
	for _, t := range sc.tallies() {
		l := t.logins(e.Protocol)
		switch e.Outcome {
		case protocols.Accepted:
			l.LoginsOK++
		case protocols.Unknown:
			l.LoginsUnknown++
		default:
			l.LoginsFailed++
		}
		if e.Confidence == protocols.LowerBound {
			t.doubt |= doubt
		}
	}
}

func (s *Summary) message(e *protocols.Message) {
	if e.Protocol == "http" { // a mail API was asked to send it; SMTP carries it from there
		return
	}
	in, out := s.border.Recipients(e)
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		c := t.spokeSMTP()
		c.message(e)
		c.RecipientsInside += in
		c.RecipientsOutside += out
		if e.Confidence == protocols.LowerBound {
			t.doubt |= smtpMailLow
		}
	}
}

func (c *SMTP) message(e *protocols.Message) {
	c.MessagesAttempted++
	switch e.Outcome {
	case protocols.Accepted:
		c.MessagesAccepted++
		c.MessageBytes += e.Size
	case protocols.Rejected:
		c.MessagesRejected++
	case protocols.Unfinished:
		c.MessagesUnfinished++
	default:
		c.MessagesUnknown++
	}
	c.RecipientsAccepted += uint64(e.RecipientsAccepted)
	c.RecipientsRejected += uint64(e.RecipientsRejected)
	if refusedUnnamed(e) {
		c.RecipientsRejected++
	}
	c.recipientsUnlisted = c.recipientsUnlisted || e.RecipientsDropped > 0
}

// refusedUnnamed reports that MAIL itself was refused for what it asked: its
// size, its sender. Whoever the message was for was refused with it, before being
// named; servers log that as one rejected recipient. A MAIL that only came out of
// turn (503: bad sequence, RFC 5321, section 4.2.3) refuses nobody.
func refusedUnnamed(e *protocols.Message) bool {
	const badSequence = 503
	return e.Outcome == protocols.Rejected && e.Transfer == protocols.NoTransfer && e.Code != 0 && e.Code != badSequence &&
		len(e.Recipients) == 0 && e.RecipientsAccepted+e.RecipientsRejected == 0
}

// sent is the octets of what a MailboxRead tells.
type sent struct{ items, bytes, parts, headers uint64 }

func sum(items []protocols.ReadItem) (n sent) {
	for i := range items {
		switch it := &items[i]; it.Kind {
		case protocols.ReadWhole, protocols.ReadPartial:
			n.items += uint64(it.Items)
			n.bytes += it.Bytes
		case protocols.ReadPart:
			n.parts += it.Bytes
		case protocols.ReadHeaders:
			n.headers += it.Bytes
		}
	}
	return n
}

func (s *Summary) read(e *protocols.MailboxRead) {
	_, doubt := low(e.Protocol)
	n := sum(e.Items)
	sc := s.scope(&e.Head, e.Account)
	name := s.name
	if e.Repeat {
		name = s.accountName(e.Account)
	}
	c := s.boxes.Read(e, name)
	for i, t := range sc.tallies() {
		d, fresh := &c.Total, c.NewMailbox
		if i == 0 { // the client's
			d, fresh = &c.Host, c.NewForHost
		}
		switch e.Protocol {
		case "imap":
			counts := t.spokeIMAP()
			counts.read(n)
			counts.distinct(d, fresh)
		case "pop3":
			t.less().hasPOP3 = true
			t.pop3.read(n)
			t.pop3.distinct(d)
		case "http":
			t.less().hasHTTP = true
			shift(&t.http.MailItems, d[mailbox.Whole])
		}
		switch e.Confidence {
		case protocols.LowerBound:
			t.doubt |= doubt
		case protocols.UpperBound:
			t.doubt |= distinctHigh
		}
	}
}

func (c *IMAP) read(n sent) {
	c.BodyItems += n.items
	c.BodyBytes += n.bytes
	c.PartBytes += n.parts
	c.HeaderBytes += n.headers
}

func (c *POP3) read(n sent) {
	c.BodyItems += n.items
	c.BodyBytes += n.bytes
}

func (c *POP3) distinct(d *mailbox.Delta) {
	shift(&c.MessagesDownloaded, d[mailbox.Whole])
	shift(&c.MessagesPartial, d[mailbox.Partial])
	shift(&c.MessagesHeadersOnly, d[mailbox.Headers])
}

func (c *IMAP) distinct(d *mailbox.Delta, newMailbox bool) {
	shift(&c.MessagesDownloaded, d[mailbox.Whole])
	shift(&c.MessagesPartial, d[mailbox.Partial])
	shift(&c.MessagesHeadersOnly, d[mailbox.Headers])
	if newMailbox {
		c.MailboxesRead++
	}
}

// shift adds d to n, which does not go below 0: an entity that was forgotten
// can be told of messages that leave a level it does not know they had.
func shift(n *uint64, d int64) {
	if d < 0 && uint64(-d) > *n {
		*n = 0
		return
	}
	*n += uint64(d)
}

func (s *Summary) change(e *protocols.MailboxChange) {
	switch e.Protocol {
	case "pop3":
		s.deleted(e)
		return
	case "imap":
	default:
		return
	}
	n, doubt := uint64(e.Messages), doubt(0)
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		c := t.spokeIMAP()
		switch e.Command {
		case "APPEND":
			c.MessagesAppended += max(n, 1) // an accepted one stored something
		case "COPY":
			c.MessagesCopied += n
			doubt = copiesLow
		case "MOVE":
			c.MessagesMoved += n
			doubt = copiesLow
		case "EXPUNGE":
			c.MessagesExpunged += n
		}
		if n == 0 { // nothing, or the server did not say
			t.doubt |= doubt
		}
		if e.Confidence == protocols.LowerBound {
			t.doubt |= imapMailLow
		}
	}
}

// deleted counts the messages that a POP3 session deleted for good.
func (s *Summary) deleted(e *protocols.MailboxChange) {
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		t.less().hasPOP3 = true
		t.pop3.MessagesDeleted += uint64(e.Messages)
		if e.Confidence == protocols.LowerBound {
			t.doubt |= pop3MailLow
		}
	}
}

func (s *Summary) search(e *protocols.MailboxSearch) {
	if e.Protocol != "imap" {
		return
	}
	sc := s.scope(&e.Head, e.Account)
	for _, t := range sc.tallies() {
		t.spokeIMAP().Searches++
		if e.Confidence == protocols.LowerBound {
			t.doubt |= imapMailLow
		}
	}
}
