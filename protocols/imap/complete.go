package imap

import "mailsensor/protocols"

// complete takes the tagged response to command i.
func (p *parser) complete(i int, r result, rc *code) (act protocols.Action) {
	if rc == nil {
		rc = new(code)
	}
	c := &p.flight[i]
	if i == len(p.flight)-1 && p.cli.building && (p.cli.mode == cliLiteral || p.cli.guessed) {
		defer p.refuseLiteral()
	}
	switch {
	case c.verb == loginVerb:
		p.endLogin(c, outcomeOf(r))
	case c.verb == authenticateVerb:
		p.endSASL(outcomeOf(r))
	case c.verb == startTLSVerb:
		p.wantTLS = false
		if r != replyOK {
			p.report("imap_starttls_refused")
		}
	case c.verb == compressVerb:
		p.wantZip = false
	case c.verb == searchVerb || c.verb == sortVerb || c.verb == threadVerb:
		p.searched(c, outcomeOf(r))
	case r == replyNO && (c.verb == selectVerb || c.verb == examineVerb):
		p.flush(nil)
		p.unselect() // RFC 9051, section 6.3.2: then no mailbox is selected
	}
	if c.verb != selectVerb && c.verb != examineVerb {
		p.flush(c)
	} else if r != replyOK && p.next != nil {
		p.flush(nil)
		p.drop(p.next)
		p.next = nil
	}
	if r == replyOK {
		act = p.accepted(c, rc)
	}
	p.remove(i)
	return act
}

func outcomeOf(r result) protocols.Outcome {
	if r == replyOK {
		return protocols.Accepted
	}
	return protocols.Rejected
}

// accepted does what an accepted command means.
func (p *parser) accepted(c *command, rc *code) protocols.Action {
	switch c.verb {
	case selectVerb, examineVerb:
		p.selected(c)
	case closeVerb, unselectVerb:
		p.unselect()
	case unauthenticateVerb: // RFC 8437
		p.unselect()
		p.utf8 = false
		p.out.SetAccount(nil)
	case startTLSVerb:
		p.switched = true
		return protocols.StartTLS
	case compressVerb:
		return protocols.Compressed
	case appendVerb, replaceVerb, copyVerb, moveVerb, storeVerb, expungeVerb, createVerb, deleteVerb, renameVerb,
		subscribeVerb, unsubscribeVerb, setACLVerb, deleteACLVerb:
		p.changed(c, rc)
	}
	return protocols.Continue
}

// changed reports a command that changed mailboxes.
func (p *parser) changed(c *command, rc *code) {
	e := p.out.MailboxChange(p.now)
	e.Command = c.name()
	switch c.verb {
	case copyVerb, moveVerb, storeVerb, expungeVerb:
		if p.sel != nil {
			e.Mailbox, e.UIDValidity = p.out.Copy(p.sel.mailbox), p.sel.validity
		}
	default:
		e.Mailbox, e.UIDValidity = p.copyMailbox(c.text, c.arg(0)), rc.validity()
	}
	switch c.verb {
	case appendVerb, replaceVerb:
		e.Command, e.Messages, e.Bytes = "APPEND", c.count, c.bytes
		if c.remote {
			e.Bytes = 0 // not known
		}
	case copyVerb, moveVerb:
		e.Target, e.Messages = p.copyMailbox(c.text, c.arg(0)), c.moved(rc)
	case storeVerb:
		e.Flags, e.Messages = p.out.Copy(c.text), c.named
		if c.count > 0 { // nothing answers a .SILENT one
			e.Messages = c.count
		} else if rc.is("MODIFIED") { // those that were changed meanwhile were left as they are (RFC 7162, section 3.1.3)
			e.Messages -= min(countSet(rc.args), e.Messages)
		}
	case expungeVerb:
		e.Messages = c.count
	case renameVerb:
		e.Target = p.copyMailbox(c.text, c.arg(1))
	case setACLVerb, deleteACLVerb:
		e.Target, e.Rights = p.out.Copy(c.arg(1)), p.out.Copy(c.arg(2))
	}
}

// moved is how many messages a COPY or MOVE took: as COPYUID says, or as the set
// says, or the expunges of a MOVE.
func (c *command) moved(rc *code) uint32 {
	if n := rc.copied(); n > 0 {
		return n
	}
	if c.named > 0 {
		return c.named
	}
	return c.count
}

func (p *parser) searched(c *command, outcome protocols.Outcome) {
	e := p.out.MailboxSearch(p.now)
	e.Command, e.Results, e.Outcome = c.name(), c.count, outcome
	e.Terms = p.out.Copy(c.text)
	if p.sel != nil {
		e.Mailbox = p.out.Copy(p.sel.mailbox)
	}
}

// abandon takes out command i, whose reply was not seen.
func (p *parser) abandon(i int) {
	c := &p.flight[i]
	outcome := protocols.Unknown
	if !c.complete && p.seen[1] && !p.cli.lossy && !p.srv.lossy {
		outcome = protocols.Unfinished
	}
	switch c.verb {
	case loginVerb:
		p.endLogin(c, outcome)
	case authenticateVerb:
		p.endSASL(outcome)
	case searchVerb, sortVerb, threadVerb:
		p.searched(c, outcome)
	}
	p.remove(i)
}
