package pop3

import (
	"bytes"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// verb is what a command asks for.
type verb uint8

// The verbs. Those from retr on have a multi-line response.
const (
	other   verb = iota // no consequences: NOOP, DELE without number, XTND …
	unknown             // a line that is no command
	greeted             // not a command: the greeting of the server
	user
	pass
	apop
	auth // AUTH with a mechanism, and each response of its exchange
	stat
	dele
	rset
	quit
	stls
	listOne // LIST n, UIDL n
	uidlOne
	retr
	top
	list
	uidl
	capa
	lines // AUTH and LANG without argument
)

func (v verb) multiline() bool { return v >= retr }

// command is one that waits for its response.
type command struct {
	verb  verb
	lost  bool   // server bytes were lost since: the response may have been among them
	n     uint32 // number of a message
	at    int64  // when it came, Unix nanoseconds
	lines uint64 // TOP: of the body, as asked for
}

// read understands a line of the client. arg is what follows the word.
func read(b []byte) (c command, arg []byte) {
	w, arg := line.Word(b)
	is := func(word string) bool { return line.EqualFold(w, word) }
	n, rest, numbered := line.Number(arg)
	if n > 1<<32-1 {
		n, numbered = 0, false
	}
	c.n = uint32(n)
	choose := func(yes bool, a, b verb) verb {
		if yes {
			return a
		}
		return b
	}
	switch {
	case is("RETR"):
		c.verb = choose(numbered, retr, other)
	case is("TOP"):
		k, _, ok := line.Number(line.TrimLeft(rest))
		c.verb, c.lines = choose(numbered && ok, top, other), k
	case is("DELE"):
		c.verb = choose(numbered, dele, other)
	case is("UIDL"):
		c.verb = choose(numbered, uidlOne, uidl)
	case is("LIST"):
		c.verb = choose(numbered, listOne, list)
	case is("STAT"):
		c.verb = stat
	case is("USER"):
		c.verb = user
	case is("PASS"):
		c.verb = pass
	case is("APOP"):
		c.verb = apop
	case is("AUTH"):
		c.verb = choose(len(arg) > 0, auth, lines)
	case is("CAPA"):
		c.verb = capa
	case is("LANG"):
		c.verb = choose(len(arg) > 0, other, lines)
	case is("STLS"):
		c.verb = stls
	case is("RSET"):
		c.verb = rset
	case is("QUIT"):
		c.verb = quit
	case is("NOOP"), is("UTF8"), is("LAST"), is("XTND"), is("RPOP"), is("XCLIENT"), is("XSENDER"), is("CLIENT"), is("IMPLEMENTATION"), is("ENABLE"):
		c.verb = other
	default:
		c.verb = unknown
	}
	return c, arg
}

// commandLine takes one line of the client.
func (p *parser) commandLine(t int64, b []byte) int {
	text, n, end := p.lines[capture.ToServer].Next(b)
	switch end {
	case line.Wait, line.Skipped, line.LastSkipped:
		return n
	case line.TooLong:
		p.tell(t, toldLong, "pop3_long_line")
	}
	p.spoke = true
	p.goesOn(t)
	if p.responding(text) {
		p.login.Client(text)
		p.enqueue(t, command{verb: auth})
		return n
	}
	c, arg := read(text)
	if c.verb == unknown {
		if !p.torn { // behind a loss it is the end of a line
			p.tell(t, toldCommand, "pop3_unknown_command")
		}
		if len(line.Trim(text)) > 0 {
			p.enqueue(t, c)
		}
		return n
	}
	p.torn = false
	if len(text) > maxCommand && c.verb != auth {
		p.tell(t, toldLong, "pop3_long_line")
	}
	if p.tls == askedTLS {
		p.injected = true
	}
	p.note(t, c.verb, arg)
	p.enqueue(t, c)
	return n
}

// note takes from a command what its response will be about.
func (p *parser) note(t int64, v verb, arg []byte) {
	switch v {
	case user:
		p.endLogin(t, protocols.Unfinished)
		p.begin("USER")
		p.keepUser(line.Trim(arg))
	case pass:
		if !p.open() { // USER was lost, or never sent
			p.begin("USER")
		}
	case apop:
		p.endLogin(t, protocols.Unfinished)
		p.begin("APOP")
		name := line.Trim(arg)
		if i := bytes.LastIndexByte(name, ' '); i >= 0 { // what stands last is the digest
			p.keepUser(line.Trim(name[:i]))
		}
	case auth:
		p.endLogin(t, protocols.Unfinished)
		mechanism, initial := line.Word(arg)
		p.login.Start(mechanism, initial, len(initial) > 0)
		p.begin(p.login.Mechanism())
		p.sasl = true
	case stls:
		p.tls = askedTLS
	}
}

// enqueue remembers a command until its response comes.
func (p *parser) enqueue(t int64, c command) {
	if len(p.queue) == maxQueue {
		p.tell(t, toldOverflow, "pop3_queue_overflow")
		p.drop(t)
	}
	c.at = t
	p.queue = append(p.queue, c)
}

// drop forgets the first command in flight: no response will tell about it.
func (p *parser) drop(t int64) {
	c := p.queue[0]
	p.queue = p.queue[:copy(p.queue, p.queue[1:])]
	switch c.verb {
	case pass, apop, auth:
		if !p.pending(pass, apop, auth) {
			p.endLogin(t, protocols.Unknown)
		}
	}
}

// goesOn draws from a client that speaks what it must have seen: one that never
// sends a command before the last one was answered has seen the end of a response
// of which we lost the end.
func (p *parser) goesOn(t int64) {
	if !p.lost[capture.ToClient] {
		p.pipelined = p.pipelined || len(p.queue) > 0 && !p.sasl || p.state != statuses
		return
	}
	if p.pipelined {
		return
	}
	p.interrupt(t)
	for len(p.queue) > 0 {
		p.drop(t)
	}
}

func (p *parser) pending(verbs ...verb) bool {
	for _, c := range p.queue {
		for _, v := range verbs {
			if c.verb == v {
				return true
			}
		}
	}
	return false
}

// responding reports whether a line of the client is its next message of an AUTH
// exchange: the server asked for it, or the line is no command.
func (p *parser) responding(text []byte) bool {
	if !p.sasl || p.challenged {
		yes := p.challenged
		p.challenged = false
		return yes
	}
	c, _ := read(text)
	return c.verb == unknown
}
