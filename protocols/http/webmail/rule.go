package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// rule is one that a call makes, changes or deletes.
type rule struct {
	command    string
	name       []byte
	created    bool
	removed    bool
	disabled   bool
	listed     bool
	actions    []protocols.RuleAction
	conditions [][]byte
	more       bool
}

// newRule begins one.
func (c *call) newRule(command string) *rule {
	if len(c.rules) == maxRules {
		c.more = true
		return nil
	}
	c.rules = append(c.rules, rule{command: command})
	c.rule = &c.rules[len(c.rules)-1]
	return c.rule
}

// rulePart takes a value that belongs to a rule. The services name the same things
// alike: what differs is case, and whether an address stands in an object.
func (c *call) rulePart(path, value []byte) {
	r := c.rule
	if r == nil || len(value) == 0 {
		return
	}
	key := last(path)
	if is(key, "[]") {
		key = parent(path)
	}
	yes := is(value, "true")
	switch {
	case anyWithin(path, "ForwardTo", "ForwardToRecipients"):
		r.address(protocols.ActionForward, value)
	case anyWithin(path, "ForwardAsAttachmentTo", "ForwardAsAttachmentToRecipients"):
		r.address(protocols.ActionForward, value)
	case anyWithin(path, "RedirectTo", "RedirectToRecipients"):
		r.address(protocols.ActionRedirect, value)
	case is(key, "forward", "ForwardingSmtpAddress", "forwardingEmail", "ForwardingAddress"):
		r.address(protocols.ActionForward, value)
	case is(key, "Delete", "DeleteMessage", "PermanentDelete") && yes:
		r.act(protocols.ActionDiscard, nil)
	case is(key, "MarkAsRead") && yes:
		r.act(protocols.ActionMarkRead, nil)
	case within(path, "MoveToFolder") && !is(key, "ChangeKey"), is(key, "MoveToFolder"):
		r.once(protocols.ActionMove, value)
	case within(path, "CopyToFolder") && !is(key, "ChangeKey"), is(key, "CopyToFolder"):
		r.once(protocols.ActionCopy, value)
	case within(path, "AssignCategories"), is(key, "ApplyCategory"):
		r.act(protocols.ActionFlag, value)
	case is(key, "addLabelIds"):
		if is(value, "TRASH") {
			r.act(protocols.ActionDiscard, nil)
		} else {
			r.act(protocols.ActionFlag, value)
		}
	case is(key, "removeLabelIds"):
		switch {
		case is(value, "UNREAD"):
			r.act(protocols.ActionMarkRead, nil)
		case is(value, "INBOX"):
			r.act(protocols.ActionMove, []byte("archive"))
		}
	case is(key, "DisplayName", "Name") && !anyWithin(path, "From", "SentTo", "Conditions", "FromAddresses"):
		r.name = keep(nil, value, maxName)
	case is(key, "RuleId", "Identity", "RawIdentity") && len(r.name) == 0:
		r.name = keep(nil, value, maxName)
	case is(key, "IsEnabled", "Enabled"):
		r.disabled = is(value, "false")
	case anyWithin(path, "Conditions", "criteria") || isCondition(key):
		r.condition(key, path, value)
	}
}

func anyWithin(path []byte, names ...string) bool {
	for _, n := range names {
		if within(path, n) {
			return true
		}
	}
	return false
}

// isCondition reports whether a key is one of those by which Outlook on the web says,
// beside the actions, what a rule looks for.
func isCondition(key []byte) bool {
	return is(key, "SubjectContainsWords", "SubjectOrBodyContainsWords", "BodyContainsWords", "FromAddressContainsWords",
		"RecipientAddressContainsWords", "HeaderContainsWords", "HasAttachment", "WithImportance")
}

func (r *rule) condition(key, path, value []byte) {
	if is(key, "String", "Address", "EmailAddress", "[]") { // EWS: what it is stands above
		if p := parent(path); len(p) > 0 && !is(p, "[]") {
			key = p
		}
	}
	if len(r.conditions) == maxConditions {
		r.more = true
		return
	}
	text := append(append(bytes.Clone(key), ' '), keep(nil, value, 128)...)
	r.conditions = append(r.conditions, text)
}

// address adds an action that sends mail to an address; other values of its object,
// as the name of a person, are passed by.
func (r *rule) address(kind protocols.ActionKind, value []byte) {
	value = bytes.TrimSpace(value)
	if len(value) > 5 && is(value[:5], "smtp:") {
		value = value[5:]
	}
	if i := bytes.IndexByte(value, '<'); i >= 0 { // "Name" <address>
		value = bytes.TrimRight(value[i+1:], "> ")
	}
	if bytes.IndexByte(value, '@') <= 0 || bytes.IndexByte(value, ' ') >= 0 {
		return
	}
	for i := range r.actions {
		if a := &r.actions[i]; a.Kind == kind && bytes.EqualFold(a.Target, value) {
			return
		}
	}
	r.act(kind, value)
}

// once is act for what an object says in several values.
func (r *rule) once(kind protocols.ActionKind, target []byte) {
	for i := range r.actions {
		if r.actions[i].Kind == kind {
			return
		}
	}
	r.act(kind, target)
}

func (r *rule) act(kind protocols.ActionKind, target []byte) {
	if len(r.actions) == maxActions {
		r.more = true
		return
	}
	r.actions = append(r.actions, protocols.RuleAction{Kind: kind, Target: keep(nil, target, maxName), Copy: true})
}

func (c *call) tellRule(t int64, out protocols.Sink, r *rule, confidence protocols.Confidence) {
	e := out.RuleChange(t)
	e.Source, e.Command, e.Name, e.Outcome, e.Confidence = c.name, r.command, out.Copy(r.name), c.outcome(), confidence
	e.Created, e.Removed, e.Listed, e.Truncated = r.created, r.removed, r.listed, r.more || !c.sent
	e.Contents = len(r.actions) > 0
	e.KeepsCopy = true
	for _, a := range r.actions {
		a.Target = out.Copy(a.Target)
		a.Conditional = len(r.conditions) > 0
		if a.Kind == protocols.ActionDiscard || a.Kind == protocols.ActionRedirect || a.Kind == protocols.ActionMove {
			e.KeepsCopy = e.KeepsCopy && a.Kind == protocols.ActionMove
		}
		e.Actions = append(e.Actions, a)
	}
	for _, x := range r.conditions {
		e.Conditions = append(e.Conditions, out.Copy(x))
	}
	switch {
	case e.Outcome != protocols.Accepted:
	case r.removed || r.disabled:
		e.Live = protocols.No
	default:
		e.Live = protocols.Yes
	}
}
