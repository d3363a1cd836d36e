package sieve

import (
	"mailsensor/protocols"
)

// client is where the client's side stands in its line.
type client struct {
	started  bool // a token of the line was seen
	building bool // the last command in flight is being read
	response bool // the line is a message of the authentication exchange
	torn     bool // octets were lost: only a line that begins with a command counts
	arg      []byte
	argLost  bool
}

// client takes a token of the client.
func (p *parser) client(tok token, text []byte) protocols.Action {
	if tok != eol {
		p.spoke = true
	}
	switch tok {
	case word:
		p.clientWord(text)
	case begin:
		p.beginString()
	case data:
		p.stringData(text)
	case end:
		p.stringData(text)
		p.endString()
	case eol:
		return p.endLine()
	case bad:
		p.tell(toldLiteral, "sieve_bad_literal")
		p.lex[0].skip = true
	}
	return protocols.Continue
}

// clientWord is the name of a command, or an argument that should be a string.
func (p *parser) clientWord(text []byte) {
	if p.cli.started {
		if c := p.building(); c != nil && c.verb == authenticate { // some do not quote the mechanism
			p.beginString()
			p.stringData(text)
			p.endString()
		}
		return
	}
	p.cli.started = true
	v := verbOf(text)
	if v == unknown && p.auth && !p.cli.torn { // its next message, not quoted
		p.cli.response, p.cli.argLost = true, p.lex[0].long
		p.cli.arg = append(p.cli.arg[:0], text...)
		p.lex[0].skip = true
		return
	}
	if v == unknown {
		p.lex[0].skip = true
		if p.cli.torn {
			return
		}
		p.tell(toldCommand, "sieve_unknown_command")
	}
	p.cli.torn = false
	p.begin(v)
	p.cli.building = true
}

// building is the command whose arguments are read; nil: it was answered before
// its end.
func (p *parser) building() *command {
	if !p.cli.building || len(p.queue) == 0 {
		return nil
	}
	return &p.queue[len(p.queue)-1]
}

func (p *parser) beginString() {
	p.cli.arg, p.cli.argLost = p.cli.arg[:0], false
	if !p.cli.started {
		p.cli.started = true
		switch {
		case p.auth:
			p.cli.response = true
		case !p.lex[0].literal:
			p.clientOdd()
		}
		return
	}
	c := p.building()
	if c == nil {
		return
	}
	if c.verb == putscript && c.args == 1 || c.verb == checkscript && c.args == 0 {
		p.read(c)
	}
}

// clientOdd takes a line that begins with a string out of place.
func (p *parser) clientOdd() {
	if p.cli.torn {
		return
	}
	p.tell(toldCommand, "sieve_unknown_command")
	p.begin(unknown)
	p.cli.building = true
}

func (p *parser) stringData(text []byte) {
	c := p.building()
	switch {
	case p.cli.response:
		p.keep(text, maxResponse)
	case c == nil:
	case c.reader != nil:
		c.reader.Write(text)
	case c.verb == authenticate:
		p.keep(text, maxResponse)
	default:
		p.keep(text, maxName)
	}
}

func (p *parser) keep(text []byte, limit int) {
	p.cli.arg = append(p.cli.arg, text[:min(len(text), limit-len(p.cli.arg))]...)
}

func (p *parser) endString() {
	c := p.building()
	if p.cli.response || c == nil {
		return
	}
	switch {
	case c.reader != nil:
		if !p.cli.argLost {
			c.reader.End()
		}
	case c.verb == authenticate:
		p.authArgument(c)
	case c.args == 0:
		c.name = append(c.name[:0], p.cli.arg...)
	case c.args == 1:
		c.newName = append(c.newName[:0], p.cli.arg...)
	}
	c.args++
}

// endLine ends a line of the client.
func (p *parser) endLine() protocols.Action {
	building, response := p.cli.building, p.cli.response
	p.cli.started, p.cli.building, p.cli.response = false, false, false
	switch {
	case response && p.auth:
		if p.cli.argLost {
			p.login.Gap()
		} else {
			p.login.Client(p.cli.arg)
		}
		clear(p.cli.arg)
	case building:
		return p.complete(&p.queue[len(p.queue)-1])
	}
	return protocols.Continue
}

// complete is told of a command whose end was seen. If its response came before
// it, it is answered.
func (p *parser) complete(c *command) protocols.Action {
	if c.verb == authenticate && c.args == 0 {
		p.startLogin(nil)
	}
	if len(p.early) == 0 {
		return protocols.Continue
	}
	r := p.early[0]
	p.early = p.early[:copy(p.early, p.early[1:])]
	return p.answer(r, nil)
}

// clientGap is told of lost octets: within a string, or anywhere.
func (p *parser) clientGap(within bool) {
	c := p.building()
	if c != nil {
		c.torn = true
		if c.reader != nil {
			c.reader.Gap()
		}
	}
	p.cli.argLost = true
	if within {
		return
	}
	p.cli.started, p.cli.building, p.cli.response, p.cli.torn = false, false, false, true
	p.early = p.early[:0] // to what was lost, perhaps
	if p.pipelined {
		p.flush(protocols.Unknown)
		p.blurred = true
		return
	}
	if len(p.queue) == 0 || p.queue[len(p.queue)-1].verb != lost {
		p.enqueue(lost)
	}
}
