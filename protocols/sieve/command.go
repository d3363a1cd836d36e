package sieve

import (
	"slices"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
	"mailsensor/protocols/sieve/script"
)

// verb is what a command asks for (RFC 5804, section 2).
type verb uint8

// The verbs.
const (
	unknown verb = iota
	lost         // not a command: some may have been lost here
	other        // HAVESPACE, NOOP, LOGOUT
	capability
	authenticate
	unauthenticate
	starttls
	putscript
	checkscript
	listscripts
	setactive
	getscript
	deletescript
	renamescript
)

var verbs = [...]struct {
	name string
	verb verb
}{
	{"AUTHENTICATE", authenticate}, {"UNAUTHENTICATE", unauthenticate}, {"STARTTLS", starttls}, {"LOGOUT", other},
	{"CAPABILITY", capability}, {"HAVESPACE", other}, {"NOOP", other},
	{"PUTSCRIPT", putscript}, {"CHECKSCRIPT", checkscript}, {"LISTSCRIPTS", listscripts}, {"SETACTIVE", setactive},
	{"GETSCRIPT", getscript}, {"DELETESCRIPT", deletescript}, {"RENAMESCRIPT", renamescript},
}

func verbOf(word []byte) verb {
	for _, v := range verbs {
		if line.EqualFold(word, v.name) {
			return v.verb
		}
	}
	return unknown
}

func (v verb) String() string {
	i := slices.IndexFunc(verbs[:], func(x struct {
		name string
		verb verb
	}) bool {
		return x.verb == v
	})
	return verbs[i].name
}

// command is one that waits for its response.
type command struct {
	verb    verb
	args    int  // strings so far
	torn    bool // octets of it were lost
	lost    bool // octets of the server were lost since
	skipped bool // its script was not read: too many at once
	name    []byte
	newName []byte
	reader  *script.Reader
}

// begin takes a new command of the client.
func (p *parser) begin(v verb) {
	p.draw()
	switch n := len(p.queue); {
	case n >= maxInFlight:
		p.tell(toldOverflow, "sieve_queue_overflow")
		p.flush(protocols.Unknown)
		p.blurred = true
	case n >= maxUnheard && !p.heard:
		p.flush(protocols.Unknown)
	}
	if p.tls == askedTLS {
		p.injected = true
	}
	if v == starttls {
		p.tls = askedTLS
	}
	p.enqueue(v)
}

// draw draws from a client that begins a command what it must have seen: one that
// never does before the last one was answered has seen all responses.
func (p *parser) draw() {
	if len(p.queue) == 0 && !p.blurred {
		return
	}
	missing := p.blurred
	for i := range p.queue {
		missing = missing || p.queue[i].lost || p.queue[i].verb == lost
	}
	switch {
	case !missing:
		p.pipelined = p.pipelined || p.heard
	case p.pipelined:
		p.flush(protocols.Unknown)
		p.blurred = true
	default:
		p.flush(protocols.Unknown)
		p.blurred = false
	}
}

func (p *parser) enqueue(v verb) {
	n := len(p.queue)
	p.queue = slices.Grow(p.queue, 1)[:n+1]
	c := &p.queue[n]
	*c = command{verb: v, name: c.name[:0], newName: c.newName[:0]}
}

// flush reports the commands in flight, of which no response will tell.
func (p *parser) flush(o protocols.Outcome) {
	p.cli.building = false
	for len(p.queue) > 0 {
		c := &p.queue[0]
		was := o
		if c.lost || c.torn {
			was = protocols.Unknown
		}
		c.lost = c.lost || was == protocols.Unknown && p.heard
		p.finish(c, was, nil)
		p.pop()
	}
}

// pop forgets the first command in flight. Its buffers are used again.
func (p *parser) pop() {
	c := p.queue[0]
	if c.reader != nil {
		p.readers--
	}
	n := len(p.queue) - 1
	if n == 0 {
		p.cli.building = false
	}
	copy(p.queue, p.queue[1:])
	p.queue[n] = command{name: c.name[:0], newName: c.newName[:0]}
	p.queue = p.queue[:n]
}

// read makes a reader for the script of c, if not too many are at work.
func (p *parser) read(c *command) {
	if p.readers == maxScripts {
		c.skipped = true
		return
	}
	c.reader = script.New()
	p.readers++
}
