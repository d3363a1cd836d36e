package smtp

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// probe recognises SMTP by the greeting and the client's first command. FTP
// greets alike and NNTP and POP3 share commands, so neither a 220 nor a QUIT
// proves anything on its own.
func probe(p protocols.Probe) protocols.Verdict {
	if p.Midstream {
		return probeAnywhere(p)
	}
	s := judgeServer(p.ToClient)
	c := judgeClient(p.ToServer, s)
	switch {
	case s == protocols.Reject || c == protocols.Reject:
		return protocols.Reject
	case s == protocols.Accept || c == protocols.Accept:
		return protocols.Accept
	case s == protocols.Maybe:
		return protocols.Maybe
	}
	return protocols.NeedMore
}

// probeSMTP leaves to LMTP what says that it is.
func probeSMTP(p protocols.Probe) protocols.Verdict {
	v := probe(p)
	if v == protocols.Reject || p.Midstream {
		return v
	}
	first, _, _ := bytes.Cut(p.ToServer, []byte{'\n'})
	w, _ := verb(bytes.TrimRight(first, "\r"))
	switch lmtp, whole := greetsLMTP(p.ToClient); {
	case w == wordLHLO, lmtp && whole:
		return protocols.Reject
	case lmtp:
		return protocols.NeedMore
	}
	return v
}

// greetsLMTP reports whether a greeting names LMTP and not SMTP, and whether it has come
// to its end.
func greetsLMTP(b []byte) (lmtp, whole bool) {
	greeting, _, whole := bytes.Cut(b, []byte{'\n'})
	return lmtpNamed(greeting) && !smtpNamed(greeting), whole
}

// probeLMTP recognises LMTP by its LHLO, or by a greeting that names it.
func probeLMTP(p protocols.Probe) protocols.Verdict {
	lmtp, greeted := greetsLMTP(p.ToClient)
	first, _, whole := bytes.Cut(p.ToServer, []byte{'\n'})
	w, _ := verb(bytes.TrimRight(first, "\r"))
	switch v := probe(p); {
	case v == protocols.Reject:
		return v
	case w == wordLHLO, lmtp && greeted && v == protocols.Accept:
		return v
	case whole, v == protocols.Accept && len(p.ToServer) > len("LHLO"):
		return protocols.Reject
	}
	return protocols.NeedMore
}

func lmtpNamed(text []byte) bool { return names(text, 'L', "LMTP") }

func smtpNamed(text []byte) bool { return names(text, 'S', "SMTP") }

func names(text []byte, initial byte, word string) bool {
	for i, c := range text {
		if c&^0x20 == initial && line.HasPrefixFold(text[i:], word) {
			return true
		}
	}
	return false
}

// judgeServer judges what the server said, from its greeting on: NeedMore while
// it said nothing.
func judgeServer(b []byte) protocols.Verdict {
	if len(b) < 4 {
		for i, c := range b {
			if (c < '0' || c > '9') && i < 3 {
				return protocols.Reject
			}
		}
		return protocols.NeedMore
	}
	greeting, rest, _ := bytes.Cut(b, []byte{'\n'})
	code, _, text, ok := replyLine(bytes.TrimRight(greeting, "\r"))
	if !ok || code != 220 && code != 554 && code != 421 && code != 250 {
		return protocols.Reject
	}
	if named(text) {
		return protocols.Accept
	}
	for len(rest) > 0 {
		var l []byte
		l, rest, _ = bytes.Cut(rest, []byte{'\n'})
		switch {
		case certainReply(l):
			return protocols.Accept
		case line.HasPrefixFold(l, "331 ") || line.HasPrefixFold(l, "234 ") || line.HasPrefixFold(l, "230 "): // FTP
			return protocols.Reject
		}
	}
	return protocols.Maybe
}

// named reports whether a greeting says which protocol it opens.
func named(text []byte) bool { return smtpNamed(text) || lmtpNamed(text) }

// judgeClient judges the client's first command.
func judgeClient(b []byte, server protocols.Verdict) protocols.Verdict {
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	if len(b) < 5 {
		return protocols.NeedMore
	}
	first, _, whole := bytes.Cut(b, []byte{'\n'})
	v := judgeCommand(first, server)
	if v == protocols.Reject && !whole && len(b) < 64 { // the word may not be complete
		return protocols.NeedMore
	}
	return v
}

func judgeCommand(first []byte, server protocols.Verdict) protocols.Verdict {
	w, arg := verb(bytes.TrimRight(first, "\r"))
	switch w {
	case wordHello, wordLHLO, wordBDAT:
		return protocols.Accept
	case wordMail:
		return accept(line.HasPrefixFold(arg, "FROM"))
	case wordRcpt:
		return accept(line.HasPrefixFold(arg, "TO"))
	case wordStartTLS:
		return accept(server == protocols.Maybe || server == protocols.Accept)
	case wordAuth:
		return accept(certainMechanism(firstWord(arg)) && server != protocols.NeedMore)
	case wordQuit, wordOther, wordReset, wordData, wordXClient, wordXForward:
		return protocols.NeedMore // FTP, NNTP and POP3 have those
	}
	if server == protocols.Accept {
		return protocols.NeedMore
	}
	return protocols.Reject
}

func accept(yes bool) protocols.Verdict {
	if yes {
		return protocols.Accept
	}
	return protocols.Reject
}

// probeAnywhere looks for lines that only SMTP has, on either side.
func probeAnywhere(p protocols.Probe) protocols.Verdict {
	auth := false
	for b := p.ToServer; len(b) > 0; {
		var l []byte
		whole := false
		l, b, whole = bytes.Cut(b, []byte{'\n'})
		l = bytes.TrimRight(l, "\r")
		if whole && certainCommand(l) {
			return protocols.Accept
		}
		auth = auth || whole && isAuth(l)
	}
	for b := p.ToClient; len(b) > 0; {
		var l []byte
		whole := false
		l, b, whole = bytes.Cut(b, []byte{'\n'})
		if certainReply(l) || auth && whole && coded(l) {
			return protocols.Accept
		}
	}
	return protocols.NeedMore
}

func certainCommand(l []byte) bool {
	w, arg := verb(l)
	switch w {
	case wordMail:
		return line.HasPrefixFold(arg, "FROM:")
	case wordRcpt:
		return line.HasPrefixFold(arg, "TO:")
	case wordHello, wordLHLO:
		return len(arg) > 0 && bytes.IndexByte(arg, ' ') < 0
	case wordBDAT:
		_, _, ok := line.Number(arg)
		return ok
	}
	return false
}

// isAuth reports whether l is an AUTH command of a known mechanism. POP3 has the
// same (RFC 5034, section 4), so that it takes a reply to tell.
func isAuth(l []byte) bool {
	w, arg := verb(l)
	return w == wordAuth && certainMechanism(firstWord(arg))
}

// certainReply reports whether a server line is one that only SMTP has.
func certainReply(l []byte) bool {
	code, _, text, ok := replyLine(bytes.TrimRight(l, "\r"))
	if !ok || len(l) < 4 {
		return false
	}
	switch code {
	case 220:
		return named(text)
	case 354:
		return true
	case 235: // RFC 4954, section 6; FTP has the code too
		return line.HasPrefixFold(text, "2.7.0")
	case 535:
		return line.HasPrefixFold(text, "5.7.8")
	case 250:
		for _, word := range [...]string{"2.1.0", "2.1.5", "2.6.0", "PIPELINING", "SIZE", "8BITMIME", "STARTTLS", "CHUNKING", "ENHANCEDSTATUSCODES", "SMTPUTF8", "AUTH "} {
			if line.HasPrefixFold(text, word) {
				return true
			}
		}
		return queued(text)
	}
	return false
}

// coded reports whether a server line begins with a code, as replies do.
func coded(l []byte) bool {
	_, _, _, ok := replyLine(bytes.TrimRight(l, "\r"))
	return ok
}

func firstWord(b []byte) []byte {
	w, _ := line.Word(b)
	return w
}
