package webmail

import (
	"bytes"
)

// Outlook on the web: JSON to service.svc, the action in the query or in a header
// (MS-OXWSCORE in JSON), and the control panel's services of rules and of mailboxes.
type owa struct{}

func (s *Set) owa(r *Request, path, query []byte) Call {
	c := s.call()
	c.begin(s, owa{}, "owa", r)
	action := r.Header("action")
	if q := parameter(query, "action"); len(action) == 0 {
		action = q
	}
	if i := bytes.Index(path, []byte(".svc/")); len(action) == 0 && i >= 0 { // /ecp/RulesEditor/InboxRules.svc/NewObject
		action = append(bytes.Clone(last(path[:i])), path[i+len(".svc"):]...)
	}
	c.op = keep(c.op, action, 64)
	switch op := bytes.ToLower(action); {
	case bytes.Contains(op, []byte("inboxrule")):
		if r := c.newRule(ruleCommand(op)); r != nil {
			r.created = r.command == "NewInboxRule"
			r.removed = bytes.HasPrefix(op, []byte("remove")) || bytes.HasSuffix(op, []byte("/removeobjects"))
			r.listed = bytes.HasPrefix(op, []byte("get")) || bytes.HasSuffix(op, []byte("/getlist"))
		}
	case bytes.HasPrefix(op, []byte("setmailbox")), bytes.Contains(op, []byte("emailforwarding")), bytes.Contains(op, []byte("forwarding")):
		c.newRule("SetMailbox")
	case bytes.HasPrefix(op, []byte("createitem")), bytes.HasPrefix(op, []byte("senditem")):
		c.submits = true
	}
	if c.form == unread {
		c.read(asJSON, c.requested)
	}
	if post := r.Header("x-owa-urlpostdata"); len(post) > 0 {
		c.write(unquoted(post))
	}
	return c
}

func ruleCommand(op []byte) string {
	switch {
	case bytes.HasPrefix(op, []byte("remove")), bytes.HasSuffix(op, []byte("/removeobjects")):
		return "RemoveInboxRule"
	case bytes.HasPrefix(op, []byte("get")), bytes.HasSuffix(op, []byte("/getlist")):
		return "GetInboxRule"
	case bytes.HasPrefix(op, []byte("new")), bytes.HasSuffix(op, []byte("/newobject")):
		return "NewInboxRule"
	}
	return "SetInboxRule"
}

func (owa) request(c *call, what token, path, value []byte, _ uint64) {
	if what != text {
		return
	}
	switch {
	case c.rule != nil:
		c.rulePart(path, value)
	case is(last(path), "EmailAddress") && anyWithin(path, "ToRecipients", "CcRecipients", "BccRecipients"):
		c.recipient(value)
	case is(last(path), "Subject"):
		c.subject = keep(c.subject, value, 256)
	case is(last(path), "MessageDisposition"):
		c.submits = is(value, "SendOnly", "SendAndSaveCopy")
	}
}

func (owa) response(c *call, what token, path, value []byte, size uint64) {
	name := last(path)
	switch what {
	case opened:
		if is(name, "[]") && is(parent(path), "Items") && !itemsOfItems(path) {
			c.found(path)
		}
		return
	case closed:
		c.done(path)
		return
	}
	switch {
	case is(name, "Id") && is(parent(path), "ItemId") && c.now.depth > 0 && c.now.id == 0:
		c.now.id = c.nameID(value)
	case is(name, "Value") && is(parent(path), "Body", "UniqueBody", "NormalizedBody", "TextBody", "MimeContent") && c.now.depth > 0:
		c.now.whole = true
		c.now.size += size
	case is(name, "ResponseCode") && !is(value, "NoError"), is(name, "ErrorCode") && !is(value, "0") && !is(value, "null"), is(name, "WasSuccessful") && is(value, "false"):
		c.failed = true
	}
}

// itemsOfItems reports whether the list of responses is meant, which has the name of
// the list of messages within it: ResponseMessages/Items/[]/Items/[].
func itemsOfItems(path []byte) bool {
	return bytes.HasSuffix(path, []byte("/ResponseMessages/Items/[]"))
}
