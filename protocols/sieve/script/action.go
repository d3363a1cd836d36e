package script

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// action is one thing that the script does.
type action struct {
	kind        protocols.ActionKind
	at, n       int // of its target
	copy        bool
	conditional bool
	unresolved  bool
}

// execute does what the command at the top asks for, as far as it concerns where
// the mail goes.
func (r *Reader) execute(f *frame) {
	if f.more {
		r.damage()
	}
	switch string(r.name(f)) {
	case "require":
		r.requires(f)
	case "set":
		r.set(f)
	case "global", "import": // shared with other scripts (RFC 6609, section 3.4.1)
		for i := f.args; i < len(r.args) && r.paths != 0; i++ {
			r.vars.assign(r.str(&r.args[i]), nil, false, true)
		}
	case "extracttext": // RFC 5703, section 7: from the mail
		if v := r.positional(f, 0); v != nil && r.paths != 0 {
			r.vars.assign(r.str(v), nil, false, false)
		}
	case "stop", "return", "error": // return of a script that is not included (RFC 6609, section 3.3); RFC 5463, section 5
		r.stop()
	case "break":
		r.leave()
	default:
		if r.paths != 0 {
			r.act(f)
		}
	}
}

func (r *Reader) requires(f *frame) {
	for i := f.args; i < len(r.args); i++ {
		switch string(r.str(&r.args[i])) {
		case "variables":
			r.require.variables = true
		case "encoded-character":
			r.require.encoded = true
		}
	}
}

// act is execute for commands that do something with the mail.
func (r *Reader) act(f *frame) {
	copied := r.has(f, "copy") // RFC 3894
	switch string(r.name(f)) {
	case "redirect":
		r.redirect(f, copied)
	case "fileinto":
		kind := protocols.ActionMove
		if copied {
			kind = protocols.ActionCopy
		}
		r.addAll(kind, r.group(f, 0), copied)
		r.flags(r.value(f, "flags"))
		if r.paths = r.paths.keep(); !copied {
			r.paths = r.paths.cancel()
		}
	case "keep":
		r.flags(r.value(f, "flags"))
		r.paths = r.paths.keep()
	case "discard":
		r.add(protocols.ActionDiscard, nil, false, false)
		r.paths = r.paths.cancel()
	case "reject", "ereject", "refuse": // RFC 5429
		r.add(protocols.ActionReject, nil, false, false)
		r.paths = r.paths.cancel()
	case "vacation": // RFC 5230
		r.add(protocols.ActionReply, nil, true, false)
	case "notify":
		r.notify(f)
	case "setflag", "addflag": // RFC 5232
		r.flags(r.group(f, 0))
	case "include": // RFC 6609
		r.addAll(protocols.ActionInclude, r.group(f, 0), true)
		r.vars.included()
	case "pipe": // of Dovecot: to a program
		program := r.group(f, 1)
		if program == nil { // without arguments
			program = r.group(f, 0)
		}
		r.addAll(protocols.ActionForward, program, copied)
		if !copied {
			r.paths = r.paths.cancel()
		}
	}
}

// redirect takes the addresses that mail is sent on to. With :list (RFC 6134,
// section 2.7) they are in a list that the script only names.
func (r *Reader) redirect(f *frame, copied bool) {
	listed := r.has(f, "list")
	for _, a := range r.group(f, 0) {
		r.each(&a, func(s []byte, unresolved bool) {
			r.add(protocols.ActionRedirect, mailbox(s), copied, unresolved || listed)
		})
	}
	if !copied {
		r.paths = r.paths.cancel()
	}
}

// addAll adds an action for each string.
func (r *Reader) addAll(kind protocols.ActionKind, list []arg, copied bool) {
	for i := range list {
		r.each(&list[i], func(s []byte, unresolved bool) { r.add(kind, s, copied, unresolved) })
	}
}

// each calls do with the string of an argument, or with each of those that it can
// be: none of them is for all mail then.
func (r *Reader) each(a *arg, do func(s []byte, unresolved bool)) {
	if len(a.oneOf) == 0 {
		do(r.str(a), !a.known)
		return
	}
	r.either = true
	for _, s := range a.oneOf {
		do([]byte(s), false)
	}
	r.either = false
}

// flags takes what marks the mail: \Seen hides that it came.
func (r *Reader) flags(list []arg) {
	for i := range list {
		for b := r.str(&list[i]); len(b) > 0; {
			var flag []byte
			if flag, b = line.Word(line.TrimLeft(b)); len(flag) == 0 {
				continue
			}
			if line.EqualFold(flag, `\SEEN`) {
				r.add(protocols.ActionMarkRead, nil, true, false)
			} else {
				r.add(protocols.ActionFlag, flag, true, !list[i].known)
			}
		}
	}
}

// add notes an action.
func (r *Reader) add(kind protocols.ActionKind, target []byte, copied, unresolved bool) {
	target = bytes.TrimFunc(target, func(c rune) bool { return c <= ' ' })
	if len(target) > maxTarget {
		target = target[:maxTarget]
		r.damage()
	}
	conditional := r.conditional() || r.either
	for i := range r.actions {
		a := &r.actions[i]
		if a.kind == kind && a.copy == copied && a.unresolved == unresolved && bytes.Equal(r.targets[a.at:a.at+a.n], target) {
			a.conditional = a.conditional && conditional
			return
		}
	}
	if len(r.actions) == maxActions || len(r.targets)+len(target) > maxTargets {
		r.damage()
		return
	}
	r.actions = append(r.actions, action{kind, len(r.targets), len(target), copied, conditional, unresolved})
	r.targets = append(r.targets, target...)
}

// mailbox is the address in a string that may hold a name, too.
func mailbox(b []byte) []byte {
	if i := bytes.LastIndexByte(b, '<'); i >= 0 {
		if j := bytes.IndexByte(b[i:], '>'); j > 0 {
			return b[i+1 : i+j]
		}
	}
	return b
}
