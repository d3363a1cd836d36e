package smtp

import (
	"mailsensor/protocols"
	"mailsensor/protocols/line"
	"mailsensor/protocols/sasl"
)

// login is the AUTH exchange that is going on.
type login struct {
	exchange sasl.Exchange
	lost     bool // server bytes were lost meanwhile
}

func (p *parser) loginOpen() bool { return p.login != nil }

// authCommand begins an exchange (RFC 4954, section 4).
func (p *parser) authCommand(t int64, arg []byte) {
	mechanism, initial := line.Word(arg)
	if len(mechanism) == 0 {
		p.enqueue(entry{kind: other})
		return
	}
	p.endLogin(t, 0)
	p.login = p.stock.login()
	p.login.exchange.Start(mechanism, initial, len(initial) > 0)
	p.enqueue(entry{kind: auth})
}

// authResponse takes the client's next message of the exchange.
func (p *parser) authResponse(t int64, text []byte) {
	p.mode = commands
	p.makeWay(t)
	if p.loginOpen() {
		p.login.exchange.Client(text)
	}
	p.enqueue(entry{kind: auth})
}

// authReply is the reply to AUTH or to a response.
func (p *parser) authReply(t int64, code uint16, text []byte) {
	switch {
	case code == 0 || !p.loginOpen():
	case code == 334:
		p.login.exchange.Server(text)
		if p.mode == commands {
			p.mode = response
		}
	default:
		p.endLogin(t, code)
	}
}

// endLogin reports the exchange, if one is open. Code 0: no reply decided it.
func (p *parser) endLogin(t int64, code uint16) {
	if !p.loginOpen() {
		return
	}
	if p.mode == response {
		p.mode = commands
	}
	x := &p.login.exchange
	if positive(code) {
		p.out.SetAccount(x.Account())
	}
	e := p.out.Login(t)
	e.Mechanism, e.Code = x.Mechanism(), code
	e.User, e.AuthorizeAs = p.out.Copy(x.User()), p.out.Copy(x.AuthorizeAs())
	e.Domain, e.Workstation = p.out.Copy(x.Domain()), p.out.Copy(x.Workstation())
	switch {
	case positive(code):
		e.Outcome = protocols.Accepted
	case code == 0 && (!p.heard || p.login.lost):
		e.Outcome = protocols.Unknown
	case code == 0 || x.Cancelled():
		e.Outcome = protocols.Unfinished
	default:
		e.Outcome = protocols.Rejected
	}
	if p.login.lost {
		e.Confidence = protocols.LowerBound
	}
	p.dropLogin()
}

func (p *parser) dropLogin() {
	if p.login != nil {
		p.stock.putLogin(p.login)
		p.login = nil
	}
}
