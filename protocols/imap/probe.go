package imap

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// probe judges the first bytes of both sides (RFC 9051, section 7.1: the server
// speaks first, untagged). A command alone is not enough to accept while the
// server may still say something else.
func probe(p protocols.Probe) protocols.Verdict {
	if p.Midstream {
		return probeMidstream(p)
	}
	switch v := greeting(p.ToClient); {
	case v != protocols.Maybe:
		return v
	case len(p.ToServer) == 0:
		return protocols.NeedMore
	}
	return firstCommand(p.ToServer)
}

// greeting judges the server's first line; Maybe: it said nothing yet.
func greeting(b []byte) protocols.Verdict {
	if len(b) == 0 {
		return protocols.Maybe
	}
	for _, kind := range [...]string{"* OK", "* PREAUTH", "* BYE"} {
		n := min(len(b), len(kind))
		switch {
		case !line.HasPrefixFold(b, kind[:n]):
		case n < len(kind) || len(b) == n:
			return protocols.NeedMore
		case b[n] == ' ' || b[n] == '\r' || b[n] == '\n':
			return protocols.Accept
		}
	}
	return protocols.Reject
}

// firstCommand judges what the client says while the server was not heard.
func firstCommand(b []byte) protocols.Verdict {
	text := firstLine(b)
	if bytes.IndexByte(b, '\n') < 0 && len(b) < sureLine {
		if len(b) > 1 && tagLen(append(bytes.Clone(text), ' ')) == 0 && tagLen(text) == 0 {
			return protocols.Reject
		}
		return protocols.NeedMore
	}
	if tag, _, ok := isCommand(text); ok && !isForeign(tag) {
		return protocols.Maybe
	}
	return protocols.Reject
}

// isForeign reports whether a line that begins with word is rather of SMTP, POP3,
// FTP, NNTP, HTTP or ManageSieve, such as "USER search".
func isForeign(word []byte) bool {
	for _, w := range [...]string{
		"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "VRFY", "EXPN", "HELP", "AUTH", "USER", "PASS", "APOP", "STAT", "LIST", "RETR",
		"DELE", "UIDL", "TOP", "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "CWD", "GROUP", "MODE", "NICK", "JOIN", "ACCT",
		"AUTHENTICATE", "HAVESPACE", "GETSCRIPT", "PUTSCRIPT", "SELECT", "SET", "DELETE", "SEND", "SUBSCRIBE", "RENAME",
	} {
		if line.EqualFold(word, w) {
			return true
		}
	}
	return false
}

// probeMidstream looks for a line that is sure to be IMAP in what may begin
// anywhere, even inside a literal.
func probeMidstream(p protocols.Probe) protocols.Verdict {
	if isBinary(p.ToServer) || isBinary(p.ToClient) {
		return protocols.Reject
	}
	server, tagged := false, false
	for b := p.ToClient; len(b) > 0; b = nextLine(b) {
		server = server || sureUntagged(b) && whole(b)
		if tag, ok := taggedLine(b); ok && whole(b) && !isReplyCode(tag) {
			tagged = true
		}
	}
	client := false
	for b := p.ToServer; len(b) > 0; b = nextLine(b) {
		if tag, _, ok := isCommand(b); ok && whole(b) && sureCommand(b) && !isForeign(tag) {
			client = true
		}
	}
	switch {
	case server, client && tagged:
		return protocols.Accept
	case client, tagged:
		return protocols.Maybe
	}
	return protocols.NeedMore
}

func nextLine(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[i+1:]
	}
	return nil
}

// whole reports whether enough of the line at b is there to be judged.
func whole(b []byte) bool {
	return len(b) >= sureLine || bytes.IndexByte(b, '\n') >= 0
}

// isReplyCode reports whether word is the code of an SMTP, FTP, NNTP or HTTP reply.
func isReplyCode(word []byte) bool {
	_, ok := line.Uint(word)
	return ok && len(word) == 3 || line.HasPrefixFold(word, "HTTP/")
}

// isBinary reports whether b begins with what is no text.
func isBinary(b []byte) bool {
	for _, c := range b[:min(len(b), 64)] {
		if c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return true
		}
	}
	return false
}
