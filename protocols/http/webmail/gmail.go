package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// The Gmail API, v1: messages by format, in batches too; filters, forwarding
// addresses, automatic forwarding, delegates; mail that is sent.
type gmail struct{}

func (s *Set) gmail(r *Request, path []byte) Call {
	c := s.call()
	c.begin(s, gmail{}, "gmail", r)
	parts := bytes.Split(bytes.Trim(path, "/"), []byte{'/'})
	if is(parts[0], "batch") {
		c.op = append(c.op, "batch"...)
		return c
	}
	if is(parts[0], "upload") {
		parts = parts[1:]
	}
	if len(parts) < 5 || !is(parts[2], "users") {
		if len(parts) == 4 { // profile and the like
			c.op = keep(c.op, parts[3], 64)
		}
		return c
	}
	if who := unquoted(parts[3]); bytes.IndexByte(who, '@') > 0 {
		if len(c.user) == 0 {
			c.user = keep(c.user, who, maxName)
		} else if !bytes.EqualFold(who, c.user) {
			c.mailbox = keep(c.mailbox, who, maxName)
		}
	}
	c.gmailOperation(r.Method, parts[4:])
	return c
}

func (c *call) gmailOperation(method []byte, parts [][]byte) {
	get, deletes := is(method, "GET"), is(method, "DELETE")
	end := parts[len(parts)-1]
	c.op = keep(c.op, parts[0], 64)
	switch {
	case is(parts[0], "messages", "drafts") && is(end, "send"):
		c.op = append(c.op, ".send"...)
		c.submits = true
	case is(parts[0], "messages", "threads", "drafts") && get && len(parts) == 1:
		c.op = append(c.op, ".list"...)
	case is(parts[0], "messages", "threads", "drafts") && get && len(parts) == 2:
		c.op = append(c.op, ".get"...)
	case is(parts[0], "settings") && len(parts) > 1:
		c.op = keep(c.op, parts[1], 64)
		if get {
			return
		}
		command := map[string]string{"filters": "filters", "forwardingaddresses": "forwardingAddresses", "autoforwarding": "autoForwarding", "delegates": "delegates"}[string(bytes.ToLower(parts[1]))]
		if command == "" {
			return
		}
		if r := c.newRule(command); r != nil {
			r.created = !deletes && len(parts) == 2 && command != "autoForwarding"
			r.removed = deletes
			if len(parts) > 2 {
				r.name = keep(nil, unquoted(parts[2]), maxName)
			}
		}
	}
}

func (gmail) request(c *call, what token, path, value []byte, _ uint64) {
	if what != text || c.rule == nil {
		return
	}
	name := last(path)
	switch c.rule.command {
	case "autoForwarding":
		switch {
		case is(name, "emailAddress"):
			c.rule.address(protocols.ActionForward, value)
			return
		case is(name, "disposition") && is(value, "trash"):
			c.rule.act(protocols.ActionDiscard, nil)
			return
		case is(name, "disposition") && is(value, "markRead"):
			c.rule.act(protocols.ActionMarkRead, nil)
			return
		case is(name, "disposition") && is(value, "archive"):
			c.rule.act(protocols.ActionMove, value)
			return
		}
	case "delegates":
		if is(name, "delegateEmail") {
			c.rule.act(protocols.ActionDelegate, value)
			return
		}
	}
	c.rulePart(path, value)
}

func (gmail) response(c *call, what token, path, value []byte, size uint64) {
	switch what {
	case opened:
		if len(path) == 0 || string(path) == "/messages/[]" {
			c.found(path)
		}
		return
	case closed:
		c.done(path)
		return
	}
	switch {
	case is(c.op, "messages.list"), !is(c.op, "messages.get", "threads.get", "drafts.get", "batch"):
	case string(path) == "/id", string(path) == "/messages/[]/id", string(path) == "/message/id":
		c.now.id = c.nameID(value)
	case is(last(path), "raw"), is(last(path), "data") && is(parent(path), "body") && size > 0:
		c.now.whole = true
		c.now.size += size
	}
}
