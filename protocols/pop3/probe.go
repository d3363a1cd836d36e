package pop3

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// probe recognises POP3 by a greeting that begins with +OK and a command that
// fits. Redis answers +OK as well, but its client speaks first; FTP has USER,
// PASS and RETR, but greets by number.
func probe(p protocols.Probe) protocols.Verdict {
	if p.Midstream {
		return probeAnywhere(p)
	}
	s, c := judgeServer(p.ToClient), judgeClient(p.ToServer)
	switch {
	case s == protocols.Reject || c == protocols.Reject:
		return protocols.Reject
	case c == protocols.Accept && s != protocols.NeedMore, certain(p.ToServer):
		return protocols.Accept
	case s == protocols.Maybe && c == protocols.NeedMore && len(p.ToServer) == 0:
		return protocols.Maybe
	}
	return protocols.NeedMore
}

// judgeServer judges the greeting.
func judgeServer(b []byte) protocols.Verdict {
	k := min(len(b), 3)
	switch {
	case len(b) == 0:
		return protocols.NeedMore
	case k < 3 && line.EqualFold(b[:k], "+OK"[:k]), k < 3 && bytes.Equal(b[:k], []byte("-ERR")[:k]):
		return protocols.NeedMore
	case isOK(b), isErr(b):
		return protocols.Maybe
	}
	return protocols.Reject
}

// judgeClient judges the first command.
func judgeClient(b []byte) protocols.Verdict {
	if len(b) < 4 {
		return protocols.NeedMore
	}
	first, _, whole := bytes.Cut(b, newline[1:])
	if !whole && len(b) < maxCommand {
		return protocols.NeedMore
	}
	c, arg := read(bytes.TrimRight(first, "\r"))
	switch c.verb {
	case user, apop, stls, uidl, uidlOne, stat:
		return protocols.Accept
	case capa, lines:
		return protocols.Accept
	case auth: // Redis: AUTH and a password
		if m, _ := line.Word(arg); known(m) {
			return protocols.Accept
		}
		return protocols.Reject
	case quit, other:
		return protocols.NeedMore
	}
	return protocols.Reject
}

// known reports whether a word is a SASL mechanism.
func known(m []byte) bool {
	for _, name := range [...]string{"PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM", "GSSAPI", "XOAUTH2", "OAUTHBEARER", "EXTERNAL", "GSS-SPNEGO", "KERBEROS_V4", "ANONYMOUS", "SKEY"} {
		if line.EqualFold(m, name) {
			return true
		}
	}
	return line.HasPrefixFold(m, "SCRAM-")
}

// certain reports whether a command stands in b that no other protocol has.
func certain(b []byte) bool {
	for len(b) > 0 {
		l, rest, whole := bytes.Cut(b, newline[1:])
		if !whole {
			return false
		}
		l, b = bytes.TrimRight(l, "\r"), rest
		switch c, arg := read(l); c.verb {
		case apop, stls, uidl, uidlOne, top:
			return true
		case lines:
			w, _ := line.Word(l)
			return len(arg) == 0 && line.EqualFold(w, "CAPA")
		}
	}
	return false
}

// probeAnywhere looks for a command and a status line, or for what only one side
// of POP3 says.
func probeAnywhere(p protocols.Probe) protocols.Verdict {
	if certain(p.ToServer) {
		return protocols.Accept
	}
	asked := false
	for b := p.ToServer; len(b) > 0; {
		l, rest, whole := bytes.Cut(b, newline[1:])
		b = rest
		c, _ := read(bytes.TrimRight(l, "\r"))
		asked = asked || whole && c.n != 0 && (c.verb == retr || c.verb == dele || c.verb == listOne)
	}
	for b := p.ToClient; len(b) > 0; {
		l, rest, whole := bytes.Cut(b, newline[1:])
		b = rest
		l = bytes.TrimRight(l, "\r")
		if whole && (isOK(l) || isErr(l)) && (asked || octets(l) && isHeader(rest)) {
			return protocols.Accept
		}
	}
	return protocols.NeedMore
}

// octets reports whether a status line is the one that most servers put before a
// message: +OK 1234 octets.
func octets(l []byte) bool {
	if !isOK(l) {
		return false
	}
	_, rest, ok := line.Number(line.TrimLeft(l[3:]))
	return ok && line.HasPrefixFold(line.TrimLeft(rest), "OCTETS")
}
