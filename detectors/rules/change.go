package rules

import (
	"bytes"

	"mailsensor/protocols"
)

// script takes a change of a Sieve script, of which one is in force at most (RFC
// 5804, section 1.4).
func (t *Tracker) script(b *box, e *protocols.RuleChange) {
	sure := e.Outcome == protocols.Accepted
	switch e.Command {
	case "SETACTIVE":
		t.setActive(b, e, sure)
	case "LISTSCRIPTS":
		if len(e.Name) == 0 { // none is in force
			b.activate("")
			return
		}
		t.text(b, e, sure)
	case "DELETESCRIPT":
		if sure {
			b.remove(e)
		}
	case "RENAMESCRIPT":
		if sure {
			t.rename(b, e)
		}
	default:
		t.text(b, e, sure)
	}
}

// text takes what shows a script or its name: PUTSCRIPT, GETSCRIPT, LISTSCRIPTS.
func (t *Tracker) text(b *box, e *protocols.RuleChange, sure bool) {
	r := t.rule(b, e)
	if sure && e.Live == protocols.Untold && b.activeKnown {
		e.Live = state(b.active == r.name)
	}
	if e.Contents {
		if r.contents && !r.truncated && !e.Truncated {
			compare(e, r.actions, e.Actions)
		}
		t.store(r, e)
	} else if e.Command == "PUTSCRIPT" { // another text than the one that is known
		r.contents, r.removed = false, false
	}
	switch {
	case e.Live == protocols.Yes:
		b.activate(r.name)
	case e.Live == protocols.No:
		r.live = protocols.No
		if b.active == r.name {
			b.activeKnown = false
		}
	}
}

// setActive makes the stored text live: the event then says what that is, and what
// is different from the script that was in force.
func (t *Tracker) setActive(b *box, e *protocols.RuleChange, sure bool) {
	before, known := b.inForce()
	if len(e.Name) == 0 {
		if !sure {
			b.activeKnown = false
			return
		}
		if known {
			compare(e, before, nil)
		}
		b.activate("")
		return
	}
	r := t.rule(b, e)
	if !sure {
		b.activeKnown, r.live = false, protocols.Untold
		return
	}
	if r.contents && !e.Contents {
		r.fill(e)
		if known && !r.truncated {
			compare(e, before, r.actions)
		}
	}
	r.removed = false
	b.activate(r.name)
}

// inForce returns what the script in force does, and whether that is known.
func (b *box) inForce() (actions []protocols.RuleAction, known bool) {
	if !b.activeKnown {
		return nil, false
	}
	if b.active == "" {
		return nil, true
	}
	r := b.find(b.active)
	if r == nil || !r.contents || r.truncated {
		return nil, false
	}
	return r.actions, true
}

func (b *box) activate(name string) {
	b.active, b.activeKnown = name, true
	for i := range b.rules {
		r := &b.rules[i]
		r.live = state(r.name == name && name != "" && !r.removed)
	}
}

func state(yes bool) protocols.Tristate {
	if yes {
		return protocols.Yes
	}
	return protocols.No
}

// remove notes that a rule was deleted: what it did is gone.
func (b *box) remove(e *protocols.RuleChange) {
	r := b.find(string(e.Name))
	if r == nil {
		return
	}
	if r.contents && !r.truncated {
		compare(e, r.actions, nil)
	}
	r.removed, r.live, r.last = true, protocols.No, e.Time
	if b.active == r.name {
		b.active = ""
	}
}

// rename follows a script to its new name. Another of that name is no more.
func (t *Tracker) rename(b *box, e *protocols.RuleChange) {
	for i := range b.rules {
		if b.rules[i].name == string(e.NewName) && !bytes.Equal(e.Name, e.NewName) {
			t.size -= b.rules[i].size
			b.rules = append(b.rules[:i], b.rules[i+1:]...)
			break
		}
	}
	r := t.rule(b, e)
	if b.activeKnown && b.active == r.name {
		b.active = string(e.NewName)
	}
	r.name = string(e.NewName)
	t.resize(r)
	if e.Live == protocols.Untold && b.activeKnown {
		e.Live = state(b.active == r.name)
	}
	if e.Live == protocols.Yes {
		b.activate(r.name)
	}
}

// single takes a rule of a mail service: each is in force or not by itself.
func (t *Tracker) single(b *box, e *protocols.RuleChange) {
	if e.Removed {
		b.remove(e)
		return
	}
	r := t.rule(b, e)
	switch {
	case e.Contents:
		if r.contents && !r.truncated && !e.Truncated {
			compare(e, r.actions, e.Actions)
		}
		t.store(r, e)
	case r.contents && e.Live == protocols.Yes && r.live != protocols.Yes: // switched on
		r.fill(e)
	}
	if e.Live != protocols.Untold {
		r.live = e.Live
	}
	if e.Live == protocols.Yes {
		r.removed = false
	}
}

// compare says in e what is done now and was not before, and the reverse.
func compare(e *protocols.RuleChange, before, now []protocols.RuleAction) {
	e.Compared = true
	e.Added, e.Gone = without(now, before), without(before, now)
}

// without returns the actions of list that other does not have.
func without(list, other []protocols.RuleAction) (left []protocols.RuleAction) {
	for i := range list {
		found := false
		for j := range other {
			found = found || same(&list[i], &other[j])
		}
		if !found {
			left = append(left, list[i])
		}
	}
	return left
}

func same(a, b *protocols.RuleAction) bool {
	return a.Kind == b.Kind && a.Copy == b.Copy && a.Conditional == b.Conditional && a.Unresolved == b.Unresolved &&
		(bytes.Equal(a.Target, b.Target) || a.Kind.Sends() && bytes.EqualFold(a.Target, b.Target))
}
