package smtp

import (
	"bytes"

	"mailsensor/protocols/line"
)

// path reads the argument of MAIL or RCPT: FROM: or TO:, the path, and what
// follows it (RFC 5321, section 4.1.2). Senders leave out the brackets or put
// spaces around the colon; a source route (appendix C) is dropped.
func path(arg []byte, keyword string) (address, params []byte, null bool) {
	if line.HasPrefixFold(arg, keyword) {
		arg = line.TrimLeft(arg[len(keyword):])
		if len(arg) > 0 && arg[0] == ':' {
			arg = line.TrimLeft(arg[1:])
		}
	}
	if len(arg) == 0 || arg[0] != '<' {
		address, params = line.Word(arg)
		return unroute(address), params, false
	}
	n := closing(arg)
	if n < 0 {
		address, params = line.Word(arg[1:])
		return unroute(address), params, false
	}
	address = line.Trim(arg[1:n])
	return unroute(address), line.TrimLeft(arg[n+1:]), len(address) == 0
}

// closing is the index of the > that ends a path: not inside a quoted local part.
func closing(b []byte) int {
	quoted := false
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return bytes.IndexByte(b, '>') // a quote that is never closed
}

func unroute(address []byte) []byte {
	if len(address) > 0 && address[0] == '@' {
		if i := bytes.IndexByte(address, ':'); i >= 0 {
			address = address[i+1:]
		}
	}
	return address[:min(len(address), maxPath)]
}

// parameters reads what follows the path of MAIL: SIZE (RFC 1870), BODY (RFC
// 6152, RFC 3030) and SMTPUTF8 (RFC 6531).
func (tx *transaction) parameters(b []byte) {
	for len(b) > 0 {
		var word []byte
		word, b = line.Word(b)
		switch {
		case line.HasPrefixFold(word, "SIZE="):
			tx.declared, _ = line.Uint(word[len("SIZE="):])
		case line.HasPrefixFold(word, "BODY="):
			tx.body = tx.body[:0]
			for _, c := range word[len("BODY="):min(len(word), len("BODY=")+32)] {
				tx.body = append(tx.body, line.Upper(c))
			}
		case line.EqualFold(word, "SMTPUTF8"):
			tx.utf8 = true
		}
	}
}
