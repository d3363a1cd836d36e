package smtp

import (
	"net/netip"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// claim is whom a peer says it speaks for: XCLIENT, for the session that follows, or
// XFORWARD, for the next message (Postfix, XCLIENT_README and XFORWARD_README). It
// holds once the server accepted it. Who believes it is for others to say.
type claim struct {
	number  int32 // by which the reply finds it
	granted bool
	origin  netip.AddrPort
	login   []byte // XCLIENT: as whom the client is logged in
}

// maxLogin is more than any account's name needs.
const maxLogin = 320

// read takes in the attributes of a command, where they are given.
func (c *claim) read(arg []byte) {
	for len(arg) > 0 {
		var word []byte
		word, arg = line.Word(arg)
		name, value, ok := cutAttribute(word)
		if !ok || line.HasPrefixFold(value, "[") { // [UNAVAILABLE], [TEMPUNAVAIL]
			continue
		}
		switch {
		case line.EqualFold(name, "ADDR"):
			if line.HasPrefixFold(value, "IPV6:") {
				value = value[len("IPV6:"):]
			}
			if a, err := netip.ParseAddr(string(xtext(value))); err == nil {
				c.origin = netip.AddrPortFrom(a.Unmap().WithZone(""), c.origin.Port())
			}
		case line.EqualFold(name, "PORT"):
			if n, ok := line.Uint(value); ok && n <= 65535 {
				c.origin = netip.AddrPortFrom(c.origin.Addr(), uint16(n))
			}
		case line.EqualFold(name, "LOGIN"):
			c.login = xtext(value)
		}
	}
}

func cutAttribute(word []byte) (name, value []byte, ok bool) {
	for i, c := range word {
		if c == '=' {
			return word[:i], word[i+1:], true
		}
	}
	return word, nil, false
}

// xtext decodes the form that attributes are written in (RFC 3461, section 4), into
// memory of its own.
func xtext(b []byte) (out []byte) {
	for len(b) > 0 && len(out) < maxLogin {
		if c, ok := hexOctet(b); ok {
			out, b = append(out, c), b[3:]
			continue
		}
		out, b = append(out, b[0]), b[1:]
	}
	return out
}

// hexOctet reads "+XX".
func hexOctet(b []byte) (c byte, ok bool) {
	if len(b) < 3 || b[0] != '+' {
		return 0, false
	}
	for _, d := range b[1:3] {
		switch {
		case d >= '0' && d <= '9':
			c = c<<4 | d - '0'
		case d >= 'A' && d <= 'F', d >= 'a' && d <= 'f':
			c = c<<4 | d&^0x20 - 'A' + 10
		default:
			return 0, false
		}
	}
	return c, true
}

// claimCommand notes an XCLIENT or XFORWARD. Attributes may come in several; what an
// XCLIENT does not name again, holds.
func (p *parser) claimCommand(arg []byte, k kind) {
	c := &p.session
	if k == xforward {
		c = &p.forward
	}
	next := new(claim)
	if old := *c; old != nil && (old.granted || k == xforward) {
		next.origin, next.login = old.origin, old.login
	}
	p.claims++
	next.number = p.claims
	next.read(arg)
	*c = next
	p.enqueue(entry{kind: k, rcpt: next.number})
}

// clientReply begins the session anew as another's (XCLIENT).
func (p *parser) clientReply(t int64, e entry, code uint16) {
	c := p.session
	if code != 220 || c == nil || c.number != e.rcpt {
		return
	}
	c.granted = true
	p.newSession(t)
	p.out.SetVia(c.via(p.out, "xclient"))
	if len(c.login) > 0 {
		p.out.SetAccount(c.login)
	}
}

// forwardReply grants a claim about a message, which may be under way by now.
func (p *parser) forwardReply(e entry, code uint16) {
	if !positive(code) {
		return
	}
	if c := p.forward; c != nil && c.number == e.rcpt {
		c.granted = true
	}
	for _, tx := range p.open {
		if c := tx.forward; c != nil && c.number == e.rcpt {
			c.granted = true
		}
	}
}

// via is how the connection came here, with the claim.
func (c *claim) via(out protocols.Sink, source string) *protocols.Via {
	if !c.origin.Addr().IsValid() {
		return out.Via()
	}
	return out.Via().Claim(c.origin, source)
}
