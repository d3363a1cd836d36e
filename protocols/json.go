package protocols

import (
	"fmt"

	"mailsensor/capture"
)

// AppendJSON appends ev as one JSON object without a newline. The fields are
// described in docs/events.md; one that is absent is unknown. It allocates
// nothing but what dst needs to grow.
func AppendJSON(dst []byte, ev Event) []byte {
	l := jsonLine(append(dst, '{'))
	l.head(ev.Header(), ev.Type())
	switch e := ev.(type) {
	case *Login:
		l.login(e)
	case *Message:
		l.message(e)
	case *MailboxRead:
		l.mailboxRead(e)
	case *MailboxSelect:
		l.mailboxSelect(e)
	case *MailboxChange:
		l.mailboxChange(e)
	case *MailboxSearch:
		l.mailboxSearch(e)
	case *ClientInfo:
		l.clientInfo(e)
	case *TLSStart:
		l.tlsStart(e)
	case *TLSUse:
		l.tlsUse(e)
	case *RuleChange:
		l.ruleChange(e)
	case *Tunnel:
		l.tunnel(e)
	case *MailOperation:
		l.mailOperation(e)
	case *Anomaly:
		l.word("kind", e.Kind)
		l.text("detail", e.Detail)
	case *ConnEnd:
		l.connEnd(e)
	}
	return append(l, '}')
}

func (l *jsonLine) head(h *Head, kind string) {
	l.time("time", h.Time)
	l.word("type", kind)
	l.word("protocol", h.Protocol)
	l.endpoint("client", h.Conn.Client)
	l.endpoint("server", h.Conn.Server)
	l.key("community_id")
	*l = append(AppendCommunityID(append(*l, '"'), h.Conn), '"')
	l.count("connection", h.Conn.ID)
	l.text("account", h.Account)
	l.word("confidence", h.Confidence.String())
	l.num("session", h.Session)
	l.flag("repeat", h.Repeat)
	if h.Behind.IsValid() {
		l.address("behind", h.Behind)
	}
	if h.Host.IsValid() {
		l.address("host", h.Host)
	}
	if h.Via != nil {
		l.via(h.Via)
	}
}

func (l *jsonLine) login(e *Login) {
	l.word("mechanism", e.Mechanism)
	l.text("user", e.User)
	l.text("authorize_as", e.AuthorizeAs)
	l.text("domain", e.Domain)
	l.text("workstation", e.Workstation)
	l.word("outcome", e.Outcome.String())
	l.num("code", uint64(e.Code))
	l.flag("proxy", e.Proxy)
	l.word("form", e.Form.String())
}

func (l *jsonLine) message(e *Message) {
	l.word("outcome", e.Outcome.String())
	l.num("code", uint64(e.Code))
	if e.Started != 0 {
		l.time("started", e.Started)
	}
	l.text("helo", e.Helo)
	l.text("from", e.From)
	l.flag("null_sender", e.NullSender)
	l.list("recipients")
	for i := range e.Recipients {
		l.recipient(&e.Recipients[i])
	}
	l.end(']')
	l.num("recipients_dropped", uint64(e.RecipientsDropped))
	l.count("recipients_accepted", uint64(e.RecipientsAccepted))
	l.count("recipients_rejected", uint64(e.RecipientsRejected))
	l.word("transfer", e.Transfer.String())
	if e.Transfer != NoTransfer {
		l.count("size", e.Size)
	}
	l.num("declared_size", e.Declared)
	l.text("body", e.Body)
	l.flag("utf8", e.UTF8)
	l.text("queue_id", e.QueueID)
	if f := &e.Facts; f.HeadersSeen || f.AttachmentCount > 0 || f.Truncated {
		l.facts(f)
	}
}

func (l *jsonLine) recipient(r *Recipient) {
	l.comma()
	*l = append(*l, '{')
	l.text("address", r.Address)
	l.word("outcome", r.Outcome.String())
	l.num("code", uint64(r.Code))
	l.end('}')
}

func (l *jsonLine) facts(f *Facts) {
	l.open("facts")
	l.texts("from", f.From)
	l.texts("to", f.To)
	if f.HeadersSeen {
		l.count("to_count", uint64(f.ToCount))
		l.count("cc_count", uint64(f.CcCount))
	}
	l.text("subject", f.Subject)
	l.text("message_id", f.MessageID)
	l.text("date", f.Date)
	l.text("user_agent", f.UserAgent)
	l.text("auto_submitted", f.AutoSubmitted)
	l.text("resent_from", f.ResentFrom)
	l.text("forwarded_to", f.ForwardedTo)
	l.flag("auto_forwarded", f.AutoForwarded)
	l.text("list_id", f.ListID)
	l.texts("received", f.Received)
	if f.HeadersSeen {
		l.count("received_count", uint64(f.ReceivedCount))
	}
	l.count("attachment_count", uint64(f.AttachmentCount))
	if len(f.Attachments) > 0 {
		l.list("attachments")
		for i := range f.Attachments {
			l.attachment(&f.Attachments[i])
		}
		l.end(']')
	}
	l.texts("link_hosts", f.LinkHosts)
	l.flag("truncated", f.Truncated)
	l.end('}')
}

func (l *jsonLine) attachment(a *Attachment) {
	l.comma()
	*l = append(*l, '{')
	l.text("name", a.Name)
	l.text("type", a.Type)
	l.count("size", a.Size)
	if a.Hashed {
		l.hex("sha256", a.SHA256[:])
	}
	l.flag("lost", a.Lost)
	l.end('}')
}

func (l *jsonLine) mailboxRead(e *MailboxRead) {
	l.word("command", e.Command)
	l.text("mailbox", e.Mailbox)
	l.num("uid_validity", uint64(e.UIDValidity))
	l.num("selection", uint64(e.Selection))
	l.num("exists", uint64(e.Exists))
	l.list("items")
	for i := range e.Items {
		l.readItem(&e.Items[i])
	}
	l.end(']')
}

func (l *jsonLine) readItem(it *ReadItem) {
	l.comma()
	*l = append(*l, '{')
	l.word("kind", readKindNames[it.Kind])
	switch {
	case it.First == 0 && it.ID != 0:
		l.word("by", "id")
	case it.ByUID:
		l.word("by", "uid")
	default:
		l.word("by", "position")
	}
	if it.ID != 0 {
		l.id("id", it.ID)
	}
	if it.First != 0 {
		l.count("first", uint64(it.First))
		l.count("last", uint64(it.Last))
	}
	l.num("items", uint64(it.Items))
	switch it.Kind {
	case ReadIdentity:
		l.num("uid", uint64(it.Other))
	case ReadPartial:
		l.count("offset", it.Offset)
		fallthrough
	default:
		l.count("bytes", it.Bytes)
		l.num("asked", it.Asked)
		l.num("size", it.Size)
		l.text("section", it.Section)
	case ReadStructure:
		l.text("section", it.Section)
	}
	l.end('}')
}

func (l *jsonLine) mailboxSelect(e *MailboxSelect) {
	l.word("command", e.Command)
	l.text("mailbox", e.Mailbox)
	l.num("uid_validity", uint64(e.UIDValidity))
	l.num("selection", uint64(e.Selection))
	if e.ExistsKnown {
		l.count("exists", uint64(e.Exists))
	}
}

func (l *jsonLine) mailboxChange(e *MailboxChange) {
	l.word("command", e.Command)
	l.text("mailbox", e.Mailbox)
	l.text("target", e.Target)
	l.text("rights", e.Rights)
	l.num("uid_validity", uint64(e.UIDValidity))
	l.num("messages", uint64(e.Messages))
	l.num("bytes", e.Bytes)
	l.text("flags", e.Flags)
}

func (l *jsonLine) mailboxSearch(e *MailboxSearch) {
	l.word("command", e.Command)
	l.text("mailbox", e.Mailbox)
	l.text("terms", e.Terms)
	if e.Outcome == Accepted {
		l.count("results", uint64(e.Results))
	}
	l.word("outcome", e.Outcome.String())
}

func (l *jsonLine) clientInfo(e *ClientInfo) {
	l.word("source", e.Source)
	l.text("name", e.Name)
	l.text("version", e.Version)
	l.text("os", e.OS)
	l.text("origin", e.Origin)
}

func (l *jsonLine) connEnd(e *ConnEnd) {
	l.time("first", e.Totals.Start)
	l.time("last", e.Totals.Last)
	l.word("end", e.Totals.End.String())
	l.flag("midstream", !e.Conn.Handshake)
	l.flag("one_sided", e.Totals.OneSided())
	l.half("to_server", &e.Totals.Half[capture.ToServer])
	l.half("to_client", &e.Totals.Half[capture.ToClient])
	l.open("visibility")
	for v, n := range &e.Visible {
		if n[0]+n[1] > 0 {
			l.count(visibilityNames[v], n[0]+n[1])
		}
	}
	l.end('}')
	l.word("gave_up", e.GaveUp)
	l.num("requests", e.Requests)
	l.word("remote_access", e.Remote)
	l.text("service", e.Service)
}

func (l *jsonLine) half(name string, h *capture.HalfTotals) {
	l.open(name)
	l.count("packets", h.Packets)
	l.count("bytes", h.Bytes)
	l.count("gap_bytes", h.GapBytes)
	l.count("gaps", uint64(h.Gaps))
	l.count("retransmitted_bytes", h.Retransmitted)
	l.count("out_of_order", uint64(h.OutOfOrder))
	l.count("conflicts", uint64(h.Conflicts))
	l.count("duplicates", uint64(h.Duplicates))
	l.end('}')
}

// MarshalText lets a Confidence stand in JSON by its name.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the name.
func (c *Confidence) UnmarshalText(b []byte) error {
	for i, name := range confidenceNames {
		if string(b) == name {
			*c = Confidence(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no confidence", b)
}
