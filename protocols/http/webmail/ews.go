package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// Exchange Web Services: SOAP, one operation a request (MS-OXWSCORE, MS-OXWSXPROP,
// MS-OXWSRULES, MS-OXWSBTRF, MS-OXWSDLGM).
type ews struct{}

func (s *Set) ews(r *Request) Call {
	c := s.call()
	c.begin(s, ews{}, "ews", r)
	if c.form == unread {
		c.read(asXML, c.requested)
	}
	return c
}

func (ews) request(c *call, what token, path, value []byte, _ uint64) {
	name := last(path)
	if what == opened {
		switch {
		case len(c.op) == 0 && is(parent(path), "Body") && bytes.Count(path, []byte{'/'}) == 3:
			c.op = keep(c.op, name, 64)
			c.submits = is(name, "SendItem")
			if is(name, "AddDelegate", "UpdateDelegate", "RemoveDelegate") {
				c.delegate(string(c.op), is(name, "RemoveDelegate"))
			}
		case is(name, "CreateRuleOperation", "SetRuleOperation"):
			if r := c.newRule("UpdateInboxRules"); r != nil {
				r.created = is(name, "CreateRuleOperation")
			}
		case is(name, "DeleteRuleOperation"):
			if r := c.newRule("UpdateInboxRules"); r != nil {
				r.removed = true
			}
		}
		return
	}
	if what != text {
		return
	}
	switch {
	case within(path, "ConnectingSID") && bytes.IndexByte(value, '@') > 0:
		c.user = keep(c.user, value, maxName)
	case is(name, "EmailAddress") && is(parent(path), "Mailbox") && anyWithin(path, "ParentFolderIds", "FolderIds", "ParentFolderId", "SyncFolderId", "ToFolderId"):
		c.mailbox = keep(c.mailbox, value, maxName)
	case is(name, "@MessageDisposition"):
		c.submits = is(value, "SendOnly", "SendAndSaveCopy")
	case is(name, "EmailAddress") && anyWithin(path, "ToRecipients", "CcRecipients", "BccRecipients") && !within(path, "Operations"):
		c.recipient(value)
	case is(name, "Subject") && within(path, "Items"):
		c.subject = keep(c.subject, value, 256)
	case is(name, "PrimarySmtpAddress") && anyWithin(path, "DelegateUsers", "UserIds") && c.rule != nil:
		c.rule.act(protocols.ActionDelegate, value)
	case within(path, "Operations"):
		c.rulePart(path, value)
	}
}

// delegate begins a change of who may act for the account.
func (c *call) delegate(command string, removed bool) {
	names := map[string]string{"AddDelegate": "AddDelegate", "UpdateDelegate": "UpdateDelegate", "RemoveDelegate": "RemoveDelegate"}
	if r := c.newRule(names[command]); r != nil {
		r.created, r.removed = command == "AddDelegate", removed
	}
}

func (ews) response(c *call, what token, path, value []byte, size uint64) {
	name := last(path)
	switch what {
	case opened:
		if is(parent(path), "Items") || is(name, "ExportItemsResponseMessage") || is(parent(path), "Create", "Update") && within(path, "Changes") {
			c.found(path)
		}
		return
	case closed:
		c.done(path)
		return
	}
	switch {
	case is(name, "@Id") && is(parent(path), "ItemId") && c.now.depth > 0:
		c.now.id = c.nameID(value)
	case is(name, "Body", "MimeContent", "UniqueBody", "NormalizedBody", "TextBody", "Data") && c.now.depth > 0:
		c.now.whole = true
		c.now.size += size
	case is(name, "ResponseCode") && !is(value, "NoError"):
		c.failed = true
	}
}
