package smtp

import (
	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// Behind a loss on the client's side, lines that look like commands may be
// content: that of a BDAT whose own line was lost, most of all. They are taken
// for commands under suspicion, until a reply confirms them. A line among them
// that is no command, or a reply that cannot be theirs, shows that they were none.

// confirms reports whether a reply to e shows that the client sends commands.
func (p *parser) confirms(e entry, code uint16, text []byte) bool {
	switch {
	case !e.suspect || p.lost[capture.ToServer]:
		return false
	case code == 354, code == 334, code == 221, code == 235:
		return true
	case p.queue.len() == 0 && p.waiting == 0: // the client stopped and waited for it
		return true
	}
	return e.kind == mail && line.HasPrefixFold(text, "2.1.0") || e.kind == rcpt && line.HasPrefixFold(text, "2.1.5")
}

// contradicts reports whether a reply cannot be to the first suspect command. An
// enhanced code whose subject is not addressing (RFC 3463, section 3.2) answers
// neither MAIL nor RCPT, and a positive reply no DATA.
func (p *parser) contradicts(code uint16, text []byte) bool {
	if !p.suspect || !positive(code) || p.queue.len() == 0 || !p.queue.first().suspect {
		return false
	}
	switch p.queue.first().kind {
	case mail, rcpt:
		return line.HasPrefixFold(text, "2.") && len(text) > 3 && text[2] != '1' && text[3] == '.'
	case data:
		return !queued(text) // else the 354 was lost
	}
	return false
}

// sure reports whether a verdict on a recipient can be counted: not a positive
// one that may be the reply to a later command. Of a transaction that is suspect
// itself they count if that is confirmed.
func (p *parser) sure(e entry, code uint16, text []byte) bool {
	if !positive(code) || line.HasPrefixFold(text, "2.1.5") {
		return true
	}
	return !(e.suspect && p.suspect && !e.tx.suspect) && !(e.lost && p.queue.takesPositive())
}

// clearUp settles the doubt about a transaction that is to be told: what nothing
// confirmed accepted nobody.
func (p *parser) clearUp(tx *transaction) {
	if !p.suspect || !tx.suspect {
		return
	}
	tx.lost, tx.accepted = true, 0
	for i := range tx.rcpts {
		if r := &tx.rcpts[i]; r.outcome == protocols.Accepted {
			r.outcome, r.code = protocols.Unknown, 0
		}
	}
}

// retract forgets the suspect commands: they were content.
func (p *parser) retract() {
	p.suspect = false
	p.lost[capture.ToServer], p.torn, p.asked = true, true, false
	for n := p.queue.len(); n > 0; n-- {
		e := p.queue.pop()
		if !e.suspect {
			p.queue.push(e)
			continue
		}
		if e.kind == auth {
			p.dropLogin()
		}
		if e.tx != nil {
			e.tx.pending--
		}
	}
	for i := len(p.open) - 1; i >= 0; i-- {
		if tx := p.open[i]; tx.suspect && !tx.decided && tx.pending == 0 {
			p.release(tx)
		}
	}
	if p.cur == nil {
		p.cur = p.live
	}
}
