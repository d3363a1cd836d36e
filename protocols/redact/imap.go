package redact

import (
	"bytes"
	"slices"
	"strings"

	"mailsensor/capture"
)

// imap follows the client of RFC 9051. A command is lines with literals between them.
type imap struct {
	lines
	tag   []byte
	open  bool // a literal has interrupted the command
	shown bool // the command may be kept
	login int  // arguments of LOGIN that have come; -1: another command
	sync  bool // the literal that comes waits for the server
	plus  bool // the server wants it

	credentials, authenticated, compress, compressed bool // the last command was one; a login was accepted; COMPRESS
}

var imapVerbs = []string{"CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE",
	"LIST", "LSUB", "XLIST", "STATUS", "APPEND", "CHECK", "CLOSE", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE", "UID", "IDLE", "NAMESPACE", "ID",
	"ENABLE", "COMPRESS", "GETQUOTA", "GETQUOTAROOT", "UNSELECT", "SORT", "THREAD", "GETACL", "MYRIGHTS", "GETMETADATA", "NOTIFY"}

func (m *imap) scan(d capture.Dir, b, out []byte) int {
	if m.compressed {
		copy(out, b)
		return len(b)
	}
	if d == capture.ToServer && m.raw > 0 && m.sync && !m.plus { // it was not asked for: what comes is something else
		m.spoilt = true
	}
	n, text, done := m.line(d, b, out, m.reply)
	if done {
		return n
	}
	switch {
	case m.exchange.on:
		m.answer(b[:n], out, text)
	case m.open:
		m.piece(b[:n], out, text, 0)
	default:
		m.command(b[:n], out, text)
	}
	return n
}

func (m *imap) reply(text []byte) {
	switch {
	case bytes.HasPrefix(text, []byte("+")):
		m.plus = true
		m.exchange.asked(bytes.TrimSpace(text[1:]))
	case len(m.tag) > 0 && bytes.HasPrefix(text, append(bytes.Clone(m.tag), ' ')):
		m.exchange.on = false
		ok, _ := word(text[len(m.tag)+1:])
		m.authenticated = m.authenticated || m.credentials && ok == "OK"
		m.compressed = m.compress && m.authenticated && ok == "OK" // who is logged in says no password any more
	}
}

func (m *imap) command(b, out, text []byte) {
	if strings.EqualFold(string(text), "DONE") { // of IDLE
		copy(out, b)
		return
	}
	tag, rest, _ := bytes.Cut(text, []byte{' '})
	verb, args := word(rest)
	at := len(text) - len(args)
	m.tag, m.login, m.shown = bytes.Clone(tag), -1, slices.Contains(imapVerbs, verb)
	m.starttls, m.compress = verb == "STARTTLS", verb == "COMPRESS"
	m.credentials = verb == "LOGIN" || verb == "AUTHENTICATE"
	switch {
	case verb == "AUTHENTICATE" && len(args) > 0:
		m.auth(b, out, text, at)
		return
	case verb == "LOGIN":
		m.login = 0
		copy(out, text[:at])
	case m.shown:
		copy(out, text[:at])
	default:
		at = 0
	}
	m.piece(b, out, text, at)
}

// piece is a part of a command up to the end of a line, from at on.
func (m *imap) piece(b, out, text []byte, at int) {
	copy(out[len(text):], b[len(text):])
	size, sync, marker := literal(text)
	if m.shown {
		copy(out[at:], text[at:])
	} else {
		end := len(text) - marker
		if m.login >= 0 {
			m.arguments(text[:end], out, at)
		}
		copy(out[end:], text[end:])
	}
	m.open = marker > 0
	if !m.open {
		return
	}
	m.raw, m.sync, m.plus = size, sync, false
	m.show = m.shown
	if m.login == 0 { // the name; the password is the next
		m.show, m.login = true, 1
	}
}

// arguments keeps the first argument of LOGIN, which is a name.
func (m *imap) arguments(text, out []byte, at int) {
	for at < len(text) && text[at] == ' ' {
		out[at] = ' '
		at++
	}
	if at < len(text) && m.login == 0 {
		end := at
		if text[at] == '"' {
			for end++; end < len(text) && text[end] != '"'; end++ {
				if text[end] == '\\' {
					end++
				}
			}
			end++
		} else if i := bytes.IndexByte(text[at:], ' '); i > 0 {
			end = at + i
		} else {
			return // the only one: who knows
		}
		end = min(end, len(text))
		copy(out[at:end], text[at:end])
		m.login = 1
		for at = end; at < len(text) && text[at] == ' '; at++ {
			out[at] = ' '
		}
	}
	if secret := text[min(at, len(text)):]; len(secret) > 1 && secret[0] == '"' && secret[len(secret)-1] == '"' {
		out[at], out[len(text)-1] = '"', '"'
		m.conn.secret(secret[1 : len(secret)-1])
	} else {
		m.conn.secret(secret)
	}
}

// literal reads {N} or {N+} at the end of a line; marker is its length, 0: there is
// none.
func literal(text []byte) (size int, sync bool, marker int) {
	i := bytes.LastIndexByte(text, '{')
	if i < 0 || len(text) == 0 || text[len(text)-1] != '}' {
		return 0, false, 0
	}
	digits := text[i+1 : len(text)-1]
	sync = !bytes.HasSuffix(digits, []byte{'+'}) && !bytes.HasSuffix(digits, []byte{'-'})
	if !sync {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 || len(bytes.Trim(digits, "0123456789")) > 0 {
		return 0, false, 0
	}
	return number(digits), sync, len(text) - i
}

// sieve follows the client of RFC 5804, whose literals wait for nobody.
type sieve struct {
	lines
	open, shown bool
}

var sieveVerbs = []string{"CAPABILITY", "HAVESPACE", "PUTSCRIPT", "LISTSCRIPTS", "SETACTIVE", "GETSCRIPT", "DELETESCRIPT", "RENAMESCRIPT",
	"CHECKSCRIPT", "NOOP", "LOGOUT", "STARTTLS", "UNAUTHENTICATE"}

func (s *sieve) scan(d capture.Dir, b, out []byte) int {
	if d == capture.ToServer && s.raw > 0 && !s.show && s.exchange.on { // a message of SASL
		if len(b) < s.raw {
			return 0
		}
		n := s.raw
		s.conn.token(&s.exchange, b[:n], out)
		s.raw = 0
		return n
	}
	n, text, done := s.line(d, b, out, s.reply)
	if done {
		return n
	}
	size, _, marker := literal(text)
	verb, rest := word(text)
	switch {
	case s.exchange.on && !s.open:
		s.sasl(b[:n], out, text, marker)
	case !s.open && verb == "AUTHENTICATE":
		s.shown = false
		s.auth(b[:n], out, text[:len(text)-marker], len(text)-len(rest))
		copy(out[len(text)-marker:n], b[len(text)-marker:n])
	default:
		if !s.open {
			s.shown = slices.Contains(sieveVerbs, verb)
			s.starttls = verb == "STARTTLS"
		}
		if s.shown {
			copy(out, b[:n])
		} else {
			hide(b[:n], out, text[:len(text)-marker])
		}
	}
	s.open = marker > 0
	s.raw, s.show = size, s.shown
	return n
}

func (s *sieve) reply(text []byte) {
	if w, _ := word(bytes.Replace(text, []byte{'('}, []byte{' '}, 1)); w == "OK" || w == "NO" || w == "BYE" {
		s.exchange.on = false
	}
}

// sasl is a message of the client, quoted or a literal.
func (s *sieve) sasl(b, out, text []byte, marker int) {
	hide(b, out, text[:len(text)-marker])
	s.shown = false
	if n := len(text); n > 2 && text[0] == '"' && text[n-1] == '"' {
		out[0], out[n-1] = '"', '"'
		s.conn.token(&s.exchange, text[1:n-1], out[1:])
	}
}
