package sieve

import (
	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/sasl"
)

type tlsState uint8

const (
	noTLS     tlsState = iota
	askedTLS           // STARTTLS waits for its answer
	begunTLS           // its OK came; TLS follows, or the mirror was decrypted
	spoiltTLS          // the server said something else first
)

// Things that are reported once a connection.
type once uint8

const (
	toldCommand once = 1 << iota
	toldBadResponse
	toldResponse
	toldLiteral
	toldOverflow
	toldStripped
)

// parser follows one connection.
type parser struct {
	out  protocols.Sink
	now  int64
	lex  [2]lexer
	cli  client
	srv  server
	told once
	tls  tlsState

	queue   []command // in flight, in order
	early   []result  // responses that came before their command
	readers int       // of scripts of commands in flight

	greeting  bool // the server's greeting is still to come
	again     bool // the server may list its capabilities unasked
	joined    bool // the session was not seen from its beginning
	spoke     bool // the client's side was seen
	heard     bool // the server's was
	pipelined bool // the client does not wait for responses
	blurred   bool // which response belongs to which command is not known
	injected  bool // the client sent commands behind STARTTLS
	damaged   bool // octets were lost: what looks odd may only be cut

	login     sasl.Exchange
	auth      bool // an exchange goes on
	loginLost bool // octets were lost meanwhile

	within [2]bool // a line, by direction

	active      []byte // name of the active script; empty: there is none
	activeKnown bool
}

// Reset implements protocols.Parser.
func (p *parser) Reset(c capture.Conn) {
	for i := range p.queue {
		p.queue[i].reader = nil
	}
	p.login.Reset()
	clear(p.cli.arg[:cap(p.cli.arg)]) // it may have held a password
	*p = parser{
		login: p.login, queue: p.queue[:0], early: p.early[:0], active: p.active[:0],
		greeting: c.Handshake, again: !c.Handshake, joined: !c.Handshake,
		cli: client{arg: p.cli.arg[:0], torn: !c.Handshake}, srv: server{text: p.srv.text[:0], torn: !c.Handshake},
	}
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	p.out, p.now = out, t
	for n < len(b) && act == protocols.Continue {
		if p.tls >= begunTLS {
			if b[n] == tlsHandshake && !p.within[d] {
				return n, protocols.StartTLS
			}
			if d == capture.ToServer { // plain text all the same: the mirror was decrypted
				p.tls = noTLS
			}
		}
		tok, text, k := p.lex[d].next(b[n:])
		n += k
		if k > 0 {
			p.within[d] = tok != eol
		}
		if tok == wait {
			if k == 0 {
				break
			}
			continue
		}
		if d == capture.ToServer {
			act = p.client(tok, text)
		} else {
			act = p.server(tok, text)
		}
	}
	return n, act
}

// tlsHandshake is the first octet of a TLS handshake record (RFC 8446, section 5.1).
const tlsHandshake = 0x16

// Gap implements protocols.Parser.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	p.out, p.now, p.damaged = out, t, true
	if p.auth {
		p.loginLost = true
	}
	within := p.lex[d].gap(n)
	if !within {
		p.lex[d] = lexer{}
		p.forget() // another script may have been made active
	}
	if d == capture.ToServer {
		p.clientGap(within)
	} else {
		p.serverGap(within)
	}
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.out, p.now = out, t
	if len(p.early) > 0 {
		p.tell(toldResponse, "sieve_unexpected_response")
	}
	o := protocols.Unfinished
	if !p.heard || p.blurred || p.damaged {
		o = protocols.Unknown
	}
	p.flush(o)
	p.endLogin(o)
}

// tell reports an anomaly the first time, but nothing that a loss explains.
func (p *parser) tell(what once, kind string) {
	if p.told&what == 0 && !p.damaged {
		p.told |= what
		p.out.Anomaly(p.now, kind, nil)
	}
}
