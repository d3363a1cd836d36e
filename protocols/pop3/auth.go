package pop3

import "mailsensor/protocols"

// The exchange that is going on: USER and PASS, APOP, or AUTH.

func (p *parser) open() bool { return p.mechanism != "" }

func (p *parser) begin(mechanism string) {
	p.mechanism, p.sasl, p.challenged, p.loginLost = mechanism, false, false, false
	p.user = p.user[:0]
	if mechanism == "" { // a name that package sasl does not let pass
		p.mechanism = "UNKNOWN"
	}
}

func (p *parser) keepUser(name []byte) {
	p.user = append(p.user[:0], name[:min(len(name), maxUser)]...)
}

// endLogin reports the exchange, if one is open.
func (p *parser) endLogin(t int64, o protocols.Outcome) {
	if !p.open() {
		return
	}
	if o == protocols.Unfinished && (p.loginLost || !p.heard) {
		o = protocols.Unknown
	}
	name, as, account := p.user, []byte(nil), p.user
	if p.sasl {
		name, as, account = p.login.User(), p.login.AuthorizeAs(), p.login.Account()
	}
	if o == protocols.Accepted {
		p.out.SetAccount(account)
		p.forget()
	}
	e := p.out.Login(t)
	e.Mechanism, e.Outcome = p.mechanism, o
	e.User, e.AuthorizeAs = p.out.Copy(name), p.out.Copy(as)
	if p.sasl {
		e.Domain, e.Workstation = p.out.Copy(p.login.Domain()), p.out.Copy(p.login.Workstation())
	}
	if p.loginLost {
		e.Confidence = protocols.LowerBound
	}
	p.mechanism, p.sasl, p.challenged = "", false, false
	p.login.Reset()
}

// decided ends the exchange by the server's word.
func (p *parser) decided(t int64, ok bool) {
	o := protocols.Rejected
	switch {
	case ok:
		o = protocols.Accepted
	case p.sasl && p.login.Cancelled():
		o = protocols.Unfinished
	}
	p.endLogin(t, o)
}
