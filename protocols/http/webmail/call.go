package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// Bounds of a call.
const (
	maxItems      = 4096
	maxRules      = 32
	maxActions    = 32
	maxConditions = 16
	maxName       = 320
	maxRecipients = 256
)

// api is how one service is understood.
type api interface {
	// request and response are told what stands in the content.
	request(c *call, what token, path, value []byte, size uint64)
	response(c *call, what token, path, value []byte, size uint64)
}

// form is what content is read as.
type form uint8

const (
	unread form = iota
	asJSON
	asXML
	asWBXML
)

// call is one exchange with a service.
type call struct {
	set  *Set
	api  api
	name string // of the API
	op   []byte
	path []byte // of the URL
	form form

	agent, device, user, mailbox []byte

	json  jsonScanner
	xml   xmlScanner
	wbxml wbxmlScanner
	meets visitor // of the content that is being read

	status  int
	failed  bool // the service said no, whatever the status
	octets  uint64
	sent    bool // the whole request was seen
	items   []protocols.ReadItem
	more    bool // than are listed
	now     item
	rules   []rule
	rule    *rule // that is being read
	to      [][]byte
	subject []byte
	submits bool // the call sends mail
	file    []byte
	upload  bool
	whole   uint64 // hash of the message that the response is, where it is one by itself
	method  []byte // JMAP: of the batch that is being read
}

// item is the message that a response is just telling of.
type item struct {
	id    uint64
	whole bool
	size  uint64
	depth int // of the path at which it began; 0: none
	blob  uint64
}

// begin gets the call ready for another exchange.
func (c *call) begin(s *Set, a api, name string, r *Request) {
	*c = call{
		set: s, api: a, name: name, op: c.op[:0], path: c.path[:0], agent: c.agent[:0], device: c.device[:0], user: c.user[:0], mailbox: c.mailbox[:0],
		json: c.json, xml: c.xml, wbxml: c.wbxml, items: c.items[:0], rules: c.rules[:0], to: c.to[:0], subject: c.subject[:0], file: c.file[:0], method: c.method[:0],
	}
	c.agent = keep(c.agent, r.Header("user-agent"), 256)
	c.user = keep(c.user, r.User, maxName)
	c.read(formOf(r.Header("content-type")), c.requested)
}

func keep(dst, b []byte, n int) []byte { return append(dst[:0], b[:min(len(b), n)]...) }

func formOf(contentType []byte) form {
	low := bytes.ToLower(contentType)
	switch {
	case bytes.Contains(low, []byte("json")):
		return asJSON
	case bytes.Contains(low, []byte("wbxml")), bytes.Contains(low, []byte("vnd.ms-sync")):
		return asWBXML
	case bytes.Contains(low, []byte("xml")):
		return asXML
	case bytes.Contains(low, []byte("multipart/mixed")): // a batch: JSON between other lines
		return asJSON
	}
	return unread
}

// read makes the content that comes be read as f.
func (c *call) read(f form, v visitor) {
	c.form, c.meets = f, v
	switch f {
	case asJSON:
		c.json.reset(v)
	case asXML:
		c.xml.reset(v)
	case asWBXML:
		c.wbxml.reset(v)
	}
}

func (c *call) requested(what token, path, value []byte, size uint64) {
	c.api.request(c, what, path, value, size)
}

func (c *call) responded(what token, path, value []byte, size uint64) {
	c.api.response(c, what, path, value, size)
}

func (c *call) write(b []byte) {
	switch c.form {
	case asJSON:
		c.json.write(b)
	case asXML:
		c.xml.write(b)
	case asWBXML:
		c.wbxml.write(b)
	}
}

// RequestBody implements Call.
func (c *call) RequestBody(b []byte) {
	if c.upload {
		c.octets += uint64(len(b))
	}
	c.write(b)
}

// RequestEnd implements Call.
func (c *call) RequestEnd(whole bool) { c.sent = whole }

// Response implements Call.
func (c *call) Response(status int, header func(string) []byte) {
	c.status = status
	f := formOf(header("content-type"))
	if status >= 300 {
		f = unread
	}
	c.read(f, c.responded)
	if len(c.file) == 0 && c.name == "file" {
		c.file = keep(c.file, fileName(header("content-disposition")), 256)
	}
}

// ResponseBody implements Call.
func (c *call) ResponseBody(b []byte) {
	if !c.upload {
		c.octets += uint64(len(b))
	}
	c.write(b)
}

// accepted reports whether the service did what it was asked for.
func (c *call) accepted() bool { return c.status >= 200 && c.status < 300 && !c.failed }

func (c *call) outcome() protocols.Outcome {
	switch {
	case c.status == 0:
		return protocols.Unknown
	case c.accepted():
		return protocols.Accepted
	}
	return protocols.Rejected
}

// nameID is the number of a message's name in this API. The same message has other
// names in others.
func (c *call) nameID(name []byte) uint64 {
	h := protocols.NameID(name)
	for i := range len(c.name) {
		h = (h ^ uint64(c.name[i])) * 1099511628211
	}
	return max(h, 1)
}

// found begins an item of the response; depth is that of its path.
func (c *call) found(path []byte) {
	c.now = item{depth: len(path) + 1}
}

// done ends it.
func (c *call) done(path []byte) {
	if c.now.depth != len(path)+1 {
		return
	}
	c.add(c.now.id, c.now.whole, c.now.size)
	if c.now.blob != 0 && c.now.id != 0 {
		c.set.named(c.now.blob, c.now.id)
	}
	c.now = item{}
}

func (c *call) add(id uint64, whole bool, size uint64) {
	if id == 0 {
		return
	}
	if len(c.items) == maxItems {
		c.more = true
		return
	}
	it := protocols.ReadItem{Kind: protocols.ReadHeaders, ID: id, Items: 1, Bytes: size}
	if whole {
		it.Kind = protocols.ReadWhole
	}
	c.items = append(c.items, it)
}

// End implements Call.
func (c *call) End(t int64, out protocols.Sink, whole bool) {
	defer c.set.putCall(c)
	if len(c.user) > 0 {
		out.SetAccount(c.user)
	}
	if c.whole != 0 && c.accepted() {
		c.add(c.whole, true, c.octets)
	}
	confidence := protocols.Exact
	if !whole || !c.sent || c.more {
		confidence = protocols.LowerBound
	}
	e := out.MailOperation(t)
	e.API, e.Operation, e.Mailbox = c.name, out.Copy(c.op), out.Copy(c.mailbox)
	e.Outcome, e.Code, e.Bytes, e.Confidence = c.outcome(), uint16(c.status), c.octets, confidence
	e.UserAgent, e.DeviceID, e.Name, e.Upload = out.Copy(c.agent), out.Copy(c.device), out.Copy(c.file), c.upload
	for i := range c.items {
		if c.items[i].Kind == protocols.ReadWhole {
			e.Items++
		}
	}
	if len(c.items) > 0 {
		r := out.MailboxRead(t)
		r.Command, r.Mailbox, r.Confidence = c.name, out.Copy(c.mailbox), confidence
		r.Items = append(r.Items, c.items...)
	}
	for i := range c.rules {
		c.tellRule(t, out, &c.rules[i], confidence)
	}
	if c.submits && len(c.to) > 0 {
		c.tellMessage(t, out, confidence)
	}
}

// tellMessage reports mail that the service was asked to send.
func (c *call) tellMessage(t int64, out protocols.Sink, confidence protocols.Confidence) {
	m := out.Message(t)
	m.Outcome, m.Code, m.Started, m.Confidence = c.outcome(), uint16(c.status), t, confidence
	m.From = out.Copy(c.user)
	for _, a := range c.to {
		m.Recipients = append(m.Recipients, protocols.Recipient{Address: out.Copy(a), Outcome: m.Outcome})
		if m.Outcome == protocols.Accepted {
			m.RecipientsAccepted++
		} else if m.Outcome == protocols.Rejected {
			m.RecipientsRejected++
		}
	}
	if len(c.subject) > 0 {
		m.Facts.HeadersSeen, m.Facts.Subject = true, out.Copy(c.subject)
	}
}

// recipient notes whom mail is sent to.
func (c *call) recipient(a []byte) {
	a = bytes.TrimSpace(a)
	if bytes.IndexByte(a, '@') > 0 && len(a) <= maxName && len(c.to) < maxRecipients {
		c.to = append(c.to, bytes.Clone(a))
	}
}
