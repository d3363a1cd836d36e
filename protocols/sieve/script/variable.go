package script

import "bytes"

// Variables (RFC 5229) are followed as long as their value does not depend on the
// mail: one that is set in a branch that not all mail takes has one of several
// values behind it, and one value within. One that was never set is empty.

type variable struct {
	name  span
	value span // as far as it is known; what is not stands in it as it was written
	known bool
	oneOf []span // not known: it has one of these values; nil: any
	// shared with included scripts, which may set it (RFC 6609, section 3.4.1)
	global bool
}

// span is a piece of variables.text.
type span struct{ at, n int32 }

type variables struct {
	list    []variable
	text    []byte // names and values; grows only
	log     []assignment
	lost    bool // more variables or values than are kept: those not found are unknown
	guessed bool // ${1} and its like depend on the mail

	choice int  // expand: 1 and the index of the variable that has one of several values; 0: none
	chosen bool // it has the value in take
	take   span
}

// maxOneOf is how many values of a variable are told apart.
const maxOneOf = 4

// assignment is what a variable was before.
type assignment struct {
	index int
	value span
	known bool
	oneOf []span
}

func (v *variables) get(s span) []byte { return v.text[s.at : s.at+s.n] }

func (v *variables) store(b []byte) (s span, ok bool) {
	if len(v.text)+len(b) > maxValues {
		v.lost = true
		return span{}, false
	}
	s = span{int32(len(v.text)), int32(len(b))}
	v.text = append(v.text, b...)
	return s, true
}

// find returns the index of the variable of that name, in any case; -1: none.
func (v *variables) find(name []byte) int {
	for i := range v.list {
		if bytes.EqualFold(v.get(v.list[i].name), name) {
			return i
		}
	}
	return -1
}

// assign sets a variable. What it was is noted, for the end of the branch.
func (v *variables) assign(name, value []byte, known, global bool) {
	i := v.find(name)
	if i < 0 {
		s, ok := v.store(name)
		if !ok || len(v.list) == maxVariables {
			v.lost = true
			return
		}
		i = len(v.list)
		v.list = append(v.list, variable{name: s, known: true})
	}
	if len(v.log) == maxLog { // nothing can be taken back any more
		v.forgetAll()
		return
	}
	x := &v.list[i]
	v.log = append(v.log, assignment{i, x.value, x.known, x.oneOf})
	s, ok := v.store(value)
	x.value, x.known, x.oneOf, x.global = s, known && ok && !v.lost, nil, x.global || global
}

func (v *variables) forgetAll() {
	v.lost = true
	for i := range v.list {
		v.list[i].known, v.list[i].oneOf = false, nil
	}
}

// included makes what an included script may set unknown.
func (v *variables) included() {
	for i := range v.list {
		if x := &v.list[i]; x.global && x.known {
			v.assign(v.get(x.name), nil, false, true)
		}
	}
}

// set is a set of variables by index.
type set [maxVariables / 64]uint64

func (s *set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *set) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

// expand appends b to out with its variables replaced by their values (RFC 5229,
// section 3), up to maxString octets. known is false if one of them has a value
// that depends on the mail: it stands in out as it was written.
func (v *variables) expand(out, b []byte) (_ []byte, known bool) {
	known = true
	for {
		i := bytes.Index(b, []byte("${"))
		if i < 0 {
			return bounded(out, b), known
		}
		out = bounded(out, b[:i])
		b = b[i:]
		name, n := reference(b)
		switch {
		case n == 0:
			out, n = bounded(out, b[:2]), 2
		default:
			value, ok := v.value(name)
			if !ok {
				known = false
				if value == nil {
					value = b[:n]
				}
			}
			out = bounded(out, value)
		}
		b = b[n:]
	}
}

func bounded(out, b []byte) []byte {
	return append(out, b[:min(len(b), max(0, maxString-len(out)))]...)
}

// value looks up a variable by the name that stands in ${…}.
func (v *variables) value(name []byte) (value []byte, known bool) {
	if isDigit(name[0]) {
		name = append(bytes.TrimLeft(name[:len(name)-1], "0"), name[len(name)-1])
	}
	if bytes.IndexByte(name, '.') >= 0 { // of a namespace: global., env. …
		return nil, false
	}
	i := v.find(name)
	if i < 0 { // never set: empty; before the first match, too
		return nil, !v.lost && !(v.guessed && isDigit(name[0]))
	}
	x := &v.list[i]
	switch {
	case x.oneOf != nil && v.choice == i+1 && v.chosen:
		return v.get(v.take), true
	case x.oneOf != nil:
		if v.choice == 0 {
			v.choice = i + 1
		}
		return nil, false
	case x.value.n == 0:
		return nil, x.known
	}
	return v.get(x.value), x.known
}

// reference reads ${name} at the beginning of b and returns the octets that it
// takes; 0: it is none.
func reference(b []byte) (name []byte, n int) {
	end := 2
	for end < len(b) && (isWord(b[end]) || b[end] == '.') && end < maxWord+2 {
		end++
	}
	name = b[2:end]
	if end == len(b) || b[end] != '}' || len(name) == 0 || name[0] == '.' || name[len(name)-1] == '.' {
		return nil, 0
	}
	if isDigit(name[0]) {
		for _, c := range name {
			if !isDigit(c) {
				return nil, 0
			}
		}
	}
	return name, end + 1
}

// set does what a set command asks for (RFC 5229, section 4).
func (r *Reader) set(f *frame) {
	name, value := r.positional(f, 1), r.positional(f, 0)
	if name == nil || value == nil || r.paths == 0 {
		return
	}
	known := value.known && !value.cut
	out := append(r.scratch[:0], r.str(value)...)
	for _, m := range modifiers { // by their precedence, the greatest first
		if r.has(f, m.name) {
			out = m.apply(out)
		}
	}
	for i := f.args; i < len(r.args); i++ {
		if a := &r.args[i]; a.kind == tag && !isModifier(r.str(a)) {
			known = false
		}
	}
	r.scratch = out
	if r.inLoop() { // what stands before it in the loop may come again
		known = false
		r.damage()
	}
	r.vars.assign(r.str(name), out, known, false)
	if len(value.oneOf) > 0 && f.group == 2 && !r.inLoop() { // as it is, without modifiers
		r.vars.either(r.str(name), value.oneOf)
	}
}
