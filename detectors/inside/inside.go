// Package inside draws the border between what is ours and what is not: networks,
// mail domains and account names. Networks and domains come from the
// configuration; where it is silent, networks are the private ranges and domains
// are learned from the direction of recipients.
//
// Everything given to it is borrowed. What is learned is bounded and kept least
// recent out; the same events in the same order teach the same.
package inside

import (
	"bytes"
	"net/netip"

	"mailsensor/detectors/address"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Config is what the configuration says. The zero Config is of use.
type Config struct {
	Networks      []netip.Prefix    // instead of Private
	Domains       []string          // with their subdomains; instead of learning
	DefaultDomain string            // added to account names without a domain
	Aliases       map[string]string // other names of accounts, lower case
}

// maxDomains bounds what is learned.
const maxDomains = 4096

// Border answers questions about inside and outside. It is used from one
// goroutine.
type Border struct {
	networks []netip.Prefix
	domains  map[string]bool // configured
	learned  *recent.Table[string, bool]
	config   Config
	scratch  []byte
	asked    asked
}

// asked is the answer about the message at hand, which several ask for.
type asked struct {
	message *protocols.Message
	pos     protocols.Position
	in, out uint64
}

// New returns a Border.
func New(c Config) *Border {
	b := &Border{learned: recent.New[string, bool](maxDomains)}
	b.Configure(c)
	return b
}

// Configure replaces the configuration. What was learned stays.
func (b *Border) Configure(c Config) {
	b.asked = asked{}
	b.networks, b.domains, b.config = c.Networks, map[string]bool{}, c
	if len(b.networks) == 0 {
		b.networks = Private()
	}
	for _, d := range c.Domains {
		b.domains[string(AppendLower(nil, []byte(d)))] = true
	}
}

// Private returns the ranges that never are anybody else's on our wire: RFC 1918,
// RFC 4193 (unique local), RFC 3927 and RFC 4291 (link-local), loopback, and
// RFC 6598 (carrier-grade NAT).
func Private() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("fc00::/7"),
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("::1/128"),
		netip.MustParsePrefix("100.64.0.0/10"),
	}
}

// Address reports whether a is inside.
func (b *Border) Address(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range b.networks {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Domain reports whether a mail domain is inside, and whether that is known.
func (b *Border) Domain(domain []byte) (inside, known bool) {
	d := b.lower(domain)
	if len(d) == 0 {
		return false, false
	}
	if len(b.domains) > 0 {
		return b.configured(d), true
	}
	if v := recent.GetBytes(b.learned, d); v != nil {
		return *v, true
	}
	return false, false
}

// Ours reports whether what stands behind the at sign of an address is known to be
// inside: a domain, or an address in brackets (RFC 5321, section 4.1.3).
func (b *Border) Ours(domain []byte) bool {
	if a, ok := address.Literal(domain); ok {
		return b.Address(a)
	}
	in, _ := b.Domain(domain)
	return in
}

// Stays reports whether mail to an address, in its canonical form, is known to stay
// inside. Whom our servers are asked to send it on to counts.
func (b *Border) Stays(to []byte) bool {
	if on := address.Route(to); on != "" {
		return b.Stays([]byte(on))
	}
	return b.Ours(address.DomainOf(to))
}

func (b *Border) configured(d []byte) bool {
	for {
		if b.domains[string(d)] {
			return true
		}
		dot := bytes.IndexByte(d, '.')
		if dot < 0 {
			return false
		}
		d = d[dot+1:]
	}
}

// Mailbox is Domain for the domain of an address.
func (b *Border) Mailbox(address []byte) (inside, known bool) { return b.Domain(domainOf(address)) }

// Recipients counts the accepted recipients of m that are known to be inside and
// those known to be outside.
func (b *Border) Recipients(m *protocols.Message) (in, out uint64) {
	if b.asked.message == m && b.asked.pos == m.Pos {
		return b.asked.in, b.asked.out
	}
	for i := range m.Recipients {
		r := &m.Recipients[i]
		if r.Outcome != protocols.Accepted {
			continue
		}
		switch inside, known := b.Mailbox(r.Address); {
		case inside:
			in++
		case known:
			out++
		}
	}
	b.asked = asked{m, m.Pos, in, out}
	return in, out
}

// domainOf returns what stands behind the last @, or nil.
func domainOf(address []byte) []byte {
	at := bytes.LastIndexByte(address, '@')
	if at < 0 {
		return nil
	}
	return bytes.TrimRight(address[at+1:], ".")
}

// Observe learns domains from an event, unless they are configured. Mail that a
// server of ours takes from a stranger who did not log in is for us; so is the
// domain of whoever logs in there. What a server outside takes from one of us is
// for others, unless it is known to be ours.
func (b *Border) Observe(ev protocols.Event) {
	b.asked = asked{}
	if len(b.domains) > 0 {
		return
	}
	switch e := ev.(type) {
	case *protocols.Message:
		client, server := b.Address(e.Conn.Client.Addr()), b.Address(e.Conn.Server.Addr())
		if client == server || len(e.Account) > 0 {
			return
		}
		for i := range e.Recipients {
			if r := &e.Recipients[i]; r.Outcome == protocols.Accepted {
				b.learn(domainOf(r.Address), server)
			}
		}
	case *protocols.Login:
		if e.Outcome == protocols.Accepted && b.Address(e.Conn.Server.Addr()) {
			b.learn(domainOf(e.User), true)
		}
	}
}

func (b *Border) learn(domain []byte, inside bool) {
	d := b.lower(domain)
	if len(d) == 0 {
		return
	}
	v := recent.GetBytes(b.learned, d)
	if v == nil {
		v = b.learned.Insert(string(d))
		*v = false
	}
	*v = *v || inside
}

func (b *Border) lower(s []byte) []byte {
	b.scratch = AppendLower(b.scratch[:0], s)
	return b.scratch
}
