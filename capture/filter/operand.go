package filter

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// operand reads an address, network, port or protocol under the qualifiers.
func (p *parser) operand() (node, error) {
	t := p.next()
	if !t.isWord() {
		return nil, t.unexpected()
	}
	switch p.qual.kind {
	case "port", "portrange":
		return p.ports(t)
	case "proto":
		return p.protoNumber(t)
	}
	switch {
	case p.qual.proto == "ether":
		return p.mac(t)
	case strings.Contains(t.text, ":"):
		return p.address6(t)
	}
	return p.address4(t)
}

func (p *parser) protoNumber(t token) (node, error) {
	q := p.qual
	n, err := strconv.ParseUint(t.text, 0, 8)
	if known, ok := protoNames(t.text); ok {
		n, err = uint64(known), nil
	}
	if err != nil {
		return nil, t.wrong("is no IP protocol")
	}
	if q.dir != either {
		return nil, t.wrong("is a protocol, which has no direction")
	}
	switch q.proto {
	case "":
		return some{p.place.proto4(uint32(n)), p.place.proto6(uint32(n))}, nil
	case "ip":
		return p.place.proto4(uint32(n)), nil
	case "ip6":
		return p.place.proto6(uint32(n)), nil
	}
	return nil, t.wrong("cannot be looked for in '" + q.proto + "'")
}

func (p *parser) mac(t token) (node, error) {
	a, err := net.ParseMAC(t.text)
	if err != nil || len(a) != 6 || p.qual.kind != "" && p.qual.kind != "host" {
		return nil, t.wrong("is no Ethernet address")
	}
	if !p.place.ether {
		return fixed(false), nil
	}
	at := func(off uint32) node {
		return all{equal(off+2, 4, be32(a[2:])), equal(off, 2, uint32(a[0])<<8|uint32(a[1]))}
	}
	return directed(p.qual.dir, at(6), at(0)), nil
}

func (p *parser) address6(t token) (node, error) {
	prefix, err := netip.ParsePrefix(t.text)
	if addr, aerr := netip.ParseAddr(t.text); aerr == nil && addr.Zone() == "" {
		prefix, err = netip.PrefixFrom(addr, 128), nil
	}
	switch {
	case err != nil || !prefix.Addr().Is6() || prefix.Bits() < 128 && p.qual.kind != "net":
		return nil, t.wrong("is no IPv6 address")
	case prefix != prefix.Masked():
		return nil, t.wrong("has bits behind its length")
	case p.qual.proto != "" && p.qual.proto != "ip6":
		return nil, t.wrong("cannot be looked for in '" + p.qual.proto + "'")
	}
	return p.place.host6(p.qual.dir, prefix), nil
}

// address4 reads an IPv4 address or network, of which the last numbers may be
// left out.
func (p *parser) address4(t token) (node, error) {
	text, bitsText, slash := strings.Cut(t.text, "/")
	addr, n, ok := dotted(text)
	if !ok {
		return nil, t.wrong("is no address, and names are not looked up")
	}
	mask := ^uint32(0) << (32 - n)
	if p.qual.kind == "net" && slash {
		length, err := strconv.ParseUint(bitsText, 10, 8)
		if err != nil || length > 32 {
			return nil, t.wrong("has no length from 0 to 32")
		}
		mask = ^uint32(0) << (32 - length)
	} else if slash {
		return nil, t.wrong("is a network; write 'net' before it")
	}
	if m := p.peek(); p.qual.kind == "net" && !slash && m.is("mask") {
		p.next()
		m = p.next()
		if mask, n, ok = dotted(m.text); !ok || n != 32 {
			return nil, m.wrong("is no mask")
		}
	}
	if addr&^mask != 0 {
		return nil, t.wrong("has bits behind its mask")
	}
	n4, ok := p.place.host4(p.qual.proto, p.qual.dir, addr, mask)
	if !ok {
		return nil, t.wrong("cannot be looked for in '" + p.qual.proto + "'")
	}
	return n4, nil
}

// dotted reads one to four numbers with dots between them, and says how many bits
// they fix.
func dotted(s string) (addr uint32, bits int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return 0, 0, false
	}
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, 0, false
		}
		addr = addr<<8 | uint32(n)
	}
	bits = 8 * len(parts)
	return addr << (32 - bits), bits, true
}

func (p *parser) ports(t token) (node, error) {
	low, high, isRange := strings.Cut(t.text, "-")
	if !isRange || p.qual.kind == "port" {
		low, high = t.text, t.text
	}
	a, err := portNumber(low)
	b, err2 := portNumber(high)
	if err || err2 {
		return nil, t.wrong("is no port")
	}
	protos := []uint32{protoTCP, protoUDP, protoSCTP}
	if n, ok := protoNames(p.qual.proto); ok && (n == protoTCP || n == protoUDP || n == protoSCTP) {
		protos = []uint32{n}
	} else if p.qual.proto != "" {
		return nil, t.wrong("is a port, which '" + p.qual.proto + "' does not have")
	} else if _, err := strconv.ParseUint(low, 10, 16); err != nil { // the named services are on TCP
		protos = protos[:1]
	}
	return p.place.ports(protos, p.qual.dir, min(a, b), max(a, b)), nil
}

func portNumber(s string) (n uint32, bad bool) {
	switch s {
	case "smtp":
		return 25, false
	case "pop3":
		return 110, false
	case "imap", "imap2":
		return 143, false
	case "smtps", "submissions":
		return 465, false
	case "submission":
		return 587, false
	case "imaps":
		return 993, false
	case "pop3s":
		return 995, false
	case "sieve":
		return 4190, false
	}
	v, err := strconv.ParseUint(s, 10, 16)
	return uint32(v), err != nil
}

func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
