package http

import (
	"bytes"
	"encoding/base64"
	"iter"
	"net/url"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
	"mailsensor/protocols/sasl"
)

// attempt is the credentials of one request: who, and never how.
type attempt struct {
	mechanism string // BASIC, DIGEST, NTLM, NEGOTIATE, BEARER; "": none were sent
	user      []byte
	domain    []byte
	station   []byte
	final     bool // the server can decide by them
}

func (a *attempt) wiped() attempt {
	return attempt{user: a.user[:0], domain: a.domain[:0], station: a.station[:0]}
}

// login is whom a connection is authenticated as, at the server or at the proxy.
type login struct {
	mechanism string
	user      []byte
}

// read takes the value of Authorization or Proxy-Authorization (RFC 9110, section
// 11.6.2).
func (a *attempt) read(v []byte) {
	*a = a.wiped()
	scheme, rest := line.Word(v)
	switch {
	case len(scheme) == 0:
	case line.EqualFold(scheme, "BASIC"):
		a.basic(rest)
	case line.EqualFold(scheme, "DIGEST"):
		a.mechanism, a.final = "DIGEST", true
		a.digest(rest)
	case line.EqualFold(scheme, "NTLM"), line.EqualFold(scheme, "NEGOTIATE"):
		a.mechanism = "NTLM"
		if line.EqualFold(scheme, "NEGOTIATE") {
			a.mechanism = "NEGOTIATE"
		}
		a.negotiate(rest)
	case line.EqualFold(scheme, "BEARER"):
		a.mechanism, a.final = "BEARER", true
		a.bearer(rest)
	default:
		a.mechanism, a.final = "OTHER", true
	}
}

// basic reads the user of Basic credentials (RFC 7617, section 2).
func (a *attempt) basic(b64 []byte) {
	a.mechanism, a.final = "BASIC", true
	var scratch [1024]byte
	n := decode(scratch[:], b64)
	if i := bytes.IndexByte(scratch[:n], ':'); i >= 0 {
		a.user = append(a.user, cut(scratch[:i], maxUser)...)
	}
	clear(scratch[:n])
}

// digest reads the user of Digest credentials (RFC 7616, section 3.4): as written, as
// an extended value (RFC 8187), or hidden in a hash.
func (a *attempt) digest(b []byte) {
	if line.EqualFold(parameter(b, "USERHASH"), "TRUE") {
		return
	}
	user := parameter(b, "USERNAME")
	if user == nil {
		if v := parameter(b, "USERNAME*"); len(v) > 0 {
			if name, err := url.PathUnescape(string(v[bytes.LastIndexByte(v, '\'')+1:])); err == nil {
				user = []byte(name)
			}
		}
	}
	a.user = append(a.user, cut(user, maxUser)...)
}

// decode is base64 of either alphabet, as far as dst has room and the text is one.
func decode(dst, src []byte) int {
	enc := base64.RawStdEncoding
	src = bytes.TrimRight(line.Trim(src), "=")
	if bytes.ContainsAny(src, "-_") {
		enc = base64.RawURLEncoding
	}
	src = src[:min(len(src), len(dst)/3*4)]
	if len(src)%4 == 1 {
		src = src[:len(src)-1]
	}
	n, _ := enc.Decode(dst, src)
	return n
}

// negotiate reads NTLM, bare or within SPNEGO (RFC 4559). Only the third message
// names the user, and only that one is decided about.
func (a *attempt) negotiate(token []byte) {
	var x sasl.Exchange
	x.Start([]byte("NTLM"), token, true)
	a.user = append(a.user, x.User()...)
	a.domain = append(a.domain, x.Domain()...)
	a.station = append(a.station, x.Workstation()...)
	a.final = len(a.user) > 0 || a.mechanism == "NEGOTIATE" && !isNTLM(token) // a Kerberos ticket is all there is
}

// isNTLM reports whether a token of Negotiate holds NTLM.
func isNTLM(token []byte) bool {
	var scratch [256]byte
	n := decode(scratch[:], cut(token, 256))
	return bytes.Contains(scratch[:n], []byte("NTLMSSP"))
}

// claims are those of a JSON Web Token that name its user.
var claims = []string{`"upn"`, `"preferred_username"`, `"unique_name"`, `"email"`}

// bearer reads the user's name out of a JSON Web Token (RFC 7519), where the token is
// one. Nothing else of it is looked at.
func (a *attempt) bearer(token []byte) {
	_, rest, ok := bytes.Cut(token, []byte{'.'})
	payload, _, ok2 := bytes.Cut(rest, []byte{'.'})
	if !ok || !ok2 {
		return
	}
	var scratch [4096]byte
	n := decode(scratch[:], payload)
	for _, claim := range claims {
		_, v, ok := bytes.Cut(scratch[:n], []byte(claim))
		if !ok {
			continue
		}
		v = line.TrimLeft(v)
		if len(v) > 0 && v[0] == ':' {
			if v = line.TrimLeft(v[1:]); len(v) > 0 && v[0] == '"' {
				if end := bytes.IndexByte(v[1:], '"'); end > 0 {
					a.user = append(a.user, cut(v[1:1+end], maxUser)...)
					break
				}
			}
		}
	}
	clear(scratch[:n])
}

// parameter is the value of one of a challenge or of credentials (RFC 9110, section
// 11.2), without its quotes.
func parameter(b []byte, name string) []byte {
	for len(b) > 0 {
		b = bytes.TrimLeft(b, " \t,")
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return nil
		}
		key := line.Trim(b[:i])
		b = line.TrimLeft(b[i+1:])
		var value []byte
		if len(b) > 0 && b[0] == '"' {
			end := bytes.IndexByte(b[1:], '"')
			if end < 0 {
				return nil
			}
			value, b = b[1:1+end], b[end+2:]
		} else {
			end := bytes.IndexByte(b, ',')
			if end < 0 {
				end = len(b)
			}
			value, b = line.Trim(b[:end]), b[end:]
		}
		if line.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

// answered looks at what a response says about the credentials of its request.
func (p *parser) answered(t int64, x *exchange, h *header) {
	p.out.SetVia(x.via)
	if undecided(p.status) {
		return
	}
	p.decide(t, &x.proxy, &p.proxy, p.status == 407, h.all("proxy-authenticate"), true)
	if p.status != 407 {
		p.decide(t, &x.web, &p.web, p.status == 401, h.all("www-authenticate"), false)
	}
}

// undecided reports whether a status may come from somebody who has not looked at
// credentials: a server that cannot read the request, is too busy, or was not reached.
func undecided(status int) bool {
	switch status {
	case 400, 408, 413, 414, 421, 429, 431, 502, 503, 504:
		return true
	}
	return false
}

// decide reports an attempt that was refused, or one that let somebody new in. What
// is only a step of an exchange is neither.
func (p *parser) decide(t int64, a *attempt, l *login, refused bool, challenges iter.Seq[[]byte], proxy bool) {
	if !a.final {
		return
	}
	if refused {
		for c := range challenges {
			if a.goesOn(c) {
				return
			}
		}
		l.user, l.mechanism = l.user[:0], ""
		if !proxy {
			p.out.SetAccount(nil)
		}
		p.tellLogin(t, a, protocols.Rejected, proxy)
		return
	}
	if a.mechanism == l.mechanism && bytes.Equal(a.user, l.user) {
		return
	}
	l.mechanism, l.user = a.mechanism, append(l.user[:0], a.user...)
	if !proxy && len(a.user) > 0 {
		p.out.SetAccount(a.user)
	}
	p.tellLogin(t, a, protocols.Accepted, proxy)
}

// goesOn reports whether a challenge says that the exchange is not over: the nonce was
// too old, not the password wrong (RFC 7616, section 3.3), or the server has an answer
// to the token (RFC 4559, section 5).
func (a *attempt) goesOn(challenge []byte) bool {
	scheme, rest := line.Word(challenge)
	if a.mechanism == "DIGEST" {
		return line.EqualFold(parameter(rest, "STALE"), "TRUE")
	}
	return line.EqualFold(scheme, a.mechanism) && (a.mechanism == "NEGOTIATE" || a.mechanism == "NTLM") && len(rest) > 0 && rest[0] != ','
}

func (p *parser) tellLogin(t int64, a *attempt, o protocols.Outcome, proxy bool) {
	e := p.out.Login(t)
	e.Mechanism, e.Outcome, e.Code, e.Proxy = a.mechanism, o, uint16(p.status), proxy
	e.User, e.Domain, e.Workstation = p.out.Copy(a.user), p.out.Copy(a.domain), p.out.Copy(a.station)
}
