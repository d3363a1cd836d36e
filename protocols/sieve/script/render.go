package script

import (
	"unicode"
	"unicode/utf8"
)

// Bounds of what is rendered of a test.
const (
	maxShown     = 4  // values of a list
	maxShownText = 60 // octets of one
)

// render appends a test in words: subject contains "invoice".
func (r *Reader) render(out []byte, f *frame) []byte {
	name := r.name(f)
	switch string(name) {
	case "not":
		return append(r.members(append(out, "not ("...), f, ", "), ')')
	case "anyof":
		return r.list(out, f, " or ")
	case "allof":
		return r.list(out, f, " and ")
	}
	if string(name) != "header" {
		out = append(out, name...)
	}
	for i := f.args; i < len(r.args); i++ {
		if a := &r.args[i]; a.kind == tag && isPart(r.str(a)) {
			out = append(append(out, ':'), r.str(a)...)
		}
	}
	keys := r.group(f, 0)
	if word := r.matchType(f); word != "" && len(keys) > 0 {
		for k := 3; k > 0; k-- { // what is looked at, in the order written
			out = r.values(out, r.group(f, k), false)
		}
		return cutText(r.values(append(space(out), word...), keys, true), maxCondition)
	}
	for i := f.args; i < len(r.args); i++ {
		switch a := &r.args[i]; {
		case a.kind == tag && isLimit(r.str(a)), a.kind == number:
			out = append(space(out), r.str(a)...)
		case a.kind == text && (i == f.args || r.args[i-1].group != a.group):
			n := i
			for n < len(r.args) && r.args[n].group == a.group {
				n++
			}
			out = r.values(out, r.args[i:n], true)
		}
	}
	return cutText(out, maxCondition)
}

// list renders anyof and allof, in parentheses within another.
func (r *Reader) list(out []byte, f *frame, between string) []byte {
	n := len(r.frames)
	if n < 2 || r.frames[n-2].kind != test || len(r.results)-f.results < 2 {
		return cutText(r.members(out, f, between), maxCondition)
	}
	return append(cutText(r.members(append(out, '('), f, between), maxCondition-1), ')')
}

// members renders the tests within a test or command.
func (r *Reader) members(out []byte, f *frame, between string) []byte {
	for i, s := range r.results[f.results:] {
		if i > 0 {
			out = append(out, between...)
		}
		out = append(out, r.arena[s.at:s.at+s.n]...)
	}
	if f.more {
		out = append(out, "…"...)
	}
	return out
}

// values renders strings: "a", "b".
func (r *Reader) values(out []byte, list []arg, quoted bool) []byte {
	for i := range list {
		if i == 0 {
			out = space(out)
		} else {
			out = append(out, ", "...)
		}
		if i == maxShown {
			return append(out, "…"...)
		}
		s := r.str(&list[i])
		switch shown := cutText(s, maxShownText); {
		case quoted:
			out = append(printable(append(out, '"'), shown), '"')
		default:
			out = printable(out, shown)
		}
	}
	return out
}

func space(out []byte) []byte {
	if len(out) > 0 && out[len(out)-1] != '(' {
		out = append(out, ' ')
	}
	return out
}

// matchType is the word between what is looked at and what for (RFC 5228, section
// 2.7.1; RFC 5231; RFC 6134).
func (r *Reader) matchType(f *frame) string {
	for i := f.args; i < len(r.args); i++ {
		a := &r.args[i]
		if a.kind != tag {
			continue
		}
		switch string(r.str(a)) {
		case "is":
			return "is"
		case "contains":
			return "contains"
		case "matches":
			return "matches"
		case "regex":
			return "matches regex"
		case "list":
			return "is in list"
		case "count":
			return "count" + r.relation(f, "count")
		case "value":
			return "value" + r.relation(f, "value")
		}
	}
	switch string(r.name(f)) {
	case "header", "address", "envelope", "string", "body", "date", "currentdate", "environment", "hasflag", "metadata", "servermetadata", "spamtest", "virustest":
		return "is"
	}
	return ""
}

// relation is the operator of :count and :value (RFC 5231).
func (r *Reader) relation(f *frame, name string) string {
	if v := r.value(f, name); len(v) > 0 {
		switch string(r.str(&v[0])) {
		case "gt":
			return " >"
		case "ge":
			return " >="
		case "lt":
			return " <"
		case "le":
			return " <="
		case "eq":
			return " ="
		case "ne":
			return " !="
		}
	}
	return ""
}

// isPart reports whether a tag says which part of an address or of a body is
// looked at (RFC 5228, section 2.7.4; RFC 5233; RFC 5173).
func isPart(tag []byte) bool {
	switch string(tag) {
	case "localpart", "domain", "user", "detail", "raw", "text":
		return true
	}
	return false
}

// isLimit reports whether a tag is one of the size test.
func isLimit(tag []byte) bool { return string(tag) == "over" || string(tag) == "under" }

// printable appends s as one line of text.
func printable(out, s []byte) []byte {
	for len(s) > 0 {
		c, n := utf8.DecodeRune(s)
		s = s[n:]
		if unicode.IsControl(c) {
			c = ' '
		}
		out = utf8.AppendRune(out, c)
	}
	return out
}

// cutText cuts s to n octets, at a character.
func cutText(s []byte, n int) []byte {
	if len(s) <= n {
		return s
	}
	const more = "…"
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return append(append(make([]byte, 0, n+len(more)), s[:n]...), more...)
}
