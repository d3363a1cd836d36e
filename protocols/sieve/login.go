package sieve

import "mailsensor/protocols"

// authArgument takes an argument of AUTHENTICATE: the mechanism, or the initial
// response (RFC 5804, section 2.1).
func (p *parser) authArgument(c *command) {
	switch c.args {
	case 0:
		p.startLogin(p.cli.arg)
	case 1:
		if p.auth && !p.cli.argLost {
			p.login.Client(p.cli.arg)
		}
		clear(p.cli.arg)
	}
}

func (p *parser) startLogin(mechanism []byte) {
	p.endLogin(protocols.Unfinished)
	p.login.Start(mechanism, nil, false)
	p.auth, p.loginLost = true, p.cli.argLost
}

// endLogin reports the exchange, if one goes on.
func (p *parser) endLogin(o protocols.Outcome) {
	if !p.auth {
		return
	}
	switch {
	case o == protocols.Rejected && p.login.Cancelled():
		o = protocols.Unfinished
	case o == protocols.Unfinished && (p.loginLost || !p.heard):
		o = protocols.Unknown
	}
	if o == protocols.Accepted {
		p.out.SetAccount(p.login.Account())
		p.forget()
		p.again = true // a security layer lets the server list its capabilities again
	}
	e := p.out.Login(p.now)
	e.Mechanism, e.Outcome = p.login.Mechanism(), o
	if e.Mechanism == "" {
		e.Mechanism = "OTHER"
	}
	e.User, e.AuthorizeAs = p.out.Copy(p.login.User()), p.out.Copy(p.login.AuthorizeAs())
	e.Domain, e.Workstation = p.out.Copy(p.login.Domain()), p.out.Copy(p.login.Workstation())
	if p.loginLost {
		e.Confidence = protocols.LowerBound
	}
	p.auth, p.loginLost = false, false
	p.login.Reset()
}

// forget drops what is known of the scripts of whoever was logged in.
func (p *parser) forget() { p.active, p.activeKnown = p.active[:0], false }
