package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// Bounds of lines that are read whole.
const (
	maxLine  = 12 << 10 // an authentication response (RFC 4954 names 12,288 octets; IMAP nothing)
	sureLine = 96       // as much of a line as it takes to tell what it is
)

type clientMode uint8

const (
	cliBegin   clientMode = iota // at the beginning of a line
	cliTag                       // the tag comes
	cliVerb                      // the command's name
	cliUID                       // the name behind UID
	cliArgs                      // arguments
	cliLiteral                   // a literal was announced that the server may refuse
	cliMech                      // the rest of an AUTHENTICATE command
	cliSASL                      // a response of AUTHENTICATE
	cliLost                      // looking for a line that is sure to be a command
	cliSkip                      // skipping to the end of the line, then lost
)

// capture says where the octets of a string go.
type keepKind uint8

const (
	keepNone  keepKind = iota
	keepArg            // an argument of its own
	keepRaw            // the arguments as written
	keepKey            // ID: the name of a field
	keepValue          // ID: its value
	keepEmpty          // an argument of its own that was not seen whole
)

// client reads commands.
type client struct {
	lexer
	line    line.Scanner
	tag     uint64
	mode    clientMode
	arg     uint8 // index of the argument, counted at the outermost level
	depth   uint16
	keep    keepKind
	tight   bool // raw text: no space before what comes next
	isDone  bool // the word in place of a tag is DONE
	group   bool // APPEND: the atom before was CATENATE or UTF8
	lossy   bool // commands may be missing
	guessed bool // a literal is being read that the server was not seen to ask for

	building bool // the newest command in flight is incomplete
}

func (p *parser) clientStep(b []byte) (n int, more bool, act protocols.Action) {
	switch p.cli.mode {
	case cliBegin:
		return p.beginCommand(b)
	case cliLiteral:
		return 0, p.judgeLiteral(b), protocols.Continue
	case cliMech, cliSASL:
		return p.saslLine(b)
	case cliLost:
		n, more = p.resyncClient(b)
		return n, more, protocols.Continue
	case cliSkip:
		if n = bytes.IndexByte(b, '\n') + 1; n == 0 {
			return len(b), false, protocols.Continue
		}
		p.cli.mode = cliLost
		return n, true, protocols.Continue
	}
	tok, text, n := p.cli.next(b)
	if tok == wait {
		return n, false, protocols.Continue
	}
	return n, true, p.clientToken(tok, text)
}

// beginCommand decides what the line at b is.
func (p *parser) beginCommand(b []byte) (n int, more bool, act protocols.Action) {
	if len(b) == 0 {
		return 0, false, protocols.Continue
	}
	if b[0] == 0x16 && (p.wantTLS || p.switched) { // a TLS handshake record
		return 0, false, protocols.StartTLS
	}
	if p.wantZip {
		if act, more = p.awaitCompress(b); !more {
			return 0, false, act
		}
	}
	if p.auth != nil {
		return p.beginSASL(b)
	}
	if b[0] == '\r' || b[0] == '\n' {
		return 1, true, protocols.Continue
	}
	p.switched = false
	if p.wantTLS {
		p.report("imap_starttls_injection")
	}
	p.cli.mode = cliTag
	return 0, true, protocols.Continue
}

// beginSASL tells a response of AUTHENTICATE, which has no space in it, from a
// command that was sent behind the AUTHENTICATE.
func (p *parser) beginSASL(b []byte) (n int, more bool, act protocols.Action) {
	i := bytes.IndexByte(b, '\n')
	head := b
	if i >= 0 {
		head = b[:i]
	}
	switch {
	case bytes.IndexByte(head, ' ') >= 0:
		p.cli.mode = cliTag
	case i >= 0 || len(b) > maxLine:
		p.cli.mode = cliSASL
	default:
		return 0, false, protocols.Continue
	}
	return 0, true, protocols.Continue
}

// saslLine reads the rest of a line that is no sequence of tokens.
func (p *parser) saslLine(b []byte) (n int, more bool, act protocols.Action) {
	text, n, e := p.cli.line.Next(b)
	switch e {
	case line.Wait:
		return 0, false, protocols.Continue
	case line.Skipped:
		return n, true, protocols.Continue
	case line.LastSkipped:
		return n, true, p.finishCommand()
	}
	if p.cli.mode == cliMech {
		p.startSASL(text)
	} else if p.auth != nil && !p.cut {
		p.auth.Client(text)
	}
	if e == line.TooLong {
		p.report("imap_long_line")
		return n, true, protocols.Continue
	}
	return n, true, p.finishCommand()
}

func (p *parser) clientToken(tok token, text []byte) protocols.Action {
	c := &p.cli
	switch c.mode {
	case cliTag:
		if tok != atom {
			p.loseClient(tok == eol)
			break
		}
		c.tag, c.isDone, c.mode = tagHash(text), line.EqualFold(text, "DONE"), cliVerb
	case cliVerb, cliUID:
		switch tok {
		case atom:
			p.verb(text)
		case eol:
			p.word()
		default:
			p.loseClient(false)
		}
	default:
		return p.argument(tok, text)
	}
	return protocols.Continue
}

// word takes a line of one word: the DONE that ends IDLE (RFC 2177).
func (p *parser) word() {
	if p.cli.isDone {
		p.cli.mode = cliBegin
		p.flush(p.first(idleVerb))
		return
	}
	p.loseClient(true)
}

func (p *parser) verb(text []byte) {
	c := &p.cli
	v := verbOf(text)
	if v == uidVerb && c.mode == cliVerb {
		c.mode = cliUID
		return
	}
	p.push(c.tag, v, c.mode == cliUID)
	c.building, c.arg, c.depth, c.keep, c.tight, c.group = true, 0, 0, keepNone, true, false
	c.mode = cliArgs
	switch v {
	case authenticateVerb:
		c.mode = cliMech
	case idVerb:
		p.beginIdentity()
	}
}

// finishCommand is called at the end of a command, or of a SASL response.
func (p *parser) finishCommand() (act protocols.Action) {
	c := p.building()
	p.cli.mode, p.cli.building, p.cli.guessed = cliBegin, false, false
	if c == nil {
		return protocols.Continue
	}
	c.complete = true
	switch c.verb {
	case idVerb:
		p.clientInfo()
	case compressVerb:
		p.wantZip = true
	case startTLSVerb:
		p.wantTLS = true
		if p.preauth {
			p.report("imap_preauth")
		}
	}
	if len(p.early) > 0 {
		if r := p.matchEarly(c.tag); r != noReply {
			return p.complete(len(p.flight)-1, r, nil)
		}
	}
	return protocols.Continue
}

// judgeLiteral decides, where the server was not seen to ask for the literal or
// to refuse it, by what the client goes on with. more is false if that takes
// further octets.
func (p *parser) judgeLiteral(b []byte) (more bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 && len(b) < sureLine {
		return false
	}
	if sureCommand(b) {
		p.refuseLiteral()
	} else {
		p.cli.mode, p.cli.guessed = cliArgs, true
	}
	return true
}

// refuseLiteral drops the literal: a refused one is not sent (RFC 9051, section 4.3).
func (p *parser) refuseLiteral() {
	p.cli.lexer.reset()
	p.cli.mode, p.cli.building, p.cli.guessed = cliBegin, false, false
}

// loseClient gives up on a line that is no command.
func (p *parser) loseClient(atEnd bool) {
	if !p.cli.lossy && p.seen[1] { // of one side alone it cannot be told when compression began
		p.report("imap_bad_command")
	}
	p.cli.lexer.reset()
	p.cli.building, p.cli.guessed, p.cli.mode = false, false, cliSkip
	if atEnd {
		p.cli.mode = cliLost
	}
}

// resyncClient looks for the next line that is sure to be a command.
func (p *parser) resyncClient(b []byte) (n int, more bool) {
	i := bytes.IndexByte(b, '\n')
	if len(b) == 0 || i < 0 && len(b) < sureLine && b[0] != 0x16 {
		return 0, false
	}
	switch {
	case sureCommand(b) || b[0] == 0x16 && (p.wantTLS || p.switched) ||
		p.auth != nil && i >= 0 && bytes.IndexByte(b[:i], ' ') < 0:
		p.cli.mode = cliBegin
	case i >= 0:
		n = i + 1
	default:
		p.cli.mode = cliSkip
	}
	return n, true
}

// clientGap goes on behind n lost octets of the client.
func (p *parser) clientGap(n int) {
	if p.cli.mode == cliArgs && p.cli.gap(n) { // elsewhere octets may wait unread, and are lost too
		p.dropArgument()
		return
	}
	p.cli.lossy, p.cut = true, true
	p.cli.lexer.reset()
	p.cli.line.Reset()
	p.cli.building, p.cli.guessed, p.cli.mode = false, false, cliLost
}
