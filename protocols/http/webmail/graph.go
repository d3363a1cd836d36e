package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// Microsoft Graph, v1.0 and beta: messages of a user or of a folder, one by one, as
// MIME ($value), in lists, changes (delta) and batches; attachments; rules of a
// mailbox, its settings; mail that is stored, sent and forwarded.
type graph struct{}

func (s *Set) graph(r *Request, path []byte) *call {
	var room [maxSegments][]byte
	parts := segments(path, &room)
	c := s.call()
	c.begin(s, graph{}, "graph", r)
	if len(parts) == 2 && is(parts[1], "$batch") {
		c.operation("$batch")
		c.several = true
		c.reads(r, asJSON)
		return c
	}
	p, ok := c.graphPlan(r.Method, parts[1:])
	if !ok {
		s.putCall(c)
		return nil
	}
	c.graphAsk(0, &p)
	if p.rule != "" {
		c.newRule(p.rule)
	}
	if p.mail != noMail {
		c.newMail(p.mail == sentMail)
	}
	c.graphFill(&p)
	if c.reads(r, asJSON); p.mail == sentMail && c.form == unread { // MIME in base64 (text/plain)
		c.as(asOther, nil)
		c.other = (*call).graphMIME
		c.encoded(c.mailing())
	}
	return c
}

func (c *call) graphMIME(b []byte) {
	if m := c.mailing(); m != nil && m.content != nil && !c.replied {
		m.content.base64.Take(b)
	}
}

// plan is what a request of Graph asks for.
type plan struct {
	op      string
	kind    kind
	message uint64
	rule    string // the command that makes one; "": none
	name    []byte // of the rule
	removed bool
	maybe   bool // whether it makes a rule its content says
	mail    mailPlan
}

type mailPlan uint8

const (
	noMail mailPlan = iota
	draftMail
	sentMail
)

// graphPlan finds what is asked for; false: nothing about mail.
func (c *call) graphPlan(method []byte, parts [][]byte) (p plan, ok bool) {
	switch {
	case len(parts) > 1 && is(parts[0], "me"):
		parts = parts[1:]
	case len(parts) == 2 && is(parts[0], "search") && is(parts[1], "query"):
		p.op, p.kind = "search.query", messages
		return p, true
	case len(parts) > 4 && is(parts[0], "admin") && is(parts[2], "mailboxes"):
		if p.op = "mailboxes"; is(parts[4], "exportItems") {
			p.op, p.kind = "mailboxes.exportItems", messages
		}
		return p, true
	case len(parts) > 2 && is(parts[0], "users"):
		c.someoneElse(unquoted(parts[1]))
		parts = parts[2:]
	default:
		return p, false
	}
	folders := false
	for len(parts) > 2 && is(parts[0], "mailFolders", "childFolders") {
		parts, folders = parts[2:], true
	}
	switch {
	case is(parts[0], "messages"):
		c.graphMessages(&p, method, parts)
	case is(parts[0], "messageRules") && folders:
		p.rules(method, parts)
	case is(parts[0], "sendMail"):
		p.op, p.mail = "sendMail", sentMail
	case is(parts[0], "mailboxSettings"):
		if p.op = "mailboxSettings.get"; is(method, "PATCH") {
			p.op, p.rule, p.maybe = "mailboxSettings.update", "mailboxSettings.update", true
		}
	case is(parts[0], "mailFolders", "childFolders"), folders:
		if p.op = "mailFolders"; is(method, "GET") {
			p.kind = inFolders // $expand=messages
		}
	case is(parts[0], "inferenceClassification"):
		p.op = "inferenceClassification"
	default:
		return p, false
	}
	return p, true
}

var graphRuleVerbs = map[string]string{"POST": "messageRules.create", "PATCH": "messageRules.update", "PUT": "messageRules.update", "DELETE": "messageRules.delete"}

func (p *plan) rules(method []byte, parts [][]byte) {
	if len(parts) > 1 {
		p.name = unquoted(parts[1])
	}
	if p.rule = graphRuleVerbs[string(method)]; p.rule != "" {
		p.op, p.removed = p.rule, is(method, "DELETE")
		return
	}
	if p.op, p.kind = "messageRules.list", ruleList; len(parts) > 1 {
		p.op = "messageRules.get"
	}
}

var graphVerbs = map[string]string{"POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}

// graphActions are what is done with one message, and what that makes.
var graphActions = []struct {
	name string
	mail mailPlan
}{
	{"send", sentMail}, {"reply", sentMail}, {"replyAll", sentMail}, {"forward", sentMail},
	{"createForward", draftMail}, {"createReply", draftMail}, {"createReplyAll", draftMail},
	{"copy", noMail}, {"move", noMail}, {"permanentDelete", noMail},
}

func (c *call) graphMessages(p *plan, method []byte, parts [][]byte) {
	get := is(method, "GET")
	if len(parts) > 1 {
		p.message = c.nameID(unquoted(parts[1]))
	}
	switch {
	case len(parts) == 1 && get:
		p.op, p.kind = "messages.list", messages
	case len(parts) == 1:
		p.op, p.mail, p.kind = "messages.create", draftMail, newDraft
	case is(parts[1], "delta", "microsoft.graph.delta", "delta()", "microsoft.graph.delta()"):
		p.op, p.kind = "messages.delta", messages
	case is(parts[1], "$count"):
		p.op = "messages.count"
	case len(parts) == 2 && get:
		p.op, p.kind = "messages.get", messages
	case len(parts) == 2:
		if p.op = "messages." + graphVerbs[string(method)]; is(method, "PATCH") {
			p.mail, p.kind = draftMail, newDraft // if it is one: who gets it is often said only now
		}
	case is(parts[2], "$value"):
		p.op, p.kind = "messages.$value", whole
	case is(parts[2], "attachments"):
		if p.op = "attachments." + graphVerbs[string(method)]; get {
			p.op, p.kind = "attachments.get", attachment
		}
	default:
		p.op = "messages"
		name := bytes.TrimPrefix(parts[2], []byte("microsoft.graph."))
		for _, a := range graphActions {
			if is(name, a.name) {
				if p.op, p.mail = "messages."+a.name, a.mail; a.mail == draftMail {
					p.kind = newDraft
				}
			}
		}
	}
}

func (c *call) graphAsk(id uint64, p *plan) {
	c.operation(p.op)
	if a := c.asked(id, p.kind); a != nil {
		a.message = p.message
	}
}

// graphFill completes the rule and the message that a request makes.
func (c *call) graphFill(p *plan) {
	if r := c.ruling(); r != nil {
		r.command, r.removed, r.sure = p.rule, p.removed, !p.maybe || len(r.actions) > 0
		r.created = p.rule == "messageRules.create"
		r.idle = p.rule == "messageRules.update" // until it is said
		if len(r.name) == 0 {
			r.name = keep(r.name, p.name, maxName)
		}
	}
	if m := c.mailing(); m != nil {
		if m.sent = p.mail == sentMail; p.op == "messages.send" {
			c.set.take(p.message, m)
		}
	}
}

func (graph) request(c *call, what scan.Token, path, value []byte, size uint64) scan.Taker {
	const one = "/requests/[]"
	if is(c.op, "search.query") {
		if what == scan.Text && string(path) == one+"/entityTypes/[]" && is(value, "message") {
			c.mark = searchesMail
		}
		return nil
	}
	if !bytes.HasPrefix(path, []byte(one)) {
		c.graphBody(what, path, value, size)
		return nil
	}
	rest := path[len(one):]
	switch {
	case what == scan.Open && len(rest) == 0:
		c.batch.next()
		c.ask = -1
		c.newRule("") // until it is known what the request is, it may be either
		c.newMail(false)
	case what == scan.Close && len(rest) == 0:
		c.graphPart()
	case bytes.HasPrefix(rest, []byte("/body")):
		c.graphBody(what, rest[len("/body"):], value, size)
	case what != scan.Text:
	case string(rest) == "/id":
		c.batch.id = protocols.NameID(value)
	case string(rest) == "/method":
		c.batch.method = keep(c.batch.method, value, 16)
	case string(rest) == "/url":
		c.batch.url = keep(c.batch.url, value, 1<<10)
	}
	return nil
}

// searchesMail marks a search that is for messages, too.
const searchesMail = 1

// graphPart ends a request of a batch: its method and URL may come last.
func (c *call) graphPart() {
	var room [maxSegments][]byte
	path, _, _ := bytes.Cut(c.batch.url, []byte{'?'})
	c.owner = 0
	p, ok := c.graphPlan(c.batch.method, segments(path, &room))
	rule, mail := c.rule, c.mail
	if !ok || p.rule == "" {
		c.dropRule()
		rule = -1
	}
	if !ok || p.mail == noMail {
		c.dropMail()
		mail = -1
	}
	if !ok {
		p.op = "other"
	}
	c.graphAsk(c.batch.id, &p)
	if a := c.current(); a != nil {
		if a.mail = mail; mail >= 0 {
			c.mails[mail].owner = c.owner
		}
		if rule >= 0 {
			a.rules = [2]int{rule, rule + 1}
			c.rules[rule].owner = c.owner
		}
	}
	c.graphFill(&p)
	c.rule, c.mail, c.ask = -1, -1, -1
}

// graphBody takes the content of a request.
func (c *call) graphBody(what scan.Token, path, value []byte, size uint64) {
	if m := c.mailing(); m != nil {
		m.json(what, path, value, size)
	}
	if c.rule < 0 || what != scan.Text {
		return
	}
	if is(last(path), "status") && is(parent(path), "automaticRepliesSetting") {
		r := c.ruling()
		r.act(protocols.ActionReply, nil)
		r.sure, r.enabled = true, tristate(!is(value, "disabled"))
		return
	}
	c.rulePart(path, value)
}
