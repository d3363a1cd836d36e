package webmail

import (
	"bytes"
)

// JMAP (RFC 8620) for mail (RFC 8621) and for Sieve scripts (RFC 9661): several
// method calls a request, blobs that are downloaded by themselves, and the session
// object, which names the user.
type jmap struct{}

func (s *Set) jmap(r *Request, path []byte) Call {
	c := s.call()
	c.begin(s, jmap{}, "jmap", r)
	if len(c.user) == 0 {
		c.user = keep(c.user, s.user, maxName)
	}
	low := bytes.ToLower(path)
	switch {
	case bytes.Contains(low, []byte("/download/")):
		parts := bytes.Split(path[bytes.Index(low, []byte("/download/"))+len("/download/"):], []byte{'/'})
		c.op = append(c.op, "download"...)
		if len(parts) >= 2 && c.isMessageBlob(r, parts) {
			c.whole = s.message(c.nameID(unquoted(parts[1])))
		}
	case bytes.Contains(low, []byte("/upload/")):
		c.op = append(c.op, "upload"...)
	case is(r.Method, "GET"):
		c.op = append(c.op, "session"...)
	}
	return c
}

// isMessageBlob reports whether what is downloaded is a message, as its name or the
// type that is asked for says, or as an Email/get named it.
func (c *call) isMessageBlob(r *Request, parts [][]byte) bool {
	if len(parts) > 2 && hasSuffix(parts[len(parts)-1], ".eml") || bytes.Contains(r.Target, []byte("message/rfc822")) || bytes.Contains(r.Target, []byte("message%2Frfc822")) {
		return true
	}
	id := c.nameID(unquoted(parts[1]))
	return c.set.message(id) != id
}

// methodAt notes the name of a method call, which is the first of its three parts.
func (c *call) methodAt(path, value []byte, list string) bool {
	if string(path) != "/"+list+"/[]/[]" || bytes.IndexByte(value, '/') <= 0 {
		return false
	}
	c.method = keep(c.method, value, 64)
	return true
}

func (jmap) request(c *call, what token, path, value []byte, _ uint64) {
	if what == opened && is(c.method, "SieveScript/set") && is(parent(path), "create", "update") {
		if r := c.newRule("SieveScript/set"); r != nil {
			r.created = is(parent(path), "create")
			r.disabled = true // until it is activated
			r.name = keep(nil, last(path), maxName)
		}
	}
	if what != text {
		return
	}
	if c.methodAt(path, value, "methodCalls") {
		if len(c.op)+len(value) < 256 {
			if len(c.op) > 0 {
				c.op = append(c.op, ' ')
			}
			c.op = append(c.op, value...)
		}
		c.submits = c.submits || is(value, "EmailSubmission/set")
		return
	}
	name := last(path)
	switch {
	case is(c.method, "SieveScript/set") && c.rule != nil:
		switch {
		case is(name, "name"):
			c.rule.name = keep(nil, value, maxName)
		case is(name, "onSuccessActivateScript"), is(name, "isActive") && is(value, "true"):
			c.rule.disabled = false
		}
	case is(c.method, "EmailSubmission/set") && is(name, "email") && within(path, "rcptTo"):
		c.recipient(value)
	case is(c.method, "Email/set", "Email/import") && is(name, "subject"):
		c.subject = keep(c.subject, value, 256)
	}
}

func (jmap) response(c *call, what token, path, value []byte, size uint64) {
	const list = "/methodResponses/[]/[]/list/[]"
	switch what {
	case opened:
		if string(path) == list && is(c.method, "Email/get") {
			c.found(path)
		}
		return
	case closed:
		c.done(path)
		return
	}
	if c.methodAt(path, value, "methodResponses") {
		c.failed = c.failed || is(value, "error")
		return
	}
	switch {
	case is(c.op, "session"):
		if string(path) == "/username" {
			c.set.user = keep(c.set.user, value, maxName)
			c.user = keep(c.user, value, maxName)
		}
	case c.now.depth == 0:
	case string(path) == list+"/id":
		c.now.id = c.nameID(value)
	case string(path) == list+"/blobId":
		c.now.blob = c.nameID(value)
	case is(last(path), "value") && within(path, "bodyValues"):
		c.now.whole = true
		c.now.size += size
	}
}
