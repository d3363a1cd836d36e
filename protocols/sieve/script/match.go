package script

import (
	"strconv"
	"unicode/utf8"

	"mailsensor/protocols/line"
)

// Bounds of a match: the effort is the product of the two strings' lengths.
const (
	maxMatch    = 256
	maxCaptures = 9 // ${1} to ${9}
)

// match folds :matches on strings that do not depend on the mail, and notes what
// the wildcards stand for (RFC 5229, section 3.2): an address can be hidden in
// them, too. ok is false where that is too much work.
func (r *Reader) match(s, pattern []byte, fold bool) (t truth, ok bool) {
	if len(s) > maxMatch || len(pattern) > maxMatch {
		return maybe, false
	}
	found, ok := wildcards(s, pattern, fold)
	if !ok {
		return never, true
	}
	if len(found) > maxCaptures || !r.evaluated() {
		r.vars.guess()
		return always, true
	}
	r.captured = append(r.captured[:0], string(s))
	for _, c := range found {
		r.captured = append(r.captured, string(s[c.at:c.at+c.n]))
	}
	return always, true
}

// evaluated reports whether the test at the top is evaluated, and true, wherever
// the block behind it is entered.
func (r *Reader) evaluated() bool {
	for i := len(r.frames) - 2; i >= 0 && r.frames[i].kind == test; i-- {
		if string(r.name(&r.frames[i])) != "allof" {
			return false
		}
	}
	return true
}

// capture sets the match variables at the beginning of a block.
func (r *Reader) capture() {
	if len(r.captured) == 0 {
		return
	}
	for i := range maxCaptures + 1 {
		value := ""
		if i < len(r.captured) {
			value = r.captured[i]
		}
		r.vars.assign(strconv.AppendInt(nil, int64(i), 10), []byte(value), !r.inLoop(), false)
	}
	r.captured = r.captured[:0]
}

// guess says that the match variables now depend on the mail.
func (v *variables) guess() {
	v.guessed = true
	for i := range v.list {
		if x := &v.list[i]; x.known && isDigit(v.get(x.name)[0]) {
			v.assign(v.get(x.name), nil, false, false)
		}
	}
}

// wildcards matches s against a pattern, as little as possible with each wildcard
// (RFC 5228, section 2.7.1), and returns what they stand for.
func wildcards(s, p []byte, fold bool) (found []span, ok bool) {
	i, j := 0, 0
	star, at, behind := -1, 0, 0 // the last asterisk, its place in found, and where it ends in s
	for i < len(s) || j < len(p) {
		if j < len(p) && p[j] == '*' {
			star, at, behind = j, len(found), i
			found = append(found, span{int32(i), 0})
			j++
			continue
		}
		if n, taken := one(s[i:], p[j:]); taken > 0 && n > 0 && (p[j] == '?' || equal(s[i], p[j+taken-1], fold)) {
			if p[j] == '?' {
				found = append(found, span{int32(i), int32(n)})
			}
			i, j = i+n, j+taken
			continue
		}
		if star < 0 || behind == len(s) {
			return nil, false
		}
		behind++
		found = found[:at+1]
		found[at].n = int32(behind) - found[at].at
		i, j = behind, star+1
	}
	return found, true
}

// one says how many octets of s and of p belong to the next character.
func one(s, p []byte) (n, taken int) {
	switch {
	case len(s) == 0 || len(p) == 0:
		return 0, 0
	case p[0] == '?':
		_, n = utf8.DecodeRune(s)
		return n, 1
	case p[0] == '\\' && len(p) > 1:
		return 1, 2
	}
	return 1, 1
}

func equal(a, b byte, fold bool) bool {
	return a == b || fold && line.Upper(a) == line.Upper(b)
}
