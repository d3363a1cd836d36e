package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// Outlook on the web: JSON to service.svc, the action in the query or in a header
// (the operations of EWS in JSON), and the control panel's services of rules and of
// mailboxes.
type owa struct{}

func (s *Set) owa(r *Request, path, query []byte) *call {
	c := s.call()
	c.begin(s, owa{}, "owa", r)
	action := r.Header("action")
	if len(action) == 0 {
		action = parameter(query, "action")
	}
	if i := indexFold(path, ".svc/s/"); len(action) == 0 && i >= 0 { // /owa/service.svc/s/GetFileAttachment
		action = path[i+len(".svc/s/"):]
	}
	if i := indexFold(path, ".svc/"); len(action) == 0 && i >= 0 { // /ecp/RulesEditor/InboxRules.svc/NewObject
		action = append(bytes.Clone(last(path[:i])), path[i+len(".svc"):]...)
	}
	c.operation(string(action[:min(len(action), 64)]))
	c.asked(0, other)
	c.owaAction(action, query)
	c.reads(r, asJSON)
	if post := r.Header("x-owa-urlpostdata"); len(post) > 0 {
		c.as(asJSON, nil)
		c.json.Write(unquoted(post))
	}
	return c
}

// owaAction gets ready for what an action holds.
func (c *call) owaAction(op, query []byte) {
	verb := op
	if i := bytes.IndexByte(op, '/'); i >= 0 { // of the control panel
		verb = op[i+1:]
	}
	switch {
	case is(op, "GetFileAttachment", "GetAllAttachmentsAsZip"):
		c.owaDownload(query, attachment)
	case is(op, "DownloadMessage"):
		c.owaDownload(query, whole)
	case hasFold(op, "inboxrule"):
		c.owaRule(verb)
	case hasFold(op, "setmailbox"), hasFold(op, "forwarding") && !hasPrefix(verb, "get"):
		if r := c.newRule("SetMailbox"); r != nil {
			r.sure = false // until it is about forwarding
		}
	case hasFold(op, "automaticreply") && !hasPrefix(verb, "get"), hasFold(op, "autoreply") && !hasPrefix(verb, "get"):
		if r := c.newRule("SetMailboxAutoReplyConfiguration"); r != nil {
			r.act(protocols.ActionReply, nil)
		}
	}
}

// owaDownload is asked for by the name of a message or of an attachment in the query.
func (c *call) owaDownload(query []byte, k kind) {
	if id := parameter(query, "id"); len(id) > 0 {
		c.asks[0].kind, c.asks[0].message = k, c.nameID(id)
	}
}

func (c *call) owaRule(verb []byte) {
	if hasPrefix(verb, "get") {
		c.asks[0].kind = ruleList
		return
	}
	command, enabled := "SetInboxRule", protocols.Untold
	switch {
	case hasPrefix(verb, "remove"), hasPrefix(verb, "delete"):
		command = "RemoveInboxRule"
	case hasPrefix(verb, "new"):
		command = "NewInboxRule"
	case hasPrefix(verb, "enable"):
		command, enabled = "EnableInboxRule", protocols.Yes
	case hasPrefix(verb, "disable"):
		command, enabled = "DisableInboxRule", protocols.No
	}
	if r := c.newRule(command); r != nil {
		r.created, r.removed = command == "NewInboxRule", command == "RemoveInboxRule"
		r.enabled, r.idle = enabled, command == "SetInboxRule"
	}
}

func (owa) request(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	name := last(path)
	switch {
	case c.rule >= 0:
		c.owaRulePart(what, path, value)
	case what == scan.Text && is(name, "MessageDisposition"):
		c.ewsDisposition(value)
		for i := range c.mails { // it may stand behind them
			c.mails[i].sent = c.mails[i].sent || c.key == sendNow
		}
	case is(c.op, "CreateItem", "SendItem", "CreateItemForComposeOperation", "UpdateItem", "UpdateItemForCompose"):
		return c.owaMail(what, path, value, size)
	case what == scan.Text && is(name, "EmailAddress") && within(path, "Mailbox", "ParentFolderIds", "FolderIds"):
		c.someoneElse(value)
	}
	return nil
}

// owaRulePart takes a value of a rule or of a setting.
func (c *call) owaRulePart(what scan.Token, path, value []byte) {
	r := c.ruling()
	switch key := last(path); {
	case what == scan.Null && is(key, "ForwardingSmtpAddress", "ForwardingAddress"),
		what == scan.Text && len(value) == 0 && is(key, "ForwardingSmtpAddress", "ForwardingAddress"):
		r.sure, r.removed = true, true
	case what != scan.Text:
	case is(key, "AutoReplyState", "OofState"):
		r.enabled = tristate(!is(value, "Disabled", "0"))
	case is(key, "__type"):
	default:
		if c.rulePart(path, value); len(r.actions) > 0 && within(path, "ForwardingSmtpAddress", "ForwardingAddress") {
			r.removed = false
		}
	}
}

// owaMail takes a message that is made or sent.
func (c *call) owaMail(what scan.Token, path, value []byte, size uint64) scan.Taker {
	name := last(path)
	switch {
	case what == scan.Open && is(name, "[]") && is(parent(path), "Items", "ItemIds", "ItemChanges"):
		c.newMail(c.key == sendNow || is(c.op, "SendItem"))
	case c.mail < 0:
	case what == scan.Begin && is(name, "Value") && is(parent(path), "MimeContent"):
		return c.encoded(c.mailing())
	case what == scan.Open && is(name, "[]") && is(parent(path), "Attachments"):
		c.mailing().attachment()
	case what != scan.Text:
	case is(name, "Id") && is(c.op, "SendItem"):
		c.set.take(c.nameID(value), c.mailing())
	case is(name, "EmailAddress") && within(path, "ToRecipients", "CcRecipients", "BccRecipients"):
		c.mailing().recipient(value)
	case within(path, "Attachments"):
		c.mailing().attached64(name, value, size)
	case is(name, "Subject"):
		c.mailing().subject = keep(c.mailing().subject, value, 256)
	case is(name, "Value") && is(parent(path), "Body", "NewBodyContent"):
		c.mailing().size += size
	}
	return nil
}

// owaItem reports whether a message begins at a path of a response. The list of
// responses has the same name as the list of messages within it:
// ResponseMessages/Items/[]/Items/[].
func owaItem(path []byte) bool {
	return is(last(path), "[]") && is(parent(path), "Items") && !hasSuffix(path, "/ResponseMessages/Items/[]")
}

func (owa) response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	if a := c.current(); a != nil && a.kind == ruleList {
		c.owaRules(what, path, value)
		return nil
	}
	name := last(path)
	rest, in := c.inItem(path)
	switch {
	case what == scan.Open && c.now.depth == 0 && owaItem(path):
		c.found(path)
	case what == scan.Close:
		c.done(path)
	case what != scan.Text:
	case is(name, "ResponseCode"):
		c.verdict(is(value, "NoError"))
	case is(name, "ErrorCode") && !in:
		c.verdict(is(value, "0", "NoError"))
	case is(name, "WasSuccessful"):
		c.verdict(is(value, "true"))
	case !in:
	case is(rest, "/ItemId/Id") && is(c.op, "CreateItem", "UpdateItem", "MoveItem", "CopyItem"):
		c.ewsStored(value)
	case is(rest, "/ItemId/Id"):
		c.now.id = c.nameID(value)
	case is(rest, "/Body/Value", "/UniqueBody/Value", "/NormalizedBody/Value", "/TextBody/Value", "/MimeContent/Value"):
		c.text(size)
	case is(name, "IsTruncated") && is(value, "true"):
		c.now.cut = true
	case is(rest, "/__type"):
		c.now.gone = hasPrefix(value, "CalendarItem:") || hasPrefix(value, "Contact:") || hasPrefix(value, "Task:") || hasPrefix(value, "Persona:")
	}
	return nil
}

// owaRules takes rules that are read back: the elements of a list, whatever it is
// called.
func (c *call) owaRules(what scan.Token, path, value []byte) {
	switch {
	case what == scan.Open && is(last(path), "[]") && is(parent(path), "InboxRuleCollection", "InboxRules", "Output", "Rules"):
		if r := c.newRule("GetInboxRule"); r != nil {
			r.listed = true
		}
	case what == scan.Text && is(last(path), "WasSuccessful"):
		c.verdict(is(value, "true"))
	case what == scan.Text && !is(last(path), "__type"):
		c.rulePart(path, value)
	}
}
