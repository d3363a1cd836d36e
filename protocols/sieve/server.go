package sieve

import (
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// result is what a response says (RFC 5804, section 1.2).
type result uint8

const (
	none result = iota
	replyOK
	replyNO
	replyBYE
)

// server is where the server's side stands in its line and response.
type server struct {
	started bool
	first   bool   // the first string of the line is being read
	result  result // of the line
	strings int    // of the line
	inCode  bool   // within the parentheses of a response code
	code    []byte // the first word in them
	text    []byte // the first string of the line
	marked  bool   // ACTIVE stands behind it
	torn    bool   // octets were lost: only a line that is certain counts

	capabilities bool // of the response: it lists capabilities
	overwritten  bool // one of its lines may be what is left of STARTTLS
	listed       bool // an active script was listed
	holed        bool // octets of the response were lost
}

func (s *server) newLine() {
	s.started, s.first, s.result, s.strings, s.inCode, s.marked = false, false, none, 0, false, false
	s.text, s.code = s.text[:0], s.code[:0]
}

// server takes a token of the server.
func (p *parser) server(tok token, text []byte) protocols.Action {
	p.heard = true
	s := &p.srv
	switch tok {
	case word:
		p.serverWord(text)
	case open:
		s.inCode = true
	case shut:
		s.inCode = false
	case begin:
		s.first = !s.started
		s.started = true
		s.strings++
		if s.first && p.downloads() {
			p.read(&p.queue[0])
		}
	case data, end:
		p.serverString(text)
		if c := p.reading(); tok == end && c != nil && s.first {
			c.reader.End()
		}
		if tok == end {
			s.first = false
		}
	case eol:
		return p.serverLine()
	case bad:
		p.tell(toldLiteral, "sieve_bad_literal")
		p.lex[1].skip = true
	}
	return protocols.Continue
}

// downloads reports whether a string that begins a line is a script.
func (p *parser) downloads() bool {
	return len(p.queue) > 0 && p.queue[0].verb == getscript && !p.blurred && p.queue[0].reader == nil
}

// reading is the command whose script the server sends.
func (p *parser) reading() *command {
	if len(p.queue) == 0 || p.queue[0].verb != getscript || p.queue[0].reader == nil {
		return nil
	}
	return &p.queue[0]
}

func (p *parser) serverString(text []byte) {
	s := &p.srv
	if !s.first {
		return
	}
	if c := p.reading(); c != nil {
		c.reader.Write(text)
		return
	}
	s.text = append(s.text, text[:min(len(text), maxText-len(s.text))]...)
}

func (p *parser) serverWord(text []byte) {
	s := &p.srv
	switch {
	case s.inCode:
		if len(s.code) == 0 {
			s.code = append(s.code, text...)
		}
	case s.started:
		s.marked = s.marked || s.strings == 1 && line.EqualFold(text, "ACTIVE")
	default:
		s.started = true
		switch {
		case line.EqualFold(text, "OK"):
			s.result = replyOK
		case line.EqualFold(text, "NO"):
			s.result = replyNO
		case line.EqualFold(text, "BYE"):
			s.result = replyBYE
		default:
			p.lex[1].skip = true
			if !s.torn {
				p.tell(toldBadResponse, "sieve_bad_response")
			}
		}
	}
}

// serverLine ends a line of the server.
func (p *parser) serverLine() (act protocols.Action) {
	s := &p.srv
	switch {
	case s.result != none:
		s.torn = false
		if s.capabilities && s.overwritten {
			p.tell(toldStripped, "sieve_starttls_stripped")
		}
		act = p.respond(s.result, s.code)
		s.capabilities, s.overwritten, s.listed, s.holed = false, false, false, false
	case s.strings > 0:
		p.dataLine()
	}
	s.newLine()
	return act
}

// dataLine takes a line that begins with a string.
func (p *parser) dataLine() {
	s := &p.srv
	if isCapability(s.text) && (p.greeting || p.again || len(p.queue) == 0 || p.queue[0].verb == capability) {
		s.capabilities = true
	}
	s.overwritten = s.overwritten || line.Overwritten(s.text, "STARTTLS")
	if p.tls == begunTLS && !s.capabilities {
		p.injection()
	}
	if s.capabilities || p.blurred {
		return
	}
	switch {
	case len(p.queue) > 0 && p.queue[0].verb == listscripts, len(p.queue) == 0 && s.marked:
		p.listed(s.text, s.marked)
	case p.auth && len(p.queue) > 0 && p.queue[0].verb == authenticate:
		p.login.Server(s.text)
	case s.torn, p.joined, !p.spoke, p.loose():
	case len(p.queue) > 0 && (p.queue[0].verb == getscript || p.queue[0].verb == capability):
	default:
		p.tell(toldBadResponse, "sieve_bad_response")
	}
}

// loose reports whether the command that the server answers may not have been seen.
func (p *parser) loose() bool { return len(p.queue) == 0 || p.queue[0].verb == lost }

// isCapability reports whether a string is the name of a capability that every
// server lists (RFC 5804, section 1.7), or of another one.
func isCapability(text []byte) bool {
	for _, name := range [...]string{"IMPLEMENTATION", "SIEVE", "SASL", "VERSION", "NOTIFY", "STARTTLS", "LANGUAGE", "MAXREDIRECTS", "OWNER", "UNAUTHENTICATE", "RENAME", "NOOP", "XOAUTH"} {
		if line.EqualFold(text, name) {
			return true
		}
	}
	return false
}

// respond takes the line that ends a response.
func (p *parser) respond(r result, code []byte) protocols.Action {
	s := &p.srv
	unasked := s.capabilities && (len(p.queue) == 0 || p.queue[0].verb != capability)
	greeting := p.greeting && (s.capabilities || r != replyOK) // an OK without them answers a command: the greeting is lost
	p.greeting = false
	switch {
	case greeting:
		return protocols.Continue
	case unasked:
		p.again = false
		if p.tls == begunTLS { // only within TLS are they listed again: the mirror was decrypted
			p.tls = noTLS
		}
		return protocols.Continue
	case p.tls >= begunTLS:
		if p.tls == begunTLS {
			p.injection()
		}
		return protocols.Continue
	case len(p.queue) > 0 && p.queue[0].verb == lost, p.blurred:
		return protocols.Continue
	case len(p.queue) == 0:
		p.unanswered(r)
		return protocols.Continue
	case p.queue[0].lost && p.queue[0].verb != starttls: // it may have been answered in what is lost, and another command be lost as well
		p.flush(protocols.Unknown)
		return protocols.Continue
	}
	return p.answer(r, code)
}

// injection reports text behind the OK to STARTTLS, before TLS began.
func (p *parser) injection() {
	p.out.Anomaly(p.now, "sieve_starttls_injection", nil)
	p.tls = spoiltTLS
}

// unanswered is about a response to no command that was seen. It may come before
// its command where a capture is out of order.
func (p *parser) unanswered(r result) {
	switch {
	case r == replyBYE, !p.spoke, p.joined, p.cli.torn, p.srv.holed, p.srv.capabilities:
	case len(p.early) == maxEarly:
		p.tell(toldResponse, "sieve_unexpected_response")
	default:
		p.early = append(p.early, r)
	}
}

// answer ends the first command in flight.
func (p *parser) answer(r result, code []byte) (act protocols.Action) {
	c := &p.queue[0]
	o := protocols.Rejected
	if r == replyOK {
		o = protocols.Accepted
	}
	v := c.verb
	p.finish(c, o, code)
	p.pop()
	switch {
	case v == starttls:
		act = p.startTLS(o)
	case r == replyBYE:
		p.flush(protocols.Unfinished)
	}
	return act
}

// startTLS is the answer to STARTTLS.
func (p *parser) startTLS(o protocols.Outcome) protocols.Action {
	injected := p.injected
	p.injected = false
	if o != protocols.Accepted {
		p.out.Anomaly(p.now, "sieve_starttls_refused", nil)
		p.tls = noTLS
		return protocols.Continue
	}
	if injected {
		p.out.Anomaly(p.now, "sieve_starttls_injection", nil)
	}
	p.endLogin(protocols.Unfinished)
	p.out.SetAccount(nil)
	p.forget()
	p.flush(protocols.Unfinished)
	p.tls, p.again = begunTLS, true
	return protocols.StartTLS
}

// serverGap is told of lost octets: within a string, or anywhere.
func (p *parser) serverGap(within bool) {
	if c := p.reading(); c != nil && p.srv.first {
		c.reader.Gap()
	}
	p.srv.holed = true
	if within {
		return
	}
	p.srv.newLine()
	p.srv.torn, p.greeting = true, false
	switch {
	case len(p.queue) == 0:
	case len(p.queue) == 1 && !p.pipelined:
		p.queue[0].lost = true
	default:
		p.flush(protocols.Unknown)
		p.blurred = true
	}
}
