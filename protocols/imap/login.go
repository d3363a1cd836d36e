package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
	"mailsensor/protocols/sasl"
)

// startSASL begins what AUTHENTICATE asks for (RFC 9051, section 6.2.2).
func (p *parser) startSASL(text []byte) {
	if p.building() == nil {
		return
	}
	mechanism, initial := line.Word(line.Trim(text))
	if n := len(mechanism); n > 2 && mechanism[0] == '"' && mechanism[n-1] == '"' {
		mechanism = mechanism[1 : n-1]
	}
	if p.auth == nil {
		p.auth = p.pools.logins.Get().(*sasl.Exchange)
	}
	p.cut = false
	p.auth.Start(mechanism, initial, len(initial) > 0)
}

// endSASL reports the exchange of an AUTHENTICATE command that has ended.
func (p *parser) endSASL(outcome protocols.Outcome) {
	x := p.auth
	if x == nil { // what it asked for is lost
		e := p.out.Login(p.now)
		e.Mechanism, e.Outcome = "OTHER", outcome
		return
	}
	if outcome == protocols.Accepted {
		p.out.SetAccount(x.Account())
	}
	if x.Cancelled() && outcome != protocols.Accepted {
		outcome = protocols.Unfinished
	}
	e := p.out.Login(p.now)
	e.Mechanism, e.Outcome = x.Mechanism(), outcome
	e.User, e.AuthorizeAs = p.out.Copy(x.User()), p.out.Copy(x.AuthorizeAs())
	e.Domain, e.Workstation = p.out.Copy(x.Domain()), p.out.Copy(x.Workstation())
	x.Reset()
	p.pools.logins.Put(x)
	p.auth = nil
}

// endLogin reports a LOGIN command.
func (p *parser) endLogin(c *command, outcome protocols.Outcome) {
	user := c.arg(0)
	if bytes.ContainsAny(user, "\r\n") { // no name: the literal was not where it seemed to be
		user = nil
	}
	if outcome == protocols.Accepted {
		p.out.SetAccount(user)
	}
	e := p.out.Login(p.now)
	e.Mechanism, e.User, e.Outcome = "LOGIN", p.out.Copy(user), outcome
}
