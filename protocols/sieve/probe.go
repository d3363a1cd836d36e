package sieve

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// probe recognises ManageSieve by a greeting that lists capabilities, or by what
// only its clients say.
func probe(p protocols.Probe) protocols.Verdict {
	if p.Midstream {
		if certain(p.ToServer) || listing(p.ToClient) {
			return protocols.Accept
		}
		return protocols.NeedMore
	}
	g := p.ToClient
	switch {
	case len(g) == 0 && certain(p.ToServer):
		return protocols.Accept
	case len(g) == 0:
		return judgeClient(p.ToServer)
	case g[0] == '"', g[0] == '{':
		if listing(g) || certain(p.ToServer) {
			return protocols.Accept
		}
		return protocols.NeedMore
	case bye(g):
		return protocols.Maybe
	case len(g) <= len("BYE ") && line.EqualFold(g, "BYE "[:len(g)]):
		return protocols.NeedMore
	}
	return protocols.Reject
}

// bye reports whether a greeting is a refusal (RFC 5804, section 1.3).
func bye(g []byte) bool {
	return len(g) > 4 && line.HasPrefixFold(g, "BYE ") && (g[4] == '"' || g[4] == '(' || g[4] == '{')
}

// judgeClient judges what a client says that the server did not answer yet.
func judgeClient(b []byte) protocols.Verdict {
	if w, _ := firstWord(b); len(b) > maxWord && len(w) > maxWord {
		return protocols.Reject
	}
	first, _, whole := bytes.Cut(b, []byte("\n"))
	if !whole {
		return protocols.NeedMore
	}
	w, _ := firstWord(first)
	if verbOf(w) == unknown {
		return protocols.Reject
	}
	return protocols.NeedMore
}

func firstWord(b []byte) (word, rest []byte) { return line.Word(bytes.TrimRight(b, "\r")) }

// certain reports whether a line of b is a command that no other protocol has.
func certain(b []byte) bool {
	for len(b) > 0 {
		l, rest, whole := bytes.Cut(b, []byte("\n"))
		b = rest
		w, arg := firstWord(l)
		switch verbOf(w) {
		case putscript, checkscript, setactive, getscript, deletescript, renamescript, authenticate:
			if len(arg) > 1 && (arg[0] == '"' || arg[0] == '{' && '0' <= arg[1] && arg[1] <= '9') {
				return true
			}
		case listscripts:
			if whole && len(arg) == 0 {
				return true
			}
		}
	}
	return false
}

// listing reports whether a line of b says what the server is, in the form of a
// capability, or which script is active.
func listing(b []byte) bool {
	for len(b) > 0 {
		l, rest, whole := bytes.Cut(b, []byte("\n"))
		b = rest
		if !whole || len(l) == 0 || l[0] != '"' {
			continue
		}
		l = bytes.TrimRight(l, "\r")
		if line.HasPrefixFold(l, `"IMPLEMENTATION" "`) || line.HasPrefixFold(l, `"SIEVE" "`) || line.HasPrefixFold(l, `"SASL" "`) {
			return true
		}
		if n := len(l) - len(`" ACTIVE`); n > 1 && line.EqualFold(l[n:], `" ACTIVE`) {
			return true
		}
	}
	return false
}
