package smtp

import (
	"bytes"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// commandLine takes the client's next line, where commands are to be expected.
func (p *parser) commandLine(t int64, b []byte) (n int, act protocols.Action) {
	if begun, wait := clientTLS(b); begun {
		if p.tls == noTLS {
			p.out.Anomaly(t, "smtp_unexpected_tls", nil)
		}
		p.newSession(t)
		return 0, protocols.StartTLS
	} else if wait {
		return 0, protocols.Continue
	}
	switch p.tls {
	case askedTLS:
		p.injected = true
	case begunTLS, spoiltTLS: // text behind STARTTLS: the mirror was decrypted
		p.tls = noTLS
	}
	text, n, end := p.lines[capture.ToServer].Next(b)
	p.waiting = 0
	switch end {
	case line.Wait:
		p.waiting = uint16(len(b))
		return 0, protocols.Continue
	case line.Skipped, line.LastSkipped:
		return n, protocols.Continue
	}
	if p.mode == response {
		p.authResponse(t, text)
		return n, protocols.Continue
	}
	command, arg := verb(text)
	if p.lost[capture.ToServer] {
		if !p.certain(text) {
			return n, protocols.Continue
		}
		p.lost[capture.ToServer], p.suspect = false, true
	} else if p.suspect && p.heard && !p.certain(text) {
		p.retract()
		return n, protocols.Continue
	}
	if p.loginOpen() && !p.certain(text) { // its 334 is missing, or was not waited for
		p.authResponse(t, text)
		return n, protocols.Continue
	}
	if p.asked && !p.certain(text) {
		p.earlyData(t)
		return p.blockData(t, b), protocols.Continue
	}
	p.oddLine(t, text, end)
	p.asked = false
	p.command(t, command, arg)
	return n, protocols.Continue
}

// clientTLS reports whether b begins with a TLS handshake record. wait: its
// first octet does.
func clientTLS(b []byte) (begun, wait bool) {
	if b[0] != 0x16 {
		return false, false
	}
	return len(b) > 1 && b[1] == 3, len(b) == 1
}

func (p *parser) oddLine(t int64, text []byte, end line.End) {
	if end == line.BareLF {
		p.tell(t, toldLF, "smtp_bare_lf")
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		p.tell(t, toldCR, "smtp_bare_cr")
	}
	if len(text) > maxCommand && !line.HasPrefixFold(text, "AUTH ") {
		p.tell(t, toldLong, "smtp_long_line")
	}
}

// word is what a command verb stands for.
type word uint8

const (
	unknown word = iota
	wordOther
	wordHello
	wordLHLO
	wordMail
	wordRcpt
	wordData
	wordBDAT
	wordReset
	wordQuit
	wordAuth
	wordStartTLS
	wordProxy
	wordXClient
	wordXForward
	wordBlank
)

// wordOf looks up a verb: those of RFC 5321, section 4.1.1, of the extensions,
// and what is in use without one.
func wordOf(name []byte) word {
	is := func(s string) bool { return line.EqualFold(name, s) }
	switch {
	case len(name) == 0:
		return wordBlank
	case is("MAIL"):
		return wordMail
	case is("RCPT"):
		return wordRcpt
	case is("DATA"):
		return wordData
	case is("BDAT"):
		return wordBDAT
	case is("EHLO"), is("HELO"):
		return wordHello
	case is("LHLO"):
		return wordLHLO
	case is("RSET"):
		return wordReset
	case is("QUIT"):
		return wordQuit
	case is("AUTH"), is("X-EXPS"):
		return wordAuth
	case is("STARTTLS"), is("X-ANONYMOUSTLS"):
		return wordStartTLS
	case is("NOOP"), is("VRFY"), is("EXPN"), is("HELP"), is("TURN"), is("ETRN"), is("ATRN"), is("BURL"),
		is("X-LINK2STATE"):
		return wordOther
	case is("XCLIENT"):
		return wordXClient
	case is("XFORWARD"):
		return wordXForward
	case is("PROXY"):
		return wordProxy
	}
	return unknown
}

// verb splits a command line.
func verb(text []byte) (w word, arg []byte) {
	name, arg := line.Word(line.TrimLeft(text))
	return wordOf(name), arg
}

// certain reports whether a line is a command beyond doubt: used where it might
// as well be a line of content or of base64.
func (p *parser) certain(text []byte) bool {
	w, arg := verb(text)
	switch w {
	case wordMail:
		return line.HasPrefixFold(arg, "FROM:") || line.HasPrefixFold(arg, "FROM <")
	case wordRcpt:
		return line.HasPrefixFold(arg, "TO:") || line.HasPrefixFold(arg, "TO <")
	case wordHello, wordLHLO:
		return len(arg) > 0 && bytes.IndexByte(arg, ' ') < 0
	case wordBDAT:
		_, _, ok := line.Number(arg)
		return ok
	case wordData, wordReset, wordQuit, wordStartTLS, wordOther:
		return len(arg) == 0 && len(text) >= len("DATA")
	case wordXClient, wordXForward:
		return bytes.IndexByte(arg, '=') > 0
	case wordAuth:
		mechanism, _ := line.Word(arg)
		return certainMechanism(mechanism)
	}
	return false
}

func certainMechanism(b []byte) bool {
	return line.HasPrefixFold(b, "SCRAM-") || line.EqualFold(b, "PLAIN") || line.EqualFold(b, "LOGIN") ||
		line.EqualFold(b, "CRAM-MD5") || line.EqualFold(b, "DIGEST-MD5") || line.EqualFold(b, "NTLM") ||
		line.EqualFold(b, "XOAUTH2") || line.EqualFold(b, "OAUTHBEARER") || line.EqualFold(b, "GSSAPI") ||
		line.EqualFold(b, "EXTERNAL")
}

// command notes a command for the reply to come.
func (p *parser) command(t int64, w word, arg []byte) {
	if p.loginOpen() && (!p.heard || p.login.lost || p.queue.find(auth) < 0) {
		p.endLogin(t, 0) // the client went on, so its reply came unseen
	}
	p.makeWay(t)
	switch w {
	case wordMail:
		p.mailCommand(t, arg)
	case wordRcpt:
		p.rcptCommand(t, arg)
	case wordData:
		if p.cur == nil && p.torn { // its MAIL was lost
			p.cur = p.beginUnseen(t)
		}
		p.enqueue(entry{kind: data, tx: p.cur})
		p.asked = true
	case wordBDAT:
		p.bdatCommand(t, arg)
	case wordHello, wordLHLO:
		p.helloCommand(t, arg, w == wordLHLO)
	case wordReset:
		p.enqueue(entry{kind: reset})
		p.cur, p.torn = nil, false
	case wordQuit:
		p.enqueue(entry{kind: quit})
	case wordAuth:
		p.authCommand(t, arg)
	case wordStartTLS:
		p.enqueue(entry{kind: startTLS})
		p.tls = askedTLS
	case wordXClient:
		p.claimCommand(arg, xclient)
	case wordXForward:
		p.claimCommand(arg, xforward)
	case wordOther:
		p.enqueue(entry{kind: other})
	case wordBlank:
		p.enqueue(entry{kind: blank})
	case wordProxy: // a PROXY header that was captured behind the greeting: nobody answers it
	default:
		p.tell(t, toldCommand, "smtp_unknown_command")
		p.enqueue(entry{kind: other})
	}
}

func (p *parser) mailCommand(t int64, arg []byte) {
	p.makeRoom(t)
	tx := p.begin(t)
	address, params, null := path(arg, "FROM")
	tx.from, tx.null = append(tx.from, address...), null
	tx.parameters(params)
	tx.forward, p.forward = p.forward, nil
	p.cur, p.torn = tx, false
	p.enqueue(entry{kind: mail, tx: tx})
}

func (p *parser) rcptCommand(t int64, arg []byte) {
	address, _, _ := path(arg, "TO")
	if p.cur == nil && p.torn { // its MAIL was lost
		p.cur = p.beginUnseen(t)
	}
	e := entry{kind: rcpt, tx: p.cur}
	if p.cur != nil {
		e.rcpt = p.cur.recipient(address)
	}
	p.enqueue(e)
}

// helloCommand notes EHLO, HELO or LHLO. It resets the session only when it is
// accepted.
func (p *parser) helloCommand(t int64, arg []byte, lmtp bool) {
	name := firstWord(arg) // what follows may be anything: an AUTH whose CRLF was left out
	name = name[:min(len(name), maxHelo)]
	if !bytes.Equal(name, p.hello) {
		p.hello = append(p.hello[:0], name...)
		e := p.out.ClientInfo(t)
		e.Source, e.Name = "ehlo", p.out.Copy(name)
	}
	e := entry{kind: hello}
	if lmtp {
		e.more = 1
	}
	p.enqueue(e)
}

// makeWay is called before a command is noted. Those whose reply may be lost
// have had it, since the client went on; and when there are too many, the oldest
// are taken for answered out of sight.
func (p *parser) makeWay(t int64) {
	for p.queue.len() > 0 && p.queue.first().lost {
		p.answer(t, p.queue.pop(), 0, nil)
	}
	for p.queue.len() >= maxQueue {
		if p.heard {
			p.tell(t, toldOverflow, "smtp_queue_overflow")
		}
		p.answer(t, p.queue.pop(), 0, nil)
	}
}

// enqueue adds a command that waits for its reply.
func (p *parser) enqueue(e entry) {
	if e.tx != nil {
		e.tx.pending++
	}
	e.suspect = p.suspect
	p.queue.push(e)
}
