package script

import (
	"bytes"

	"mailsensor/protocols/line"
)

// judge tells what a test is worth whatever the mail is.
func (r *Reader) judge(f *frame) truth {
	switch string(r.name(f)) {
	case "true":
		return always
	case "false":
		return never
	case "not":
		return f.said.all().not()
	case "anyof":
		return f.said.any()
	case "allof":
		return f.said.all()
	case "size": // no message is empty
		if n := len(r.args); n > f.args && r.args[n-1].kind == number && isZero(r.str(&r.args[n-1])) {
			if r.has(f, "over") {
				return always
			}
			if r.has(f, "under") {
				return never
			}
		}
	case "string":
		if t, ok := r.compare(f); ok {
			return t
		}
	}
	if r.has(f, "matches") || r.has(f, "regex") {
		r.vars.guess()
	}
	return maybe
}

func isZero(number []byte) bool {
	for i, c := range number {
		if c != '0' && (i == 0 || isDigit(c)) {
			return false
		}
	}
	return true
}

// compare folds a string test whose strings do not depend on the mail (RFC 5229,
// section 5). ok is false where that cannot be told.
func (r *Reader) compare(f *frame) (t truth, ok bool) {
	sources, keys := r.group(f, 1), r.group(f, 0)
	if len(sources) == 0 || f.more || r.has(f, "regex") || r.has(f, "count") || r.has(f, "value") || r.has(f, "list") {
		return maybe, false
	}
	matches := r.has(f, "matches")
	if matches && len(sources)*len(keys) > 1 {
		return maybe, false
	}
	fold := true // i;ascii-casemap is the default (RFC 5228, section 2.7.3)
	if c := r.value(f, "comparator"); len(c) > 0 {
		fold = string(r.str(&c[0])) != "i;octet"
	}
	for i := range sources {
		for j := range keys {
			if !sources[i].known || !keys[j].known {
				return maybe, false
			}
			a, b := r.str(&sources[i]), r.str(&keys[j])
			if matches {
				return r.match(a, b, fold)
			}
			if fold {
				a, b = upper(a), upper(b)
			}
			if bytes.Equal(a, b) || r.has(f, "contains") && bytes.Contains(a, b) {
				return always, true
			}
		}
	}
	return never, true
}

func upper(b []byte) []byte { return change(bytes.Clone(b), len(b), line.Upper) }

// condition notes what the command at the top asks for.
func (r *Reader) condition(f *frame) {
	if r.paths == 0 {
		return
	}
	r.scratch = r.members(r.scratch[:0], f, " and ")
	if len(r.scratch) == 0 {
		return
	}
	c := cutText(r.scratch, maxCondition)
	for _, have := range r.conditions {
		if bytes.Equal(have, c) {
			return
		}
	}
	if len(r.conditions) < maxConditions {
		r.conditions = append(r.conditions, bytes.Clone(c))
	}
}
