package protocols

func (l *jsonLine) ruleChange(e *RuleChange) {
	l.word("source", e.Source)
	l.word("command", e.Command)
	l.text("name", e.Name)
	l.text("new_name", e.NewName)
	l.word("outcome", e.Outcome.String())
	l.state("live", e.Live)
	l.flag("created", e.Created)
	l.flag("removed", e.Removed)
	l.flag("listed", e.Listed)
	if e.Contents {
		l.actions("actions", e.Actions)
		l.texts("conditions", e.Conditions)
		l.key("keeps_copy")
		*l = appendBool(*l, e.KeepsCopy)
	}
	if e.Hash != [32]byte{} {
		l.hex("sha256", e.Hash[:])
	}
	l.flag("truncated", e.Truncated)
	if e.Compared {
		l.actions("added", e.Added)
		l.actions("gone", e.Gone)
	}
}

func (l *jsonLine) actions(name string, list []RuleAction) {
	l.list(name)
	for i := range list {
		a := &list[i]
		l.comma()
		*l = append(*l, '{')
		l.word("action", a.Kind.String())
		l.text("target", a.Target)
		l.flag("copy", a.Copy)
		l.flag("conditional", a.Conditional)
		l.flag("unresolved", a.Unresolved)
		l.end('}')
	}
	l.end(']')
}

// state writes a Tristate and leaves out what is not known.
func (l *jsonLine) state(name string, s Tristate) {
	if s != Untold {
		l.key(name)
		*l = appendBool(*l, s == Yes)
	}
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}
