package pop3

import (
	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
	"mailsensor/protocols/sasl"
)

// state says what the server's next bytes are.
type state uint8

const (
	statuses state = iota // status lines
	listing               // lines of a multi-line response
	content               // a message
	torn                  // the same behind a loss: line by line
)

type tlsState uint8

const (
	noTLS     tlsState = iota
	askedTLS           // STLS waits for its answer
	begunTLS           // +OK came; the client has to speak next
	spoiltTLS          // the server spoke all the same
)

// Things that are reported once a connection.
type once uint8

const (
	toldCommand once = 1 << iota
	toldBadResponse
	toldResponse
	toldLong
	toldOverflow
	toldStripped
)

// parser follows one connection.
type parser struct {
	// What every piece of content touches comes first.
	out     protocols.Sink
	block   line.Block
	state   state
	damaged bool // octets of the present response were lost
	now     command
	top     header

	greeting  bool // the server's greeting is still to come
	joined    bool // the session was not seen from its beginning
	spoke     bool // the client's side was seen
	heard     bool // the server's was
	unheard   bool // a +OK answered a command that was not seen: content may follow
	pipelined bool // the client does not wait for responses
	torn      bool // commands may have been lost since the last one
	injected  bool // the client sent bytes behind STLS
	lost      [2]bool
	tls       tlsState
	told      once

	lines [2]line.Scanner
	queue []command // in flight, in order

	mechanism  string // of the exchange that is going on; "": none
	user       []byte
	login      sasl.Exchange // AUTH
	sasl       bool          // the exchange is one of AUTH
	challenged bool          // the server asked for the client's next message
	loginLost  bool          // octets were lost meanwhile

	exists   uint32   // messages in the mailbox; 0: unknown
	found    uint32   // lines of the listing so far
	names    []uint64 // by number: hash of the UIDL; 0: not seen
	numbers  []uint32 // messages that were read by number
	deleted  []uint32
	unmarked uint32 // deleted ones beyond maxNumbers
	guessed  uint32 // messages that nobody was seen to ask for
}

// Reset implements protocols.Parser.
func (p *parser) Reset(c capture.Conn) {
	names := p.names[:0]
	if cap(names) > keepNames {
		names = nil
	}
	p.login.Reset()
	*p = parser{
		login: p.login, user: p.user[:0], queue: p.queue[:0], names: names, numbers: p.numbers[:0], deleted: p.deleted[:0],
		greeting: c.Handshake, joined: !c.Handshake, torn: !c.Handshake, lost: [2]bool{!c.Handshake, !c.Handshake},
	}
	p.lines[capture.ToServer].Max = maxLine
	p.lines[capture.ToClient].Max = maxStatus
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	p.out = out
	switch {
	case d == capture.ToServer:
		if p.tls >= begunTLS { // plain text all the same: the mirror was decrypted
			p.tls = noTLS
		}
		return p.commandLine(t, b), protocols.Continue
	case p.state == content:
		p.heard = true
		return p.content(t, b), protocols.Continue
	}
	return p.server(t, b)
}

// Gap implements protocols.Parser.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	p.out = out
	p.lost[d] = true
	p.lines[d].Reset()
	if p.open() {
		p.loginLost = true
	}
	if d == capture.ToServer {
		p.torn = true
		return
	}
	p.greeting = false
	switch p.state {
	case content, torn:
		p.contentGap(uint64(n))
		return
	case listing:
		p.damaged = true
	}
	for i := range p.queue {
		p.queue[i].lost = true
	}
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.out = out
	if (p.state == content || p.state == torn) && p.block.Octets > 0 {
		p.cutShort(t)
	}
	p.endLogin(t, protocols.Unfinished)
}

// tell reports an anomaly the first time.
func (p *parser) tell(t int64, what once, kind string) {
	if p.told&what == 0 {
		p.told |= what
		p.out.Anomaly(t, kind, nil)
	}
}
