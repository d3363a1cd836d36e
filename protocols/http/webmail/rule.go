package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// rule is one that a call makes, changes, deletes or reads.
type rule struct {
	command    string
	name       []byte
	key        uint64 // by which the response names it; 0: it does not
	created    bool
	removed    bool
	listed     bool
	idle       bool // the call does not put it in force, or need not
	sure       bool // it is a rule: the call could as well have been about something else
	loses      bool // no copy stays
	enabled    protocols.Tristate
	outcome    protocols.Outcome // Unknown: that of the call
	actions    []protocols.RuleAction
	conditions [][]byte
	script     *sieve // JMAP: the Sieve script that it is
	owner      owner
	parts      int // values that were looked at
	more       bool
}

func (r *rule) reset() {
	*r = rule{name: r.name[:0], actions: r.actions[:0], conditions: r.conditions[:0]}
}

// newRule begins one, which is then the current one.
func (c *call) newRule(command string) *rule {
	n := len(c.rules)
	if n == maxRules {
		c.more = true
		c.rule = -1
		return nil
	}
	if n < cap(c.rules) {
		c.rules = c.rules[:n+1]
		c.rules[n].reset()
	} else {
		c.rules = append(c.rules, rule{})
	}
	c.rule = n
	r := &c.rules[n]
	r.command, r.sure, r.owner = command, true, c.present()
	if a := c.current(); a != nil && !c.replied {
		a.rules[1] = n + 1
	}
	return r
}

// ruling is the rule that is being read, or nil.
func (c *call) ruling() *rule {
	if c.rule < 0 {
		return nil
	}
	return &c.rules[c.rule]
}

// dropRule forgets the current rule: it is none.
func (c *call) dropRule() {
	if c.rule >= 0 && c.rule == len(c.rules)-1 {
		c.rules = c.rules[:c.rule]
	}
	c.rule = -1
}

// rulePart takes a value that belongs to the current rule. The services name the same
// things alike: what differs is case, and whether an address stands in an object.
func (c *call) rulePart(path, value []byte) {
	r := c.ruling()
	if r == nil || len(value) == 0 {
		return
	}
	if r.parts++; r.parts > maxParts {
		r.more = true
		return
	}
	key := last(path)
	if is(key, "[]") {
		key = parent(path)
	}
	switch in, what := below(path, "Conditions", "Exceptions", "criteria", "negatedCriteria"); {
	case in != nil:
		r.condition(is(in, "Exceptions"), what, key, value)
	case conditionOf(path) != nil:
		what := conditionOf(path)
		except := hasPrefix(what, "ExceptIf")
		if except {
			what = what[len("ExceptIf"):]
		}
		if !is(key, "DisplayName", "RoutingType", "__type") {
			r.condition(except, what, what, value)
		}
	case r.sends(path, key, value), r.does(path, key, value):
	case is(key, "DisplayName", "Name") && !within(path, "From", "SentTo", "ForwardTo", "RedirectTo", "Folder"):
		r.name = keep(r.name, value, maxName)
	case is(key, "RuleId", "Identity", "RawIdentity") && len(r.name) == 0:
		r.name = keep(r.name, value, maxName)
	case is(key, "IsEnabled", "Enabled"):
		r.enabled = tristate(!is(value, "false"))
	}
}

func tristate(yes bool) protocols.Tristate {
	if yes {
		return protocols.Yes
	}
	return protocols.No
}

// sends takes a value of an action that sends mail; false: it is none.
func (r *rule) sends(path, key, value []byte) bool {
	switch {
	case within(path, "ForwardTo", "ForwardToRecipients", "ForwardAsAttachmentTo", "ForwardAsAttachmentToRecipients"):
		r.address(protocols.ActionForward, key, value)
	case within(path, "RedirectTo", "RedirectToRecipients"):
		r.address(protocols.ActionRedirect, key, value)
	case within(path, "SendSMSAlertToRecipients", "SendTextMessageNotificationTo"):
		r.once(protocols.ActionNotify, value)
	case within(path, "forward", "ForwardingSmtpAddress", "forwardingEmail", "ForwardingAddress"):
		r.sure = true
		r.address(protocols.ActionForward, key, value)
	case is(key, "DeliverToMailboxAndForward"):
		r.loses = is(value, "false")
	default:
		return false
	}
	return true
}

// does takes a value of any other action.
func (r *rule) does(path, key, value []byte) bool {
	yes := is(value, "true")
	switch {
	case is(key, "Delete", "DeleteMessage", "PermanentDelete"):
		if yes {
			r.once(protocols.ActionDiscard, nil)
		}
	case is(key, "MarkAsRead"):
		if yes {
			r.once(protocols.ActionMarkRead, nil)
		}
	case within(path, "MoveToFolder"):
		if !is(key, "ChangeKey", "@ChangeKey", "__type") {
			r.once(protocols.ActionMove, value)
		}
	case within(path, "CopyToFolder"):
		if !is(key, "ChangeKey", "@ChangeKey", "__type") {
			r.once(protocols.ActionCopy, value)
		}
	case within(path, "AssignCategories", "ApplyCategory", "ApplySystemCategory", "MarkImportance"):
		r.act(protocols.ActionFlag, value)
	case within(path, "ServerReplyWithMessage"):
		r.once(protocols.ActionReply, nil)
	case is(key, "addLabelIds"):
		switch {
		case is(value, "TRASH"):
			r.once(protocols.ActionDiscard, nil)
		case is(value, "SPAM"):
			r.act(protocols.ActionMove, value)
		default:
			r.act(protocols.ActionFlag, value)
		}
	case is(key, "removeLabelIds"):
		switch {
		case is(value, "UNREAD"):
			r.once(protocols.ActionMarkRead, nil)
		case is(value, "INBOX"):
			r.act(protocols.ActionMove, []byte("archive"))
		}
	default:
		return false
	}
	return true
}

// address adds an action that sends mail to an address; other values of its object,
// as the name of a person, are passed by. Exchange names its own by a path (X.500).
func (r *rule) address(kind protocols.ActionKind, key, value []byte) {
	value = bytes.TrimSpace(value)
	if hasPrefix(value, "smtp:") {
		value = value[len("smtp:"):]
	}
	if i := bytes.IndexByte(value, '<'); i >= 0 { // "Name" <address>
		value = bytes.TrimRight(value[i+1:], "> ")
	}
	if is(key, "Name", "DisplayName") { // whatever it says
		return
	}
	internal := hasPrefix(value, "/o=") && is(key, "EmailAddress", "Address", "RawIdentity")
	if !internal && (bytes.IndexByte(value, '@') <= 0 || bytes.IndexByte(value, ' ') >= 0) {
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
	r.actions = append(r.actions, protocols.RuleAction{Kind: kind, Target: bytes.Clone(target[:min(len(target), maxName)])})
}
