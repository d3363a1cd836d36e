package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// Bounds of a call. Each that is hit lowers the confidence of what the call tells.
const (
	maxItems      = 4096
	maxAsks       = 256 // requests within one
	maxRules      = 64
	maxParts      = 4096 // values of a rule
	maxActions    = 32
	maxConditions = 16
	maxMails      = 32
	maxRecipients = 256
	maxName       = 320
	maxOperation  = 256
)

// api is how one service is understood.
type api interface {
	// request and response are told what stands in the content. path is that within
	// the present part of a batch.
	request(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker
	response(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker
}

// silent is an API whose content says nothing.
type silent struct{}

func (silent) request(*call, scan.Token, []byte, []byte, uint64) scan.Taker  { return nil }
func (silent) response(*call, scan.Token, []byte, []byte, uint64) scan.Taker { return nil }

// form is what content is read as.
type form uint8

const (
	unread form = iota
	asJSON
	asXML
	asWBXML
	asParts // multipart: told to call.parts
	asMail  // a message, or what may be one
	asOther // told to call.other
)

// call is one exchange with a service.
type call struct {
	set     *Set
	api     api
	name    string // of the API
	op      []byte
	form    form
	replied bool // it is the response that is being read

	agent, device, user, mailbox, file []byte

	json  scan.JSON
	xml   scan.XML
	wbxml scan.WBXML
	parts scan.Parts
	other func(c *call, b []byte)

	status  int
	oks     int // single answers within the response that say yes
	noes    int // and that say no
	octets  uint64
	offset  uint64 // octets of the content that is being read
	sent    bool   // the whole request was seen
	upload  bool
	quiet   bool // nothing about mail, as far as is known
	more    bool // than is listed
	asks    []ask
	ask     int // the one that is being read; -1: none
	items   []protocols.ReadItem
	whose   []owner // of the items
	owners  [][]byte
	owner   owner // of the request that is being read
	several bool  // the requests of a batch are somebody's each
	now     item
	pieces  []uint64 // JMAP: blobs of its parts
	before  before   // JMAP
	rules   []rule
	rule    int // the one that is being read; -1: none
	mails   []mail
	mail    int    // the one that is being read; -1: none
	key     uint64 // API's own: of the part that is being read
	mark    int    // API's own
	word    []byte // API's own: of what is being read
	batch   batch
}

// begin gets the call ready for another exchange.
func (c *call) begin(s *Set, a api, name string, r *Request) {
	for i := range c.rules {
		c.rules[i].reset()
	}
	*c = call{
		set: s, api: a, name: name, op: c.op[:0], agent: c.agent[:0], device: c.device[:0], user: c.user[:0], mailbox: c.mailbox[:0], file: c.file[:0],
		json: c.json, xml: c.xml, wbxml: c.wbxml, parts: c.parts, asks: c.asks[:0], items: c.items[:0], whose: c.whose[:0], owners: c.owners[:0], rules: c.rules[:0], mails: c.mails[:0],
		word: c.word[:0], pieces: c.pieces[:0], batch: c.batch, ask: -1, rule: -1, mail: -1,
	}
	c.batch.reset()
	c.agent = keep(c.agent, r.Header("user-agent"), 256)
	c.user = keep(c.user, r.User, maxName)
}

// reads gets ready for the content of the request; as: what it is where its type says
// nothing.
func (c *call) reads(r *Request, as form) {
	kind := r.Header("content-type")
	c.read(kind)
	if c.form == unread && len(kind) == 0 {
		c.as(as, nil)
	}
}

func keep(dst, b []byte, n int) []byte { return append(dst[:0], b[:min(len(b), n)]...) }

// Visit implements scan.Visitor.
func (c *call) Visit(what scan.Token, path, value []byte, size uint64) scan.Taker {
	if c.replied {
		return c.api.response(c, what, path, value, size)
	}
	return c.api.request(c, what, path, value, size)
}

// read makes the content that comes be read as its type says.
func (c *call) read(contentType []byte) {
	c.offset = 0
	c.as(formOf(contentType), contentType)
}

func (c *call) as(f form, contentType []byte) {
	c.form = f
	switch f {
	case asJSON:
		c.json.Reset(c)
	case asXML:
		c.xml.Reset(c, namespaces)
	case asWBXML:
		c.wbxml.Reset(c)
	case asMail:
		if !c.replied {
			c.submitted(c.mailing())
		}
	case asParts:
		c.batch.reset()
		if !c.parts.Reset(c, contentType) {
			c.form = unread
		}
	}
}

func formOf(contentType []byte) form {
	kind, _, _ := bytes.Cut(contentType, []byte{';'})
	kind = bytes.TrimSpace(kind)
	switch {
	case hasFold(kind, "json"):
		return asJSON
	case hasFold(kind, "wbxml"), is(kind, "application/vnd.ms-sync"):
		return asWBXML
	case hasFold(kind, "xml"):
		return asXML
	case hasPrefix(kind, "multipart/"):
		return asParts
	case is(kind, "message/rfc822"):
		return asMail
	}
	return unread
}

func (c *call) write(b []byte) {
	c.offset += uint64(len(b))
	switch c.form {
	case asJSON:
		c.json.Write(b)
	case asXML:
		c.xml.Write(b)
	case asWBXML:
		c.wbxml.Write(b)
	case asParts:
		c.parts.Write(b)
	case asMail:
		if m := c.mailing(); m != nil && m.content != nil {
			m.content.Take(b)
		}
	case asOther:
		c.other(c, b)
	}
}

// RequestBody implements Call.
func (c *call) RequestBody(b []byte) {
	if c.upload && c.form != asParts {
		c.octets += uint64(len(b))
	}
	c.write(b)
}

// RequestEnd implements Call.
func (c *call) RequestEnd(whole bool) {
	c.sent = whole
	if whole && !c.replied && is(c.op, "search.query") && c.mark != searchesMail {
		c.quiet = true // for files, events …
	}
	if c.form == asParts {
		c.parts.End()
	}
	c.endContent(whole)
}

// Response implements Call.
func (c *call) Response(status int, header func(string) []byte) bool {
	c.status, c.replied, c.now = status, true, item{}
	c.rule, c.mail, c.ask = -1, -1, -1
	kind := header("content-type")
	c.read(kind)
	if status >= 300 {
		c.form = unread
	}
	c.word, c.mark = c.word[:0], 0
	c.answered(header, kind)
	if len(c.asks) == 1 && c.asks[0].id == 0 {
		c.ask = 0
	}
	return !c.quiet || c.form != unread
}

// answered lets APIs look at the fields of a response.
func (c *call) answered(header func(string) []byte, kind []byte) {
	switch c.name {
	case "file":
		c.arrives(header)
	case "mapi":
		c.as(asOther, nil)
		c.other = (*call).mapiPreamble
	case "activesync":
		if hasPrefix(kind, "application/vnd.ms-sync.multipart") {
			c.as(asOther, nil)
			c.wbxml.Reset(c)
			c.other = (*call).easParts
		}
	case "jmap":
		if a := c.first(); a != nil && is(c.op, "download") && a.kind == other && hasPrefix(kind, "message/rfc822") {
			a.kind = whole
		}
	}
	if v := header("x-responsecode"); c.name == "mapi" && len(v) > 0 {
		c.verdict(string(v) == "0")
	}
}

// ResponseBody implements Call.
func (c *call) ResponseBody(b []byte) {
	if !c.upload {
		c.octets += uint64(len(b))
	}
	c.write(b)
}

// Unread implements Call.
func (c *call) Unread(n int, request bool) {
	if c.upload == request {
		c.octets += uint64(n)
	}
}

// End implements Call.
func (c *call) End(t int64, out protocols.Sink, whole bool) {
	defer c.set.putCall(c)
	if c.quiet {
		return
	}
	c.endContent(whole)
	if c.form == asParts {
		c.parts.End()
	}
	c.byItself()
	c.alone()
	confidence := protocols.Exact
	if !whole || !c.sent || c.more {
		confidence = protocols.LowerBound
	}
	w := teller{c, t, out, confidence}
	w.operation()
	w.downloads()
	for i := range c.rules {
		w.rule(&c.rules[i])
	}
	for i := range c.mails {
		w.mail(&c.mails[i])
	}
}

// byItself notes what the response is as a whole.
func (c *call) byItself() {
	if len(c.asks) != 1 || !c.accepted() {
		return
	}
	switch a := &c.asks[0]; a.kind {
	case whole:
		c.add(item{id: a.message, level: protocols.ReadWhole, size: c.octets})
	case attachment:
		c.add(item{id: a.message, level: protocols.ReadPart, size: c.octets})
	}
}
