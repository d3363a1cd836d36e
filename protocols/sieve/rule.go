package sieve

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// finish reports what became of a command.
func (p *parser) finish(c *command, o protocols.Outcome, code []byte) {
	switch c.verb {
	case unknown, lost, other, capability, starttls:
	case authenticate:
		p.endLogin(o)
	case unauthenticate:
		if o == protocols.Accepted {
			p.out.SetAccount(nil)
			p.forget()
			p.again = true
		}
	case listscripts:
		if o == protocols.Accepted && !p.srv.listed && !p.srv.holed && !c.lost {
			p.listed(nil, false) // none is in force
			p.activate(nil)
		}
	default:
		p.note(c, o, code)
		p.rule(c, o)
	}
}

// note follows which script is active.
func (p *parser) note(c *command, o protocols.Outcome, code []byte) {
	switch {
	case o == protocols.Rejected && c.verb == deletescript && line.EqualFold(code, "ACTIVE"): // RFC 5804, section 2.10
		p.activate(c.name)
	case o != protocols.Accepted:
	case c.torn && len(c.name) == 0 && c.verb != putscript:
		p.forget()
	case c.verb == setactive:
		p.activate(c.name)
	case c.verb == renamescript && p.isActive(c.name) == protocols.Yes:
		p.activate(c.newName)
	case c.verb == deletescript && p.isActive(c.name) == protocols.Yes: // some servers let it be deleted
		p.activate(nil)
	}
}

func (p *parser) activate(name []byte) {
	p.active, p.activeKnown = append(p.active[:0], name...), true
}

// isActive reports whether the script of that name is in force, as far as the
// connection shows.
func (p *parser) isActive(name []byte) protocols.Tristate {
	switch {
	case !p.activeKnown, len(name) == 0:
		return protocols.Untold
	case bytes.Equal(p.active, name):
		return protocols.Yes
	}
	return protocols.No
}

// live reports whether what a command named is in force behind it.
func (p *parser) live(c *command, o protocols.Outcome) protocols.Tristate {
	switch c.verb {
	case checkscript: // it is stored nowhere
		return protocols.No
	case putscript:
		if o == protocols.Rejected {
			return protocols.No
		}
	case deletescript:
		if o == protocols.Accepted {
			return protocols.No
		}
	case setactive:
		if len(c.name) == 0 && o == protocols.Accepted && !c.torn {
			return protocols.No
		}
	case renamescript:
		if o == protocols.Accepted {
			return p.isActive(c.newName)
		}
	}
	if o == protocols.Unknown || o == protocols.Unfinished {
		return protocols.Untold
	}
	return p.isActive(c.name)
}

// rule reports a command that is about a script.
func (p *parser) rule(c *command, o protocols.Outcome) {
	e := p.out.RuleChange(p.now)
	e.Source, e.Command, e.Outcome = "sieve", c.verb.String(), o
	if c.verb != checkscript {
		e.Name = p.out.Copy(c.name)
	}
	if c.verb == renamescript {
		e.NewName = p.out.Copy(c.newName)
	}
	e.Live = p.live(c, o)
	e.Removed = c.verb == deletescript && o == protocols.Accepted
	e.Listed = c.verb == getscript || c.verb == checkscript
	if c.reader != nil && !c.reader.Empty() {
		c.reader.Fill(e, p.out)
	}
	e.Truncated = e.Truncated || c.skipped
	if c.torn || c.lost || c.skipped || c.verb == getscript && p.srv.holed {
		e.Confidence = protocols.LowerBound
	}
}

// listed reports a script that LISTSCRIPTS names.
func (p *parser) listed(name []byte, active bool) {
	e := p.out.RuleChange(p.now)
	e.Source, e.Command, e.Outcome, e.Listed = "sieve", listscripts.String(), protocols.Accepted, true
	e.Name = p.out.Copy(name[:min(len(name), maxName)])
	e.Live = protocols.No
	if active {
		e.Live = protocols.Yes
		p.srv.listed = true
		p.activate(name)
	}
}
