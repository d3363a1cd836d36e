package redact

import (
	"bytes"
	"slices"
	"strings"

	"mailsensor/capture"
)

// lines is what the protocols of lines have in common.
type lines struct {
	conn     *Connection
	exchange exchange
	starttls bool // was asked for
	tls      bool
	spoilt   bool // the client says what cannot be followed: nothing more of it is kept
	raw      int  // octets of content that come next from the client
	show     bool // they are kept
}

// line takes the next line. What is not the client's to say in this state is done with,
// the server's lines as well: those are kept, and told to reply.
func (l *lines) line(d capture.Dir, b, out []byte, reply func(text []byte)) (n int, text []byte, done bool) {
	if n, done := l.prelude(d, b, out); done {
		return n, nil, true
	}
	n, text = next(b)
	if d == capture.ToClient && n > 0 {
		copy(out, b[:n])
		reply(text)
	}
	return n, text, n == 0 || d == capture.ToClient
}

// prelude does what is alike: TLS behind STARTTLS, counted content.
func (l *lines) prelude(d capture.Dir, b, out []byte) (n int, done bool) {
	if d == capture.ToServer && l.starttls && b[0] == handshake {
		l.tls = true
	}
	switch {
	case l.tls:
		return records{}.scan(d, b, out), true
	case d == capture.ToServer && l.spoilt:
		return len(b), true
	case d == capture.ToServer && l.raw > 0:
		n = min(l.raw, len(b))
		if l.show {
			copy(out, b[:n])
		}
		l.raw -= n
		return n, true
	}
	return 0, false
}

// next is the length of the first line of b with its end, 0 where that has not come,
// and the line without its end.
func next(b []byte) (n int, text []byte) {
	n = bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		return 0, nil
	}
	return n, bytes.TrimRight(b[:n], "\r\n")
}

// hide overwrites a line but its end.
func hide(b, out []byte, text []byte) {
	fill(out[:len(text)])
	copy(out[len(text):], b[len(text):])
}

// word is the first word of a line in capitals, and what is behind the space.
func word(text []byte) (w string, rest []byte) {
	first, rest, _ := bytes.Cut(text, []byte{' '})
	return strings.ToUpper(string(first)), rest
}

// answer is a line of a client in an exchange.
func (l *lines) answer(b, out, text []byte) {
	copy(out[len(text):], b[len(text):])
	l.conn.token(&l.exchange, text, out)
}

// auth is AUTH MECHANISM [INITIAL], whose rest behind the verb is at: quoted, where a
// protocol does that.
func (l *lines) auth(b, out, text []byte, at int) {
	hide(b, out, text)
	if len(text) < at { // no mechanism
		return
	}
	copy(out, text[:at])
	mech, initial, has := bytes.Cut(text[at:], []byte{' '})
	if !l.exchange.begin(bytes.Trim(mech, `"`)) {
		return
	}
	copy(out[at:], mech)
	if !has {
		return
	}
	at += len(mech) + 1
	out[at-1] = ' '
	if q := bytes.HasPrefix(initial, []byte{'"'}) && bytes.HasSuffix(initial, []byte{'"'}) && len(initial) > 1; q {
		out[at], out[at+len(initial)-1] = '"', '"'
		initial, at = initial[1:len(initial)-1], at+1
	}
	l.conn.token(&l.exchange, initial, out[at:])
}

// smtp follows the client of RFC 5321 and RFC 4954.
type smtp struct {
	lines
	data    bool // DATA was the last command
	content bool
}

var smtpVerbs = []string{"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "STARTTLS"}

func (s *smtp) scan(d capture.Dir, b, out []byte) int {
	n, text, done := s.line(d, b, out, s.reply)
	if done {
		return n
	}
	verb, rest := word(text)
	switch {
	case s.content:
		copy(out, b[:n])
		s.content = len(text) != 1 || text[0] != '.'
		s.data = s.data && s.content
	case s.exchange.on:
		s.answer(b[:n], out, text)
	case verb == "AUTH":
		s.auth(b[:n], out, text, len("AUTH "))
	case slices.Contains(smtpVerbs, verb):
		copy(out, b[:n])
		s.data, s.starttls = verb == "DATA", verb == "STARTTLS"
		if verb == "BDAT" {
			s.raw, s.show = number(rest), true
		}
	default:
		hide(b[:n], out, text)
	}
	return n
}

func (s *smtp) reply(text []byte) {
	switch {
	case bytes.HasPrefix(text, []byte("334")):
		s.exchange.asked(text[min(4, len(text)):])
	case bytes.HasPrefix(text, []byte("354")):
		s.content = s.data
	case s.exchange.on && len(text) >= 3 && (len(text) == 3 || text[3] != '-') && text[0] != '3' && !s.pipelined(text):
		s.exchange.on = false
	}
}

// pipelined reports whether a reply is not the verdict on an exchange but one to a
// command before it. 2xx but 235 may be.
func (s *smtp) pipelined(text []byte) bool { return text[0] == '2' && string(text[:3]) != "235" }

// number reads digits at the beginning of b.
func number(b []byte) (n int) {
	for _, c := range b {
		if c < '0' || c > '9' || n > maxStream {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// pop3 follows the client of RFC 1939 and RFC 5034.
type pop3 struct{ lines }

var pop3Verbs = []string{"USER", "CAPA", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "NOOP", "RSET", "QUIT", "STLS", "LAST", "UTF8", "LANG"}

func (p *pop3) scan(d capture.Dir, b, out []byte) int {
	n, text, done := p.line(d, b, out, p.reply)
	if done {
		return n
	}
	verb, rest := word(text)
	switch {
	case p.exchange.on:
		p.answer(b[:n], out, text)
	case verb == "AUTH" && len(rest) > 0:
		p.auth(b[:n], out, text, len("AUTH "))
	case verb == "PASS":
		hide(b[:n], out, text)
		copy(out, text[:min(len("PASS "), len(text))])
		p.conn.secret(rest)
	case verb == "APOP":
		hide(b[:n], out, text)
		if i := bytes.LastIndexByte(text, ' '); i > len("APOP") {
			copy(out, text[:i+1])
			p.conn.secret(text[i+1:])
		}
	case slices.Contains(pop3Verbs, verb) || verb == "AUTH":
		copy(out, b[:n])
		p.starttls = verb == "STLS"
	default:
		hide(b[:n], out, text)
	}
	return n
}

func (p *pop3) reply(text []byte) {
	switch {
	case bytes.HasPrefix(text, []byte("+ ")):
		p.exchange.asked(text[2:])
	case bytes.HasPrefix(text, []byte("+OK")), bytes.HasPrefix(text, []byte("-ERR")):
		p.exchange.on = false
	}
}
