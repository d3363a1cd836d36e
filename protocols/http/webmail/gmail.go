package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// The Gmail API, v1: messages, threads and drafts in every format, by themselves and
// in batches; attachments; filters, forwarding addresses, automatic forwarding,
// delegates, the vacation responder; mail that is sent, as JSON or as an upload.
type gmail struct{}

func (s *Set) gmail(r *Request, path []byte) *call {
	c := s.call()
	c.begin(s, gmail{}, "gmail", r)
	if hasPrefix(path, "/batch/") {
		c.operation("batch")
		c.several = true
	} else {
		c.gmailOperation(0, r.Method, path)
	}
	c.reads(r, asJSON)
	return c
}

func (gmail) part(c *call, id uint64, method, target []byte) {
	path := target
	for i, b := range target {
		if b == '?' {
			path = target[:i]
			break
		}
	}
	c.rule, c.mail, c.owner = -1, -1, 0
	c.gmailOperation(id, method, path)
}

// gmailVerbs are the methods of a collection by those of HTTP: of all of it, and of
// one member.
var gmailVerbs = map[string][2]string{"GET": {"list", "get"}, "POST": {"create", "create"}, "PUT": {"update", "update"}, "PATCH": {"patch", "patch"}, "DELETE": {"delete", "delete"}}

func (c *call) gmailOperation(id uint64, method, path []byte) {
	var room [maxSegments][]byte
	parts := segments(path, &room)
	for len(parts) > 0 && !is(parts[0], "users") {
		parts = parts[1:]
	}
	a := c.asked(id, other)
	if len(parts) < 3 || a == nil {
		c.operation(string(last(path)[:min(64, len(last(path)))]))
		return
	}
	c.someoneElse(unquoted(parts[1]))
	a.owner = c.owner
	parts = parts[2:]
	noun, members := canonical(parts[0]), 1
	if noun == "settings" && len(parts) > 1 {
		noun, members, parts = "settings."+canonical(parts[1]), 1, parts[1:]
	}
	verbs := gmailVerbs[string(method)]
	verb := verbs[min(len(parts)-members, 1)]
	switch {
	case len(parts) == 4 && is(parts[2], "attachments"):
		noun, verb = noun+".attachments", "get"
	case len(parts) == 3:
		verb = canonical(parts[2])
	case len(parts) == 2 && string(method) == "POST":
		verb = canonical(parts[1])
	case noun == "messages" && verb == "create":
		verb = "insert"
	case noun == "settings.autoForwarding" || noun == "settings.vacation", noun == "profile":
		if verb == "list" {
			verb = "get"
		}
	}
	c.operation(noun, ".", verb)
	c.gmailAsk(a, noun, verb, parts)
}

// gmailWords are the words of the API's URLs that differ from their lower case or are
// worth telling; others are told as one.
var gmailWords = []string{"messages", "threads", "drafts", "history", "labels", "settings", "profile", "watch", "stop", "send", "import", "batchModify", "batchDelete",
	"modify", "trash", "untrash", "filters", "forwardingAddresses", "autoForwarding", "delegates", "sendAs", "vacation", "imap", "pop", "language", "verify", "smimeInfo", "cse"}

func canonical(b []byte) string {
	for _, w := range gmailWords {
		if is(b, w) {
			return w
		}
	}
	return "other"
}

// gmailAsk says what the answer will hold, and what the request makes.
func (c *call) gmailAsk(a *ask, noun, verb string, parts [][]byte) {
	switch noun + "." + verb {
	case "messages.get", "threads.get", "drafts.get":
		a.kind = messages
	case "messages.attachments.get":
		a.kind, a.message = attachment, c.nameID(unquoted(parts[1]))
	case "messages.send", "drafts.send":
		c.newMail(true)
	case "drafts.create", "drafts.update":
		a.kind = newDraft
		c.newMail(false)
	case "settings.filters.list", "settings.filters.get", "settings.forwardingAddresses.list", "settings.forwardingAddresses.get",
		"settings.autoForwarding.get", "settings.delegates.list", "settings.delegates.get":
		a.kind = ruleList
	case "settings.filters.create", "settings.filters.delete", "settings.forwardingAddresses.create", "settings.forwardingAddresses.delete",
		"settings.autoForwarding.update", "settings.delegates.create", "settings.delegates.delete", "settings.vacation.update":
		r := c.newRule((noun + "." + verb)[len("settings."):])
		if r == nil {
			return
		}
		r.created, r.removed = verb == "create", verb == "delete"
		r.idle = noun == "settings.forwardingAddresses" // nothing is forwarded there yet
		if len(parts) > 1 {
			r.name = keep(r.name, unquoted(parts[1]), maxName)
		}
	}
}

func (gmail) request(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	switch {
	case what == scan.Begin && (string(path) == "/raw" || string(path) == "/message/raw"):
		return c.encoded(c.mailing())
	case what != scan.Text:
	case c.rule >= 0:
		c.gmailRule(path, value)
	case c.mail >= 0 && string(path) == "/id":
		c.set.take(c.nameID(value), c.mailing())
	}
	return nil
}

// gmailRule takes a value of a filter or of another way to send mail on.
func (c *call) gmailRule(path, value []byte) {
	r, key := c.ruling(), last(path)
	switch {
	case is(key, "emailAddress"):
		r.address(protocols.ActionForward, key, value)
	case is(key, "disposition"):
		switch {
		case is(value, "trash"):
			r.once(protocols.ActionDiscard, nil)
		case is(value, "markRead"):
			r.once(protocols.ActionMarkRead, nil)
		case is(value, "archive"):
			r.once(protocols.ActionMove, value)
		}
	case is(key, "delegateEmail"):
		r.act(protocols.ActionDelegate, value)
	case is(key, "enableAutoReply"):
		r.act(protocols.ActionReply, nil)
		r.enabled = tristate(is(value, "true"))
	case is(key, "verificationStatus") && c.replied:
		if is(value, "pending", "rejected", "expired") {
			r.enabled = protocols.No
		}
	case is(key, "id") && c.replied:
		r.name = keep(r.name, value, maxName)
	case within(path, "criteria", "action") || is(key, "enabled", "forwardingEmail"):
		c.rulePart(path, value)
	}
}

func (gmail) response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	a := c.current()
	switch {
	case a == nil:
	case a.kind == messages:
		c.gmailMessage(what, path, value, size)
	case a.kind == ruleList:
		c.gmailRules(what, path, value)
	case what != scan.Text:
	case a.kind == newDraft && string(path) == "/id" && a.mail >= 0:
		c.set.store(c.nameID(value), &c.mails[a.mail])
	case a.rules[0] < a.rules[1] && string(path) == "/verificationStatus":
		c.rule = a.rules[0]
		c.gmailRule(path, value)
	}
	return nil
}

// gmailMessage takes what is told of messages: one, those of a thread, that of a
// draft.
func (c *call) gmailMessage(what scan.Token, path, value []byte, size uint64) {
	switch what {
	case scan.Open:
		if len(path) == 0 || string(path) == "/messages/[]" || string(path) == "/message" {
			c.found(path)
		}
	case scan.Close:
		c.done(path)
	case scan.Text:
		rest, ok := c.inItem(path)
		switch {
		case !ok:
		case string(rest) == "/id":
			c.now.id = c.nameID(value)
		case string(rest) == "/raw":
			c.text(decoded(size))
		case size > 0 && is(last(rest), "data") && is(parent(rest), "body"):
			c.text(decoded(size))
		}
	}
}

// gmailRules takes a list of rules, or one.
func (c *call) gmailRules(what scan.Token, path, value []byte) {
	if what == scan.Open && (len(path) == 0 || parentOfElement(path)) {
		if r := c.ruling(); r != nil && len(r.actions) == 0 {
			c.dropRule() // the object around a list
		}
		if r := c.newRule(""); r != nil {
			r.listed = true
			r.command = string(bytes.TrimPrefix(c.op[:min(len(c.op), 64)], []byte("settings.")))
		}
	}
	if what == scan.Close && len(path) == 0 {
		if r := c.ruling(); r != nil && len(r.actions) == 0 {
			c.dropRule()
		}
	}
	if what == scan.Text && c.rule >= 0 {
		c.gmailRule(path, value)
	}
}

// parentOfElement reports whether a path is that of an element of a list at the top:
// /filter/[].
func parentOfElement(path []byte) bool {
	return is(last(path), "[]") && len(parent(path))+len("//[]") == len(path)
}
