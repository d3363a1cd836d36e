package pop3

import (
	"bytes"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// server takes bytes of the server outside of message content: one line.
func (p *parser) server(t int64, b []byte) (n int, act protocols.Action) {
	p.heard = true
	switch p.tls { // the client has to begin TLS (RFC 2595, section 4)
	case begunTLS:
		p.out.Anomaly(t, "pop3_starttls_injection", nil)
		p.tls = spoiltTLS
		return len(b), protocols.Continue
	case spoiltTLS:
		return len(b), protocols.Continue
	}
	text, n, end := p.lines[capture.ToClient].Next(b)
	switch end {
	case line.Wait:
		return 0, protocols.Continue
	case line.Skipped, line.LastSkipped:
		if p.state == torn {
			p.block.Octets += uint64(n)
		}
		return n, protocols.Continue
	}
	if p.state == torn || p.state == listing && p.damaged {
		if (isOK(text) || isErr(text)) && (len(p.queue) > 0 || !p.spoke) {
			p.interrupt(t)
		}
	}
	switch p.state {
	case listing:
		p.listLine(t, text)
		return n, protocols.Continue
	case torn:
		p.tornLine(t, text, n)
		return n, protocols.Continue
	}
	return n, p.status(t, text)
}

// interrupt ends a response whose end was lost.
func (p *parser) interrupt(t int64) {
	switch p.state {
	case torn:
		p.block.Octets -= min(p.block.Octets, uint64(len(".\r\n")))
		p.endContent(t)
	case listing:
		p.state = statuses
	}
}

func isOK(b []byte) bool  { return len(b) >= 3 && b[0] == '+' && line.HasPrefixFold(b[1:], "OK") }
func isErr(b []byte) bool { return len(b) >= 4 && b[0] == '-' && line.HasPrefixFold(b[1:], "ERR") }

// status takes a status line (RFC 1939, section 3), or a challenge (RFC 5034,
// section 4).
func (p *parser) status(t int64, text []byte) protocols.Action {
	ok := isOK(text)
	switch {
	case ok || isErr(text):
	case len(text) > 0 && text[0] == '+' && p.sasl:
		p.pop(auth)
		p.login.Server(line.Trim(text[1:]))
		p.challenged = true
		return protocols.Continue
	case p.lost[capture.ToClient] || p.unheard:
		p.body(t, text)
		return protocols.Continue
	default:
		p.tell(t, toldBadResponse, "pop3_bad_response")
		return protocols.Continue
	}
	p.lost[capture.ToClient] = false
	if p.greeting {
		p.greeting = false
		return protocols.Continue
	}
	c, found := p.next()
	if !found {
		p.unanswered(t, ok)
		return protocols.Continue
	}
	return p.answer(t, c, ok, text)
}

// next is the command that a status line answers: the first one in flight.
func (p *parser) next() (c command, found bool) {
	if len(p.queue) == 0 {
		return command{}, false
	}
	c = p.queue[0]
	p.queue = p.queue[:copy(p.queue, p.queue[1:])]
	return c, true
}

// pop takes the first command in flight if it is a v.
func (p *parser) pop(v verb) {
	if len(p.queue) > 0 && p.queue[0].verb == v {
		p.queue = p.queue[:copy(p.queue, p.queue[1:])]
	}
}

// unanswered is about a status line that answers no command that was seen.
func (p *parser) unanswered(t int64, ok bool) {
	if p.spoke && !p.torn && !p.joined {
		p.tell(t, toldResponse, "pop3_unexpected_response")
		return
	}
	p.unheard = ok // what follows may be the content that nobody was seen to ask for
}

// answer takes the server's word on a command.
func (p *parser) answer(t int64, c command, ok bool, text []byte) protocols.Action {
	switch c.verb {
	case pass, apop, auth:
		p.decided(t, ok)
	case user:
		if !ok {
			p.decided(t, false)
		}
	case stat, listOne, uidlOne:
		if ok {
			p.one(t, c.verb, line.TrimLeft(text[3:]))
		}
	case dele:
		if ok {
			p.mark(c.n)
		}
	case rset:
		if ok {
			p.deleted = p.deleted[:0]
			p.unmarked = 0
		}
	case quit:
		if ok {
			p.commit(t)
		}
	case stls:
		return p.starttls(t, ok)
	}
	if ok && c.verb.multiline() {
		p.enter(c)
	}
	return protocols.Continue
}

// one takes what STAT, LIST n and UIDL n tell.
func (p *parser) one(t int64, v verb, text []byte) {
	n, rest, ok := line.Number(text)
	if !ok || n > maxMessages {
		return
	}
	switch v {
	case stat:
		p.exists = uint32(n)
	case uidlOne:
		p.name(t, uint32(n), line.Trim(rest))
	}
}

// maxMessages is beyond any mailbox: what is larger is no number of a message.
const maxMessages = 1 << 31

// enter begins a multi-line response.
func (p *parser) enter(c command) {
	p.now = c
	p.found = 0
	p.damaged = c.lost
	switch c.verb {
	case retr, top:
		p.state = content
		p.block.Reset()
		p.top.reset()
	default:
		p.state = listing
	}
}

// listLine takes a line of LIST, UIDL, CAPA and the like.
func (p *parser) listLine(t int64, text []byte) {
	if len(text) == 1 && text[0] == '.' {
		p.endListing()
		return
	}
	if p.now.verb == capa {
		if line.Overwritten(line.Trim(text), "STLS") {
			p.tell(t, toldStripped, "pop3_starttls_stripped")
		}
		return
	}
	n, rest, ok := line.Number(text)
	if !ok || n == 0 || n > maxMessages {
		return
	}
	switch p.now.verb {
	case uidl:
		p.found++
		p.name(t, uint32(n), line.Trim(rest))
	case list:
		p.found++
	}
}

func (p *parser) endListing() {
	if p.now.verb == list || p.now.verb == uidl {
		if !p.damaged {
			p.exists = p.found + uint32(len(p.deleted)) // those marked are listed no more
		}
	}
	p.state = statuses
}

// starttls is the answer to STLS.
func (p *parser) starttls(t int64, ok bool) protocols.Action {
	if !ok {
		p.out.Anomaly(t, "pop3_starttls_refused", nil)
		p.tls, p.injected = noTLS, false
		return protocols.Continue
	}
	if p.injected {
		p.out.Anomaly(t, "pop3_starttls_injection", nil)
	}
	p.endLogin(t, protocols.Unfinished)
	p.out.SetAccount(nil)
	p.forget()
	p.queue = p.queue[:0]
	p.tls, p.injected = begunTLS, false
	return protocols.StartTLS
}

// body takes a line that can only stand in a multi-line response whose status
// line was lost, or whose command was.
func (p *parser) body(t int64, text []byte) {
	c := command{verb: lines}
	switch {
	case p.lost[capture.ToClient] && len(p.queue) > 0:
		for len(p.queue) > 1 && !p.queue[0].verb.multiline() {
			p.drop(t)
		}
		if !p.queue[0].verb.multiline() {
			return
		}
		c, _ = p.next()
	case p.unheard && isHeader(text):
		c = command{verb: retr}
	case p.unheard:
	default:
		return
	}
	damaged := p.lost[capture.ToClient]
	p.unheard, p.lost[capture.ToClient] = false, false
	p.enter(c)
	p.damaged = damaged
	switch p.state {
	case listing:
		p.listLine(t, text)
	case content:
		p.content(t, text)
		p.content(t, newline)
	}
}

// isHeader reports whether a line looks like one of a message's header.
func isHeader(b []byte) bool {
	i := bytes.IndexByte(b, ':')
	return i > 0 && !bytes.ContainsAny(b[:i], " \t")
}
