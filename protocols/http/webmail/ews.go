package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// Exchange Web Services: SOAP, one operation a request (MS-OXWSCORE, MS-OXWSSYNC,
// MS-OXWSBTRF, MS-OXWSCONV, MS-OXWSATT, MS-OXWSRULES, MS-OXWSDLGM, MS-OXWSOOF).
type ews struct{}

func (s *Set) ews(r *Request) *call {
	c := s.call()
	c.begin(s, ews{}, "ews", r)
	c.asked(0, other)
	c.reads(r, asXML)
	return c
}

// inBody is the rest of a path behind Envelope, Body and the operation.
func inBody(path []byte) (op, rest []byte, ok bool) {
	const body = "/Envelope/Body/"
	if !bytes.HasPrefix(path, []byte(body)) {
		return nil, nil, false
	}
	op = path[len(body):]
	if i := bytes.IndexByte(op, '/'); i >= 0 {
		return op[:i], op[i:], true
	}
	return op, nil, true
}

func (ews) request(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	op, rest, ok := inBody(path)
	switch {
	case !ok:
		if what == scan.Text && within(path, "ConnectingSID") {
			c.someoneElse(value)
		}
	case what == scan.Open && len(rest) == 0:
		if len(c.op) == 0 {
			c.operation(string(bytes.TrimSuffix(op[:min(len(op), 64)], []byte("Request"))))
			c.ewsBegin(op)
		}
	case is(op, "CreateItem", "SendItem", "UpdateItem"):
		return c.ewsMail(op, what, rest, value, size)
	case what == scan.Open:
		c.ewsOpen(last(rest))
	case what == scan.Text:
		c.ewsText(op, rest, value)
	}
	return nil
}

// ewsBegin gets ready for what an operation holds.
func (c *call) ewsBegin(op []byte) {
	if is(op, "SetUserOofSettingsRequest") {
		if r := c.newRule("SetUserOofSettings"); r != nil {
			r.act(protocols.ActionReply, nil)
		}
	}
}

// ewsOpen begins a rule or a delegate.
func (c *call) ewsOpen(name []byte) {
	switch {
	case is(name, "CreateRuleOperation", "SetRuleOperation", "DeleteRuleOperation"):
		if r := c.newRule("UpdateInboxRules"); r != nil {
			r.created, r.removed = is(name, "CreateRuleOperation"), is(name, "DeleteRuleOperation")
		}
	case is(name, "Permission") && is(c.op, "UpdateFolder", "CreateFolder", "CreateFolderPath"): // and not CalendarPermission
		if r := c.newRule(ewsFolder[string(c.op)]); r != nil {
			r.sure = false // until it gives somebody a right
		}
	case is(name, "DelegateUser", "UserId") && is(c.op, "AddDelegate", "UpdateDelegate", "RemoveDelegate"):
		if is(name, "UserId") != is(c.op, "RemoveDelegate") { // RemoveDelegate has bare UserIds
			return
		}
		commands := map[string]string{"AddDelegate": "AddDelegate", "UpdateDelegate": "UpdateDelegate", "RemoveDelegate": "RemoveDelegate"}
		if r := c.newRule(commands[string(c.op)]); r != nil {
			r.created, r.removed = r.command == "AddDelegate", is(name, "UserId")
		}
	}
}

// ewsFolder are the operations that say who may do what in a folder (MS-OXWSFOLD).
var ewsFolder = map[string]string{"UpdateFolder": "UpdateFolder", "CreateFolder": "CreateFolder", "CreateFolderPath": "CreateFolderPath"}

// ewsRight takes a value of what somebody may do in a folder (MS-OXWSCDATA, section
// 2.2.4.49). Those who are not named are Default, with or without a login, Anonymous.
func (c *call) ewsRight(name, value []byte) {
	r := c.ruling()
	switch {
	case is(name, "PrimarySmtpAddress", "SID", "DistinguishedUser", "ExternalUserIdentity"):
		r.once(protocols.ActionDelegate, value)
	case is(name, "PermissionLevel"):
		r.sure = r.sure || !is(value, "None", "Custom")
	case is(name, "ReadItems", "EditItems", "DeleteItems"):
		r.sure = r.sure || !is(value, "None")
	}
}

func (c *call) ewsText(op, rest, value []byte) {
	name := last(rest)
	switch {
	case is(name, "EmailAddress") && within(rest, "Mailbox"), is(name, "MailboxSmtpAddress"), is(name, "Address") && is(op, "SetUserOofSettingsRequest", "GetUserOofSettingsRequest"):
		c.someoneElse(value)
	case c.rule < 0:
	case is(name, "OofState"):
		c.ruling().enabled = tristate(!is(value, "Disabled"))
	case ewsFolder[string(c.op)] != "":
		if within(rest, "Permission") {
			c.ewsRight(name, value)
		}
	case is(name, "PrimarySmtpAddress", "SID") && within(rest, "UserId"):
		c.ruling().once(protocols.ActionDelegate, value)
	case is(op, "UpdateInboxRules"):
		c.rulePart(rest, value)
	}
}

// ewsMail takes a message that is made, changed or sent.
func (c *call) ewsMail(op []byte, what scan.Token, rest, value []byte, size uint64) scan.Taker {
	name := last(rest)
	switch {
	case string(rest) == "/@MessageDisposition":
		c.ewsDisposition(value)
	case what == scan.Open && is(op, "CreateItem") && is(parent(rest), "Items"):
		if is(name, "Message", "ForwardItem", "ReplyToItem", "ReplyAllToItem", "MeetingRequest") {
			m := c.newMail(c.key == sendNow)
			if a := c.current(); a != nil && m != nil && !m.sent {
				a.kind = newDraft
			}
		} else {
			c.mail = -1
		}
	case what == scan.Open && is(name, "ItemId") && (is(op, "SendItem") || is(op, "UpdateItem") && c.key == sendNow):
		c.newMail(true)
	case c.mail < 0:
	case what == scan.Open && is(name, "MimeContent"):
		return c.encoded(c.mailing())
	case what == scan.Open && is(parent(rest), "Attachments"):
		c.mailing().attachment()
	case what != scan.Text:
	case is(name, "@Id") && is(parent(rest), "ItemId") && is(op, "SendItem", "UpdateItem"):
		c.set.take(c.nameID(value), c.mailing())
	case is(name, "EmailAddress") && within(rest, "ToRecipients", "CcRecipients", "BccRecipients"):
		c.mailing().recipient(value)
	case within(rest, "Attachments"):
		c.mailing().attached64(name, value, size)
	case is(name, "EmailAddress") && within(rest, "From"):
		c.mailing().from = keep(c.mailing().from, value, maxName)
	case is(name, "Subject"):
		c.mailing().subject = keep(c.mailing().subject, value, 256)
	case is(name, "Body", "NewBodyContent"):
		c.mailing().size += size
	}
	return nil
}

// sendNow marks a CreateItem that sends what it makes.
const sendNow = 1

// ewsDisposition says what is done with the messages of a CreateItem. It stands
// before them.
func (c *call) ewsDisposition(value []byte) {
	if is(value, "SendOnly", "SendAndSaveCopy") {
		c.key = sendNow
	}
}

// isMailItem reports whether an element is a message and not a task, a contact or an
// entry of a calendar (MS-OXWSCDATA, section 2.2.4.28).
func isMailItem(name []byte) bool {
	return is(name, "Message", "Item", "MeetingMessage", "MeetingRequest", "MeetingResponse", "MeetingCancellation", "PostItem", "SharingMessage")
}

// ewsItem reports whether a message begins at a path of a response.
func ewsItem(path []byte) bool {
	name, in := last(path), parent(path)
	switch {
	case is(in, "Items", "Create", "Update"):
		return isMailItem(name)
	case is(name, "ExportItemsResponseMessage"):
		return true
	}
	return false
}

func (ews) response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	if is(c.op, "GetInboxRules") && within(path, "InboxRules") {
		c.ewsRules(what, path, value)
		return nil
	}
	switch what {
	case scan.Open:
		if c.now.depth == 0 && (ewsItem(path) || is(c.op, "GetAttachment") && is(parent(path), "Attachments")) {
			c.found(path)
		}
		if is(last(path), "DelegateUserResponseMessageType") {
			c.mark++
		}
	case scan.Close:
		c.done(path)
	case scan.Text:
		c.ewsAnswer(path, value, size)
	}
	return nil
}

func (c *call) ewsAnswer(path, value []byte, size uint64) {
	name := last(path)
	rest, in := c.inItem(path)
	switch {
	case is(name, "ResponseCode"):
		c.ewsVerdict(path, is(value, "NoError"))
	case is(c.op, "GetAttachment"):
		c.ewsAttached(path, value, size)
	case !in || is(c.op, "CreateItem", "UpdateItem", "MoveItem", "CopyItem"):
		if string(rest) == "/ItemId/@Id" {
			c.ewsStored(value)
		}
	case string(rest) == "/ItemId/@Id":
		c.now.id = c.nameID(value)
	case is(rest, "/Body", "/MimeContent", "/UniqueBody", "/NormalizedBody", "/TextBody", "/Data"):
		if is(rest, "/MimeContent", "/Data") {
			size = decoded(size)
		}
		c.text(size)
	case is(name, "@IsTruncated") && is(value, "true"):
		c.now.cut = true
	}
}

// ewsAttached takes an attachment, which is a part of the message that is named with
// it, or goes by its own name.
func (c *call) ewsAttached(path, value []byte, size uint64) {
	rest, in := c.inItem(path)
	switch {
	case !in:
	case string(rest) == "/AttachmentId/@Id" && c.now.id == 0, string(rest) == "/AttachmentId/@RootItemId":
		c.now.id, c.now.cut, c.now.body = c.nameID(value), true, true
	case string(rest) == "/Content", is(last(rest), "MimeContent"):
		c.text(decoded(size))
	case is(last(rest), "Body"):
		c.text(size)
	}
}

// ewsStored remembers a message that may be sent later.
func (c *call) ewsStored(id []byte) {
	n := 0
	for i := range c.mails {
		if m := &c.mails[i]; !m.sent {
			if n == c.mark {
				c.set.store(c.nameID(id), m)
			}
			n++
		}
	}
	c.mark++
	c.now = item{}
}

// ewsVerdict takes one of the answers of a response. Those about delegates are told
// apart by their order.
func (c *call) ewsVerdict(path []byte, ok bool) {
	if within(path, "DelegateUserResponseMessageType") {
		if n := c.mark - 1; n >= 0 && n < len(c.rules) {
			c.rules[n].outcome = verdict(ok)
		}
		return
	}
	c.verdict(ok)
}

// ewsRules takes rules that are read back.
func (c *call) ewsRules(what scan.Token, path, value []byte) {
	switch {
	case what == scan.Open && is(last(path), "Rule") && is(parent(path), "InboxRules"):
		if r := c.newRule("GetInboxRules"); r != nil {
			r.listed = true
		}
	case what == scan.Text:
		c.rulePart(path, value)
	}
}
