package webmail

import (
	"bytes"
)

// Microsoft Graph, v1.0 and beta: messages of a user or of a folder, one by one, as
// MIME ($value), in lists and in batches; rules of a mailbox, its settings, mail that
// is sent.
type graph struct{}

func (s *Set) graph(r *Request, path, query []byte) Call {
	parts := bytes.Split(bytes.Trim(path, "/"), []byte{'/'})
	if len(parts) < 2 {
		return nil
	}
	parts = parts[1:] // the version
	if is(parts[0], "$batch") {
		c := s.call()
		c.begin(s, graph{}, "graph", r)
		c.op = append(c.op, "$batch"...)
		return c
	}
	var mailbox []byte
	switch {
	case is(parts[0], "me"):
		parts = parts[1:]
	case is(parts[0], "users") && len(parts) > 1:
		mailbox, parts = unquoted(parts[1]), parts[2:]
	default:
		return nil
	}
	for len(parts) > 2 && is(parts[0], "mailFolders", "childFolders") && !is(parts[2], "messageRules") {
		parts = parts[2:]
	}
	if len(parts) == 0 {
		return nil
	}
	c := s.call()
	c.begin(s, graph{}, "graph", r)
	if bytes.IndexByte(mailbox, '@') > 0 {
		if len(c.user) == 0 {
			c.user = keep(c.user, mailbox, maxName)
		} else if !bytes.EqualFold(mailbox, c.user) {
			c.mailbox = keep(c.mailbox, mailbox, maxName)
		}
	}
	if !c.graphOperation(r.Method, parts) {
		s.putCall(c)
		return nil
	}
	return c
}

// graphOperation finds what is asked for; false: nothing about mail.
func (c *call) graphOperation(method []byte, parts [][]byte) bool {
	get := is(method, "GET")
	name := func(op string) { c.op = append(c.op[:0], op...) }
	end := parts[len(parts)-1]
	switch {
	case is(parts[0], "mailFolders") && len(parts) >= 3 && is(parts[2], "messageRules"):
		name("messageRules")
		if get {
			return true
		}
		if r := c.newRule("messageRules"); r != nil {
			r.created, r.removed = is(method, "POST"), is(method, "DELETE")
			if len(parts) > 3 {
				r.name = keep(nil, unquoted(parts[3]), maxName)
			}
		}
	case is(parts[0], "messageRules"):
		return false
	case is(parts[0], "mailboxSettings"):
		name("mailboxSettings")
	case is(parts[0], "sendMail"), is(end, "send", "reply", "replyAll", "forward"):
		name(string(bytes.ToLower(end)))
		c.submits = true
	case is(parts[0], "messages"):
		name("messages")
		switch {
		case !get:
			name(string(method) + " messages")
		case is(end, "$value") && len(parts) == 3:
			name("messages.$value")
			c.whole = c.nameID(unquoted(parts[1]))
		case len(parts) >= 3 && is(parts[2], "attachments"):
			name("attachments")
		case len(parts) == 2 && !is(parts[1], "delta", "$count"):
			name("messages.get")
		}
	case is(parts[0], "mailFolders"):
		name("mailFolders")
	case is(parts[0], "inferenceClassification", "outlook"):
		name(string(bytes.ToLower(parts[0])))
	default:
		return false
	}
	return true
}

func (graph) request(c *call, what token, path, value []byte, _ uint64) {
	if what != text {
		return
	}
	name := last(path)
	switch {
	case c.rule != nil:
		c.rulePart(path, value)
	case c.submits && is(name, "address") && anyWithin(path, "toRecipients", "ccRecipients", "bccRecipients"):
		c.recipient(value)
	case c.submits && is(name, "subject"):
		c.subject = keep(c.subject, value, 256)
	}
}

// isMessage reports whether an object at this path is a message: the response itself,
// an element of its list, and the same within a batch.
func isMessage(path []byte) bool {
	switch string(path) {
	case "", "/value/[]", "/responses/[]/body", "/responses/[]/body/value/[]":
		return true
	}
	return false
}

func (graph) response(c *call, what token, path, value []byte, size uint64) {
	switch what {
	case opened:
		if isMessage(path) {
			c.found(path)
		}
		return
	case closed:
		c.done(path)
		return
	}
	base := path[:max(0, bytes.LastIndexByte(path, '/'))]
	switch {
	case bytes.HasSuffix(path, []byte("/id")) && isMessage(base) && len(base)+1 == c.now.depth:
		if is(c.op, "messages", "messages.get", "$batch") {
			c.now.id = c.nameID(value)
		}
	case is(last(path), "content") && is(last(base), "body", "uniqueBody") && c.now.depth > 0:
		c.now.whole = true
		c.now.size += size
	}
}
