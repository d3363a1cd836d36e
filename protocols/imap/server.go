package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

type serverMode uint8

const (
	srvBegin      serverMode = iota // at the beginning of a response
	srvLine                         // a tagged response or a continuation request, read as a line
	srvRest                         // the rest of a line that was too long
	srvStatus                       // an untagged status response, read as a line
	srvLost                         // looking for a line that is sure to be a response
	srvSkip                         // skipping to the end of the line, then lost
	srvUntagged                     // behind "*"; from here on tokens are taken
	srvNumber                       // behind "*" and a number
	srvFetch                        // FETCH or UIDFETCH
	srvSearch                       // SEARCH, SORT
	srvThread                       // THREAD
	srvESearch                      // ESEARCH
	srvVanished                     // VANISHED
	srvMailbox                      // STATUS
	srvEnabled                      // ENABLED
	srvCapability                   // CAPABILITY
	srvOther                        // anything else, to its end
)

// server reads responses.
type server struct {
	lexer
	mode  serverMode
	lossy bool             // responses may be missing
	act   protocols.Action // at the end of a line that is too long
	key   searchKey        // ESEARCH
	early bool             // VANISHED (EARLIER)
	depth uint16
	num   uint32
	line  line.Scanner
	set   setReader      // ESEARCH, VANISHED
	box   *mailboxStatus // STATUS
}

func (p *parser) serverStep(b []byte) (n int, more bool, act protocols.Action) {
	switch p.srv.mode {
	case srvBegin:
		n, more = p.beginResponse(b)
		return n, more, protocols.Continue
	case srvLine, srvStatus, srvRest:
		return p.responseLine(b)
	case srvLost:
		n, more = p.resyncServer(b)
		return n, more, protocols.Continue
	case srvSkip:
		if n = bytes.IndexByte(b, '\n') + 1; n == 0 {
			return len(b), false, protocols.Continue
		}
		p.srv.mode = srvLost
		return n, true, protocols.Continue
	}
	for p.srv.mode >= srvUntagged { // the modes that take tokens
		if p.srv.mode == srvFetch && p.fetch.state == fetchName {
			if n += p.ordinaryItems(b[n:]); p.srv.mode != srvFetch {
				break
			}
		}
		tok, text, k := p.srv.next(b[n:])
		n += k
		switch {
		case tok == wait:
			return n, false, protocols.Continue
		case p.srv.mode == srvFetch && tok != bad:
			p.fetchToken(tok, text)
		default:
			p.serverToken(tok, text)
		}
	}
	return n, true, protocols.Continue
}

func (p *parser) beginResponse(b []byte) (n int, more bool) {
	if len(b) < 2 {
		return 0, false
	}
	if !p.greeted {
		switch greeting(b) {
		case protocols.NeedMore:
			return 0, false
		case protocols.Reject: // its beginning was missed
			p.cli.lossy, p.srv.lossy = true, true
			p.srv.mode = srvLost
		}
		p.greeted = true
		return 0, true
	}
	if p.switched { // the client has to speak first after STARTTLS
		p.switched = false
		p.report("imap_starttls_injection")
	}
	if b[0] == '*' && b[1] == ' ' {
		p.srv.mode = srvUntagged
		return 2 + p.ordinaryHead(b[2:]), true
	}
	p.srv.mode = srvLine
	return 0, true
}

func (p *parser) responseLine(b []byte) (n int, more bool, act protocols.Action) {
	text, n, e := p.srv.line.Next(b)
	switch e {
	case line.Wait:
		return 0, false, protocols.Continue
	case line.Skipped:
		return n, true, protocols.Continue
	case line.LastSkipped:
		p.srv.mode = srvBegin
		act, p.srv.act = p.srv.act, protocols.Continue
		return n, true, act
	}
	mode := p.srv.mode
	p.srv.mode = srvBegin
	switch {
	case mode == srvStatus:
		p.untaggedStatus(text)
	case len(text) > 0 && text[0] == '+':
		p.continuation(line.TrimLeft(text[1:]))
	default:
		act = p.tagged(text)
	}
	if e == line.TooLong {
		p.report("imap_long_line")
		p.srv.mode, p.srv.act = srvRest, act
		return n, true, protocols.Continue
	}
	return n, true, act
}

// continuation takes a continuation request (RFC 9051, section 7.6).
func (p *parser) continuation(text []byte) {
	switch {
	case p.cli.mode == cliLiteral:
		p.cli.mode = cliArgs
	case p.cli.guessed:
		p.cli.guessed = false
	case p.auth != nil:
		p.auth.Server(text)
	}
}

func (p *parser) serverToken(tok token, text []byte) {
	if tok == bad {
		p.report("imap_bad_literal")
		if p.srv.mode == srvFetch {
			p.endFetch()
		}
		p.srv.lossy = true
		p.loseServer(false)
		return
	}
	switch p.srv.mode {
	case srvUntagged:
		p.untagged(tok, text)
	case srvNumber:
		p.numbered(tok, text)
	default:
		p.dataToken(tok, text)
	}
}

// untagged takes the word behind "*".
func (p *parser) untagged(tok token, text []byte) {
	if tok != atom {
		p.loseServer(tok == eol)
		return
	}
	if v, ok := line.Uint(text); ok {
		p.srv.num, p.srv.mode = number32(v), srvNumber
		return
	}
	s := &p.srv
	s.depth, s.mode = 0, srvOther
	switch {
	case line.EqualFold(text, "OK"), line.EqualFold(text, "NO"), line.EqualFold(text, "BAD"),
		line.EqualFold(text, "BYE"):
		s.mode = srvStatus
	case line.EqualFold(text, "PREAUTH"):
		s.mode, p.preauth = srvStatus, true
	case line.EqualFold(text, "SEARCH"), line.EqualFold(text, "SORT"):
		s.mode = srvSearch
	case line.EqualFold(text, "THREAD"):
		s.mode = srvThread
	case line.EqualFold(text, "ESEARCH"):
		s.mode, s.key = srvESearch, keyOther
	case line.EqualFold(text, "VANISHED"):
		s.mode, s.early = srvVanished, false
		s.set = setReader{}
	case line.EqualFold(text, "STATUS"):
		s.mode = srvMailbox
		s.beginMailbox()
	case line.EqualFold(text, "ENABLED"):
		s.mode = srvEnabled
	case line.EqualFold(text, "CAPABILITY"):
		s.mode = srvCapability
	}
}

func number32(v uint64) uint32 {
	if v > 1<<32-1 {
		return 0
	}
	return uint32(v)
}

// numbered takes the name of a message-data or mailbox-data response that begins
// with a number.
func (p *parser) numbered(tok token, text []byte) {
	if tok != atom {
		p.loseServer(tok == eol)
		return
	}
	p.srv.mode = srvOther
	switch {
	case line.EqualFold(text, "FETCH"):
		p.beginFetch(false)
	case line.EqualFold(text, "UIDFETCH"): // RFC 9586, section 3.3
		p.beginFetch(true)
	case line.EqualFold(text, "EXISTS"):
		p.setExists(p.srv.num)
	case line.EqualFold(text, "EXPUNGE"), line.EqualFold(text, "EXPUNGED"): // as GNU Mailutils 3.15 says it
		p.expunged(p.srv.num)
	}
}

// loseServer gives up on a response that is none.
func (p *parser) loseServer(atEnd bool) {
	if !p.srv.lossy && p.seen[0] { // of one side alone it cannot be told when compression began
		p.report("imap_bad_response")
	}
	p.srv.lexer.reset()
	p.srv.mode = srvSkip
	if atEnd {
		p.srv.mode = srvLost
	}
	p.missed()
}

// missed says that responses are missing.
func (p *parser) missed() {
	p.srv.lossy = true
	if p.sel != nil {
		p.sel.sequence.lose()
	}
	if p.read != nil {
		p.read.lossy = true
	}
}

// resyncServer looks for the next line that is sure to be a response.
func (p *parser) resyncServer(b []byte) (n int, more bool) {
	i := bytes.IndexByte(b, '\n')
	if len(b) == 0 || i < 0 && len(b) < sureLine {
		return 0, false
	}
	switch {
	case p.sureResponse(b):
		p.srv.mode = srvBegin
	case i >= 0:
		n = i + 1
	default:
		p.srv.mode = srvSkip
	}
	return n, true
}

// serverGap goes on behind n lost octets of the server. Through a literal it
// counts: how long that is was announced.
func (p *parser) serverGap(n int) {
	if p.srv.gap(n) {
		if p.srv.mode == srvFetch {
			p.fetch.bytes += uint64(n)
		}
		return
	}
	if p.srv.mode == srvFetch {
		if p.srv.str == inLiteral {
			p.fetch.bytes += p.srv.left
			p.endBody()
		}
		p.endFetch()
	}
	p.srv.lexer.reset()
	p.srv.line.Reset()
	p.srv.act = protocols.Continue
	p.srv.mode = srvLost
	p.missed()
}
