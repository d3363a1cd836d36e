package http

import "mailsensor/protocols"

// origin says who the real client of a request is, as its proxy does. The one before,
// on the same connection, may have been another's.
func (p *parser) origin(h *header, x *exchange) {
	if !p.begun {
		p.begun, p.via = true, p.out.Via()
	}
	x.via = p.via
	if o, source := originOf(h); o.n > 0 {
		x.via = o.via(p.via, p.out.Via(), source)
	}
	p.out.SetVia(x.via)
}

// legs says that the client asks a proxy for what the target names, or is one, or that
// it may be either as far as anybody can tell: what a reverse proxy is asked looks like
// any request. Of those only what is counted is told, calls of mail APIs and logins.
func (p *parser) legs(t int64, h *header, x *exchange, proxied bool, host, method, path []byte) {
	passedOn := h.get("via") != nil || h.get("x-forwarded-for") != nil || h.get("forwarded") != nil
	counted := !x.connect && (x.call != nil || x.web.final)
	if !proxied && !passedOn && !x.connect && !counted {
		return
	}
	e := p.out.Opening(t)
	e.Proxied, e.Forwarded = proxied || x.connect, passedOn
	if !x.connect {
		e.Fingerprint = p.hash(host, path)
	}
	if counted {
		e.Request = p.hash(method, path, h.get("user-agent"), h.get("authorization"), h.get("client-request-id"))
	}
}

func (p *parser) hash(parts ...[]byte) uint64 {
	p.asked = p.asked[:0]
	for i, part := range parts {
		if i > 0 {
			p.asked = append(p.asked, ' ')
		}
		p.asked = append(p.asked, part...)
	}
	n := protocols.NameID(p.asked)
	clear(p.asked) // credentials may be among it
	return n
}
