package sasl

import (
	"bytes"

	"mailsensor/protocols/line"
)

// grammar says how the messages of a mechanism are read.
type grammar uint8

const (
	opaque grammar = iota // nothing to be seen
	plain
	login
	cram
	digest
	ntlm
	xoauth2
	gs2
	external
)

// read takes what a message tells.
func (e *Exchange) read(msg []byte) {
	switch e.grammar {
	case plain:
		e.plain(msg)
	case login:
		e.login(msg)
	case cram:
		e.cram(msg)
	case digest:
		e.digest(msg)
	case ntlm:
		e.ntlm(msg)
	case xoauth2:
		e.xoauth2(msg)
	case gs2:
		e.gs2(msg)
	case external:
		e.external(msg)
	}
}

// lookup names a mechanism and its grammar.
func lookup(name []byte) (string, grammar) {
	switch {
	case line.EqualFold(name, "PLAIN"):
		return "PLAIN", plain
	case line.EqualFold(name, "LOGIN"):
		return "LOGIN", login
	case line.EqualFold(name, "CRAM-MD5"):
		return "CRAM-MD5", cram
	case line.EqualFold(name, "DIGEST-MD5"):
		return "DIGEST-MD5", digest
	case line.EqualFold(name, "NTLM"):
		return "NTLM", ntlm
	case line.EqualFold(name, "GSS-SPNEGO"):
		return "GSS-SPNEGO", ntlm
	case line.EqualFold(name, "XOAUTH2"):
		return "XOAUTH2", xoauth2
	case line.EqualFold(name, "OAUTHBEARER"):
		return "OAUTHBEARER", gs2
	case line.EqualFold(name, "EXTERNAL"):
		return "EXTERNAL", external
	case line.EqualFold(name, "GSSAPI"):
		return "GSSAPI", opaque
	case line.EqualFold(name, "ANONYMOUS"):
		return "ANONYMOUS", opaque
	case line.HasPrefixFold(name, "SCRAM-"):
		return scramName(name), gs2
	}
	return otherName(name), opaque
}

// scramName is the name of one of the SCRAM family (RFC 5802, RFC 7677).
func scramName(name []byte) string {
	for _, known := range [...]string{
		"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512", "SCRAM-SHA-512-PLUS",
	} {
		if line.EqualFold(name, known) {
			return known
		}
	}
	return otherName(name)
}

// otherName is the name of an unknown mechanism, or OTHER when it is none by the
// grammar, which has no small letters (RFC 4422, section 3.1): it might be a
// misplaced secret.
func otherName(name []byte) string {
	if len(name) == 0 || len(name) > maxName {
		return "OTHER"
	}
	for _, c := range name {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return "OTHER"
		}
	}
	return string(name)
}

// plain reads [authzid] NUL authcid NUL passwd (RFC 4616, section 2).
func (e *Exchange) plain(msg []byte) {
	authzid, rest, ok := bytes.Cut(msg, []byte{0})
	authcid, _, complete := bytes.Cut(rest, []byte{0})
	if !ok || !complete || e.steps > 2 {
		return
	}
	keep(&e.authorize, authzid)
	keep(&e.user, authcid)
}

// login reads the user name (draft-murchison-sasl-login): the first message, even
// an empty one, unless the server asked for the password. A later one is never a
// name, whatever was asked: the tap may show a prompt behind its answer.
func (e *Exchange) login(msg []byte) {
	if !e.password {
		keep(&e.user, msg)
	}
	e.password = true
}

// cram reads user SP digest (RFC 2195, section 2). Where no digest ends the
// message, part of one may stand in it, and it is not told.
func (e *Exchange) cram(msg []byte) {
	if i := len(msg) - digestLen - 1; i > 0 && msg[i] == ' ' && isHex(msg[i+1:]) {
		keep(&e.user, msg[:i])
	}
}

const digestLen = 32 // MD5 in hexadecimal digits

func isHex(b []byte) bool {
	for _, c := range b {
		if c = line.Upper(c); (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// digest reads the username and authzid directives (RFC 2831, section 2.1.2).
func (e *Exchange) digest(msg []byte) {
	for len(msg) > 0 {
		name, rest, ok := bytes.Cut(msg, []byte{'='})
		if !ok {
			return
		}
		name = line.Trim(name)
		var dst *[]byte
		switch {
		case line.EqualFold(name, "USERNAME"):
			dst = &e.user
		case line.EqualFold(name, "AUTHZID"):
			dst = &e.authorize
		case line.EqualFold(name, "REALM"):
			dst = &e.domain
		}
		msg = directive(dst, rest)
	}
}

// directive reads a value, quoted or not, into dst, and the comma behind it.
func directive(dst *[]byte, b []byte) (rest []byte) {
	if dst != nil {
		*dst = (*dst)[:0]
	}
	quoted := false
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '"':
			quoted = !quoted
			continue
		case c == ',' && !quoted:
			return b[i+1:]
		case c == '\\' && quoted && i+1 < len(b):
			i++
			c = b[i]
		}
		if dst != nil && len(*dst) < maxIdentity {
			*dst = append(*dst, c)
		}
	}
	if quoted && dst != nil { // it may have swallowed the response
		*dst = (*dst)[:0]
	}
	return nil
}

// xoauth2 reads user=NAME ^A auth=Bearer TOKEN ^A ^A. Later messages answer an
// error and name nobody.
func (e *Exchange) xoauth2(msg []byte) {
	if first, _, ok := bytes.Cut(msg, []byte{1}); ok && line.HasPrefixFold(first, "USER=") {
		keep(&e.user, first[len("user="):])
	}
}

// gs2 reads the first message of SCRAM and OAUTHBEARER, which begins with the
// header of RFC 5801, section 4: a channel binding flag, then a= the
// authorization identity. SCRAM has n= the user behind it (RFC 5802, section 7);
// for OAUTHBEARER a= is the user (RFC 7628, section 3.1).
func (e *Exchange) gs2(msg []byte) {
	if len(msg) == 0 || msg[0] != 'n' && msg[0] != 'y' && msg[0] != 'p' {
		return
	}
	flag, rest, ok := bytes.Cut(msg, []byte{','})
	if !ok || len(flag) > 1 && flag[1] != '=' {
		return
	}
	a, rest, ok := bytes.Cut(rest, []byte{','})
	if !ok || bytes.IndexByte(a, 1) >= 0 { // the token comes behind that
		return
	}
	oauth := e.name == "OAUTHBEARER"
	if line.HasPrefixFold(a, "A=") {
		if oauth {
			saslname(&e.user, a[2:])
		} else {
			saslname(&e.authorize, a[2:])
		}
	}
	if n, _, _ := bytes.Cut(rest, []byte{','}); !oauth && line.HasPrefixFold(n, "N=") {
		saslname(&e.user, n[2:])
	}
}

// saslname undoes =2C and =3D (RFC 5801, section 4).
func saslname(dst *[]byte, b []byte) {
	*dst = (*dst)[:0]
	for i := 0; i < len(b) && len(*dst) < maxIdentity; i++ {
		c := b[i]
		switch {
		case line.HasPrefixFold(b[i:], "=2C"):
			c = ','
			i += 2
		case line.HasPrefixFold(b[i:], "=3D"):
			c = '='
			i += 2
		}
		*dst = append(*dst, c)
	}
}

// external reads the authorization identity (RFC 4422, appendix A.1); who
// authenticates was settled elsewhere.
func (e *Exchange) external(msg []byte) { keep(&e.authorize, msg) }
