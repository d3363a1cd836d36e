package script

import "slices"

type argKind uint8

const (
	text argKind = iota // a string
	tag
	number
)

// arg is an argument, or one string of a list.
type arg struct {
	kind   argKind
	at, n  int32    // in the arena
	group  int32    // which argument of its command it is, from 0
	tagged bool     // it belongs to the tag before it
	known  bool     // it does not depend on the mail
	cut    bool     // there was more than is kept
	oneOf  []string // it is one of these, as far as it does not depend on the mail
}

// argument takes a tag or a number, which is kept as it was written.
func (r *Reader) argument(k argKind, w []byte) {
	at := len(r.arena)
	r.arena = append(r.arena, w...)
	r.addArg(arg{kind: k, at: int32(at), n: int32(len(w)), known: true})
}

// stringArgument takes the string that stands at the end of the arena.
func (r *Reader) stringArgument() {
	b := r.arena[r.begun:]
	known := !r.cut
	var oneOf []string
	if r.require.encoded {
		r.scratch = decode(r.scratch[:0], b)
		b = append(b[:0], r.scratch...)
	}
	if r.require.variables {
		var ok bool
		r.vars.choice = 0
		r.scratch, ok = r.vars.expand(r.scratch[:0], b)
		if known && !ok {
			oneOf = r.vars.each(b)
		}
		known = known && ok
		b = append(b[:0], r.scratch...)
	}
	cut := r.cut
	if room := max(maxArena-r.begun, 0); len(b) > room {
		b, cut = b[:room], true
	}
	r.arena = append(r.arena[:r.begun], b...)
	r.addArg(arg{at: int32(r.begun), n: int32(len(b)), known: known && !cut, cut: cut, oneOf: oneOf})
}

// addArg adds an argument whose text ends the arena.
func (r *Reader) addArg(a arg) {
	f := r.top()
	if f == nil || f.kind == inBlock || f.tests {
		r.damage()
		r.arena = r.arena[:a.at]
		return
	}
	if !f.list {
		f.group++
	}
	a.group = f.group
	n := len(r.args)
	if n > f.args {
		last := &r.args[n-1]
		if last.group == a.group {
			a.tagged = last.tagged
		} else {
			a.tagged = a.kind != tag && last.kind == tag && takesValue(r.str(last))
		}
		if n-f.args == maxArgs || n == maxAllArgs { // the last one counts most: what a command acts on stands last
			f.more = true
			k := copy(r.arena[last.at:], r.str(&a))
			a.at = last.at
			r.arena = r.arena[:int(a.at)+k]
			r.args = r.args[:n-1]
		}
	}
	r.args = append(r.args, a)
}

// takesValue reports whether a tag is followed by a value of its own.
func takesValue(name []byte) bool {
	_, found := slices.BinarySearch(valueTags, string(name))
	return found
}

// valueTags have a value of their own, as the RFCs define them: comparators
// (5228), relational tests (5231), dates (5260), vacation (5230, 6131), enotify
// (5435), imap4flags (5232), MIME parts (5703), body (5173), duplicate (7352),
// redirect with DSN and deliverby (6009), fcc and special-use (8580, 8579),
// mailboxid (9042), and the notify extension before RFC 5435.
var valueTags = []string{
	"addresses", "bymode", "bytimeabsolute", "bytimerelative", "comparator", "content", "count", "days", "fcc", "first",
	"flags", "from", "handle", "header", "importance", "index", "mailboxid", "message", "method", "name", "notify",
	"options", "param", "ret", "seconds", "specialuse", "subject", "uniqueid", "value", "zone",
}

// group returns the strings of the last argument of a command or test (k is 0),
// or of one before it, values of tags not counted: what RFC 5228, section 2.6.1
// calls positional arguments.
func (r *Reader) group(f *frame, k int) []arg {
	for i := len(r.args); i > f.args; {
		j := i - 1
		for j > f.args && r.args[j-1].group == r.args[j].group {
			j--
		}
		if a := &r.args[j]; a.kind == text && !a.tagged {
			if k == 0 {
				return r.args[j:i]
			}
			k--
		}
		i = j
	}
	return nil
}

// positional returns the first string of such an argument, or nil.
func (r *Reader) positional(f *frame, k int) *arg {
	if g := r.group(f, k); len(g) > 0 {
		return &g[0]
	}
	return nil
}

// has reports whether a command or test has the tag.
func (r *Reader) has(f *frame, name string) bool {
	for i := f.args; i < len(r.args); i++ {
		if a := &r.args[i]; a.kind == tag && string(r.str(a)) == name {
			return true
		}
	}
	return false
}

// value returns the strings that belong to a tag.
func (r *Reader) value(f *frame, name string) []arg {
	for i := f.args; i < len(r.args); i++ {
		if a := &r.args[i]; a.kind != tag || string(r.str(a)) != name {
			continue
		}
		j := i + 1
		for j < len(r.args) && r.args[j].tagged && r.args[j].group == r.args[i+1].group {
			j++
		}
		return r.args[i+1 : j]
	}
	return nil
}
