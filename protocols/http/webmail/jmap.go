package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// JMAP (RFC 8620) for mail (RFC 8621) and for Sieve scripts (RFC 9661): several
// method calls a request, blobs that are moved by themselves, and the session object,
// which names the user, the accounts and the URLs.
type jmap struct{}

func (s *Set) jmap(r *Request, path []byte) *call {
	c := s.call()
	c.begin(s, jmap{}, "jmap", r)
	if len(c.user) == 0 {
		c.user = keep(c.user, s.session.user, maxName)
	}
	if rest, ok := s.session.rest(path, s.session.download, "/download/"); ok {
		c.operation("download")
		c.jmapDownload(r, rest)
		return c
	}
	if rest, ok := s.session.rest(path, s.session.upload, "/upload/"); ok {
		c.operation("upload")
		c.jmapUpload(r, rest)
		return c
	}
	switch {
	case !is(r.Method, "GET"):
	case hasFold(path, "/eventsource"):
		c.operation("eventsource")
	default:
		c.operation("session")
	}
	c.reads(r, asJSON)
	return c
}

// jmapDownload notes which message a blob is, or of which it is a part.
func (c *call) jmapDownload(r *Request, rest []byte) {
	accountID, name, _ := bytes.Cut(rest, []byte{'/'})
	blobID, name, _ := bytes.Cut(name, []byte{'/'})
	c.someoneElse(c.set.session.account(c.nameID(unquoted(accountID))))
	id := c.nameID(unquoted(blobID))
	a := c.asked(0, other)
	if b := c.set.session.blob(id); b != nil {
		if a.kind, a.message = whole, b.message; b.part {
			a.kind = attachment
		}
		return
	}
	a.message = id
	if len(name) > 4 && hasSuffix(name, ".eml") || hasFold(r.Target, "message/rfc822") || hasFold(r.Target, "message%2Frfc822") {
		a.kind = whole
	}
}

// jmapUpload reads what is stored to be used by name: a message or a Sieve script.
func (c *call) jmapUpload(r *Request, rest []byte) {
	accountID, _, _ := bytes.Cut(rest, []byte{'/'})
	c.someoneElse(c.set.session.account(c.nameID(unquoted(accountID))))
	a := c.asked(0, other)
	kind := r.Header("content-type")
	switch {
	case hasPrefix(kind, "message/rfc822"):
		a.kind = newDraft
		c.newMail(false)
		c.as(asMail, nil)
	case hasPrefix(kind, "application/sieve"), hasPrefix(kind, "text/plain"), hasPrefix(kind, "application/octet-stream"):
		if rule := c.newRule(""); rule != nil {
			rule.sure, rule.script = false, newSieve()
			c.as(asOther, nil)
			c.other = (*call).jmapScript
		}
	}
}

func (c *call) jmapScript(b []byte) {
	if r := c.ruling(); r != nil && r.script != nil && !c.replied {
		r.script.Take(b)
	}
}

// uploadedBlob takes the answer to an upload.
func (c *call) uploadedBlob(blobID []byte) {
	id := c.nameID(blobID)
	if len(c.mails) > 0 {
		c.set.store(id, &c.mails[0])
	}
	if len(c.rules) > 0 && c.rules[0].script != nil {
		c.set.keepScript(id, c.rules[0].script)
		c.rules[0].script = nil
	}
}

const (
	calls     = "/methodCalls/[]"
	responses = "/methodResponses/[]"
)

// method reads the three parts of a method call or response: its name, its arguments,
// its id. It answers what part a path is in: rest is that within the arguments.
func (c *call) method(what scan.Token, path, value []byte, list string) (rest []byte, in bool) {
	switch {
	case !bytes.HasPrefix(path, []byte(list)):
		return nil, false
	case len(path) == len(list):
		if what == scan.Open {
			c.word, c.mark, c.rule, c.mail, c.ask = c.word[:0], 0, -1, -1, -1
			c.several = true // each method names its account, or is about that of the one before
			c.before = before{items: len(c.items), rules: len(c.rules), mails: len(c.mails)}
		}
		return nil, false
	case !bytes.HasPrefix(path[len(list):], []byte("/[]")): // no list of three
		return nil, false
	case len(path) == len(list)+len("/[]") && what == scan.Text:
		if c.mark++; c.mark == 1 {
			c.word = keep(c.word, value, 64)
			c.jmapNamed()
		} else {
			c.jmapIdentified(value)
		}
		return nil, false
	}
	return path[len(list)+len("/[]"):], true
}

// jmapNamed takes the name of a method.
func (c *call) jmapNamed() {
	switch {
	case !c.replied:
		c.operation(string(c.word))
		c.asked(0, other)
	case is(c.word, "error"):
		c.noes++
	default:
		c.oks++
	}
}

// jmapIdentified takes the id of a method call, which comes last.
func (c *call) jmapIdentified(id []byte) {
	n := protocols.NameID(id)
	if !c.replied {
		if a := c.current(); a != nil {
			a.id = n
		}
		return
	}
	a := c.find(n)
	if a == nil {
		return
	}
	if c.owns(a.owner); is(c.word, "error") {
		c.settle(a, protocols.Rejected)
	}
}

// jmapAccount takes whose account a method is about. It may stand behind the rest.
func (c *call) jmapAccount(id []byte) {
	if c.before.named { // once is enough, as often as it is said
		return
	}
	c.before.named, c.owner = true, 0
	c.someoneElse(c.set.session.account(c.nameID(id)))
	if a := c.current(); a != nil {
		a.owner = c.owner
	}
	c.owns(c.owner)
}

// before is what there was before the method that is being read.
type before struct {
	items, rules, mails int
	named               bool // its account was
}

// owns puts what came of the present method down to an owner.
func (c *call) owns(o owner) {
	for i := c.before.items; i < len(c.whose); i++ {
		c.whose[i] = o
	}
	for i := c.before.rules; i < len(c.rules); i++ {
		c.rules[i].owner = o
	}
	for i := c.before.mails; i < len(c.mails); i++ {
		c.mails[i].owner = o
	}
}

func (jmap) request(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	rest, in := c.method(what, path, value, calls)
	switch {
	case !in:
	case what == scan.Text && string(rest) == "/accountId":
		c.jmapAccount(value)
	case is(c.word, "Email/set"):
		c.jmapEmail(what, rest, value, size)
	case is(c.word, "Email/import"):
		c.jmapImport(what, rest, value)
	case is(c.word, "EmailSubmission/set"):
		c.jmapSubmission(what, rest, value)
	case is(c.word, "SieveScript/set", "Blob/upload"):
		return c.jmapSieve(what, rest, value)
	case is(c.word, "VacationResponse/set") && what == scan.Text && is(last(rest), "isEnabled"):
		if r := c.newRule("VacationResponse/set"); r != nil {
			r.act(protocols.ActionReply, nil)
			r.enabled = tristate(is(value, "true"))
		}
	}
	return nil
}

// member is the object of a list that a path is in, by the number of its method and
// name, and the rest of the path: /create/k1/name.
func (c *call) member(path []byte, lists ...string) (key uint64, name, rest []byte, ok bool) {
	if len(path) == 0 {
		return 0, nil, nil, false
	}
	list, path, more := bytes.Cut(path[1:], []byte{'/'})
	if !more || !is(list, lists...) {
		return 0, nil, nil, false
	}
	name = path
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		name, rest = path[:i], path[i:]
	}
	return c.keyOf(name), name, rest, true
}

// keyOf is the number of an object that the present method makes or changes.
func (c *call) keyOf(name []byte) uint64 {
	h := protocols.NameID(name)
	for _, b := range c.word {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return max(h, 1)
}

func (jmap) response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	switch {
	case is(c.op, "session"):
		c.set.session.visit(c, what, path, value)
		if what == scan.Text && string(path) == "/username" && len(c.user) == 0 {
			c.user = keep(c.user, value, maxName)
		}
		return nil
	case is(c.op, "upload"):
		if what == scan.Text && string(path) == "/blobId" {
			c.uploadedBlob(value)
		}
		return nil
	}
	rest, in := c.method(what, path, value, responses)
	switch {
	case !in:
	case what == scan.Text && string(rest) == "/accountId":
		c.jmapAccount(value)
	case is(c.word, "Email/get"):
		c.jmapMessage(what, path, rest, value, size)
	case is(c.word, "Blob/get"):
		c.jmapOctets(what, path, rest, value, size)
	case is(c.word, "Email/set", "Email/import"):
		c.jmapStored(what, rest, value)
	case is(c.word, "EmailSubmission/set", "SieveScript/set", "VacationResponse/set"):
		c.jmapSet(what, rest, value)
	case is(c.word, "SieveScript/get"):
		c.jmapScripts(what, rest, value)
	}
	return nil
}
