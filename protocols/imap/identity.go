package imap

import (
	"net/netip"

	"mailsensor/protocols/line"
)

// Bounds of RFC 2971, section 3.3, for names; values may have 1,024 octets, of
// which fewer are of use.
const (
	maxIDKey   = 30
	maxIDValue = 256
)

// identity is what an ID command says, as it comes (RFC 2971).
type identity struct {
	key                             []byte
	name, version, os, origin, port []byte
	into                            *[]byte // the field whose value comes; nil: one of no interest
	value                           bool    // a value comes, not a key
}

func (d *identity) add(b []byte) {
	switch {
	case !d.value:
		d.key = append(d.key, b[:min(len(b), maxIDKey+1-len(d.key))]...)
	case d.into != nil:
		*d.into = append(*d.into, b[:min(len(b), maxIDValue-len(*d.into))]...)
	}
}

// drop forgets the value: it is NIL.
func (d *identity) drop() {
	if d.into != nil {
		*d.into = (*d.into)[:0]
	}
}

// end closes a key or a value.
func (d *identity) end() {
	if d.value = !d.value; !d.value {
		d.key = d.key[:0]
		return
	}
	d.into = nil
	for _, f := range [...]struct {
		key  string
		into *[]byte
	}{
		{"NAME", &d.name},
		{"VERSION", &d.version},
		{"OS", &d.os},
		{"X-ORIGINATING-IP", &d.origin}, // sent by proxies, which need not tell the truth
		{"X-ORIGINATING-PORT", &d.port},
	} {
		if line.EqualFold(d.key, f.key) && len(*f.into) == 0 {
			d.into = f.into
		}
	}
}

// beginIdentity makes ready for an ID command.
func (p *parser) beginIdentity() {
	if p.id == nil {
		p.id = p.pools.identities.Get().(*identity)
	}
	d := p.id
	*d = identity{key: d.key[:0], name: d.name[:0], version: d.version[:0], os: d.os[:0], origin: d.origin[:0], port: d.port[:0]}
}

func (p *parser) dropIdentity() {
	if p.id != nil {
		p.pools.identities.Put(p.id)
		p.id = nil
	}
}

// clientInfo reports what the ID command said.
func (p *parser) clientInfo() {
	d := p.id
	if d == nil {
		return
	}
	defer p.dropIdentity()
	if len(d.name)+len(d.version)+len(d.os)+len(d.origin) == 0 {
		return
	}
	p.originates(d)
	e := p.out.ClientInfo(p.now)
	e.Source = "id"
	e.Name, e.Version = p.out.Copy(d.name), p.out.Copy(d.version)
	e.OS, e.Origin = p.out.Copy(d.os), p.out.Copy(d.origin)
}

// originates notes whom a proxy or a webmail server says it speaks for.
func (p *parser) originates(d *identity) {
	a, err := netip.ParseAddr(string(d.origin))
	if err != nil {
		return
	}
	port, _ := line.Uint(d.port)
	if port > 65535 {
		port = 0
	}
	p.out.SetVia(p.out.Via().Claim(netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(port)), "imap-id"))
}
