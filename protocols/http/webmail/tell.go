package webmail

import (
	"bytes"
	"slices"

	"mailsensor/protocols"
)

// accepted reports whether the service did what it was asked for, or some of it.
func (c *call) accepted() bool {
	return c.status >= 200 && c.status < 300 && (c.noes == 0 || c.oks > 0)
}

func (c *call) outcome() protocols.Outcome {
	switch {
	case c.status == 0:
		return protocols.Unknown
	case c.accepted():
		return protocols.Accepted
	}
	return protocols.Rejected
}

// of is the outcome of a part of the call: what was said of it by itself, else that
// of the call.
func (c *call) of(o protocols.Outcome) protocols.Outcome {
	if o == protocols.Unknown || c.outcome() != protocols.Accepted {
		return c.outcome()
	}
	return o
}

// verdict takes one of the answers that a response holds.
func (c *call) verdict(ok bool) {
	if ok {
		c.oks++
	} else {
		c.noes++
	}
}

func verdict(ok bool) protocols.Outcome {
	if ok {
		return protocols.Accepted
	}
	return protocols.Rejected
}

// teller puts what a call did into events.
type teller struct {
	c          *call
	t          int64
	out        protocols.Sink
	confidence protocols.Confidence
}

// head completes that of an event. Who is named by the call alone is the account of
// its events, and not of the connection: the next call may name somebody else.
func (w *teller) head(h *protocols.Head, o owner) {
	h.Confidence = w.confidence
	if who := w.c.account(o); len(who) > 0 && !bytes.Equal(h.Account, who) {
		h.Account = w.out.Copy(who)
	}
}

func (w *teller) operation() {
	c, e := w.c, w.out.MailOperation(w.t)
	o := c.only()
	w.head(&e.Head, o)
	e.API, e.Operation, e.Mailbox = c.name, w.out.Copy(c.op), w.out.Copy(c.box(o))
	e.Outcome, e.Code, e.Bytes = c.outcome(), uint16(c.status), c.octets
	e.UserAgent, e.DeviceID, e.Name, e.Upload = w.out.Copy(c.agent), w.out.Copy(c.device), w.out.Copy(c.file), c.upload
	e.Items = c.distinct()
}

func (w *teller) downloads() {
	if w.c.upload {
		return
	}
	for o := range owner(len(w.c.owners) + 1) {
		w.downloaded(o)
	}
}

// downloaded tells what was read of one owner's mail.
func (w *teller) downloaded(o owner) {
	c := w.c
	if !slices.Contains(c.whose, o) {
		return
	}
	r := w.out.MailboxRead(w.t)
	w.head(&r.Head, o)
	r.Command, r.Mailbox = c.name, w.out.Copy(c.box(o))
	for i, it := range c.items {
		if c.whose[i] != o {
			continue
		}
		if it.Kind == protocols.ReadPart {
			it.Section = w.out.Copy(partial)
		}
		r.Items = append(r.Items, it)
	}
}

// rule tells of a rule.
func (w *teller) rule(r *rule) {
	if !r.sure {
		return
	}
	c, out := w.c, w.out
	e := out.RuleChange(w.t)
	w.head(&e.Head, r.owner)
	e.Source, e.Command, e.Name = c.name, r.command, out.Copy(r.name)
	e.Created, e.Removed, e.Listed, e.Truncated = r.created, r.removed, r.listed, r.more || !c.sent
	e.Outcome = c.of(r.outcome)
	if r.script != nil {
		r.script.fill(e, out)
	} else {
		w.contents(e, r)
	}
	switch {
	case e.Outcome != protocols.Accepted:
	case r.removed:
		e.Live = protocols.No
	case r.enabled != protocols.Untold:
		e.Live = r.enabled
	case !r.idle:
		e.Live = protocols.Yes
	}
}

// contents tells what a rule does and when. Whatever else is done with it, a message
// that is not deleted stays where its owner can see it.
func (w *teller) contents(e *protocols.RuleChange, r *rule) {
	e.Contents = len(r.actions) > 0
	e.KeepsCopy = e.Contents && !r.loses
	for _, a := range r.actions {
		if a.Kind == protocols.ActionDiscard {
			e.KeepsCopy = false
		}
	}
	for _, a := range r.actions {
		a.Target, a.Copy, a.Conditional = w.out.Copy(a.Target), !r.loses, len(r.conditions) > 0
		e.Actions = append(e.Actions, a)
	}
	for _, x := range r.conditions {
		e.Conditions = append(e.Conditions, w.out.Copy(x))
	}
}
