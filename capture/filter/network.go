package filter

import (
	"net/netip"

	"golang.org/x/net/bpf"
)

// IP protocol numbers.
const (
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoFragment = 44
	protoESP      = 50
	protoAH       = 51
	protoICMP6    = 58
	protoSCTP     = 132
)

func protoNames(s string) (uint32, bool) {
	switch s {
	case "icmp":
		return protoICMP, true
	case "tcp":
		return protoTCP, true
	case "udp":
		return protoUDP, true
	case "esp":
		return protoESP, true
	case "ah":
		return protoAH, true
	case "icmp6":
		return protoICMP6, true
	case "sctp":
		return protoSCTP, true
	}
	return 0, false
}

// protocol is the meaning of a protocol's name alone.
func (p place) protocol(name string) node {
	switch name {
	case "ip":
		return p.carries(typeIPv4)
	case "ip6":
		return p.carries(typeIPv6)
	case "arp":
		return p.carries(typeARP)
	case "rarp":
		return p.carries(typeRARP)
	case "icmp":
		return p.proto4(protoICMP)
	case "icmp6":
		return p.proto6(protoICMP6)
	}
	n, _ := protoNames(name)
	return some{p.proto4(n), p.proto6(n)}
}

func (p place) proto4(n uint32) node {
	return all{p.carries(typeIPv4), equal(p.payload+9, 1, n)}
}

// proto6 looks at the next header, and behind a fragment header.
func (p place) proto6(n uint32) node {
	return all{p.carries(typeIPv6), some{equal(p.payload+6, 1, n),
		all{equal(p.payload+6, 1, protoFragment), equal(p.payload+40, 1, n)}}}
}

// directed combines a test of the source and one of the destination.
func directed(dir string, src, dst node) node {
	switch dir {
	case "src":
		return src
	case "dst":
		return dst
	case both:
		return all{src, dst}
	}
	return some{src, dst}
}

// host4 finds an address in IPv4 and, where the protocol is not said, in ARP.
func (p place) host4(proto, dir string, addr, mask uint32) (node, bool) {
	test := func(off uint32) node {
		switch mask {
		case 0:
			return fixed(true)
		case 0xFFFFFFFF:
			return equal(p.payload+off, 4, addr)
		}
		return masked(p.payload+off, 4, mask, addr)
	}
	ip := all{p.carries(typeIPv4), directed(dir, test(12), test(16))}
	arp := directed(dir, test(14), test(24)) // RARP has its addresses at the same places
	switch proto {
	case "":
		return some{ip, all{some{p.carries(typeARP), p.carries(typeRARP)}, arp}}, true
	case "ip":
		return ip, true
	case "arp":
		return all{p.carries(typeARP), arp}, true
	case "rarp":
		return all{p.carries(typeRARP), arp}, true
	}
	return nil, false
}

func (p place) host6(dir string, prefix netip.Prefix) node {
	addr := prefix.Addr().As16()
	test := func(off uint32) node {
		var words all
		for i := 0; i < 16; i += 4 {
			n := min(32, max(0, prefix.Bits()-8*i))
			at, val := p.payload+off+uint32(i), be32(addr[i:])
			switch n {
			case 0:
			case 32:
				words = append(words, equal(at, 4, val))
			default:
				words = append(words, masked(at, 4, ^uint32(0)<<(32-n), val))
			}
		}
		return words
	}
	return all{p.carries(typeIPv6), directed(dir, test(8), test(24))}
}

// ports finds a range of ports. Only the first fragment of an IPv4 datagram has
// them; the IPv6 header is taken to be followed by the transport.
func (p place) ports(protos []uint32, dir string, low, high uint32) node {
	var four, six some
	for _, n := range protos {
		four = append(four, equal(p.payload+9, 1, n))
		six = append(six, equal(p.payload+6, 1, n))
	}
	port4 := func(off uint32) node {
		return within([]bpf.Instruction{bpf.LoadMemShift{Off: p.payload},
			bpf.LoadIndirect{Off: p.payload + off, Size: 2}}, low, high)
	}
	port6 := func(off uint32) node {
		return within([]bpf.Instruction{bpf.LoadAbsolute{Off: p.payload + 40 + off, Size: 2}}, low, high)
	}
	return some{
		all{p.carries(typeIPv4), four, not{bits(p.payload+6, 2, 0x1FFF)}, directed(dir, port4(0), port4(2))},
		all{p.carries(typeIPv6), six, directed(dir, port6(0), port6(2))},
	}
}

func within(load []bpf.Instruction, low, high uint32) node {
	if low == high {
		return compare{load, bpf.JumpEqual, low}
	}
	return all{compare{load, bpf.JumpGreaterOrEqual, low}, not{compare{nil, bpf.JumpGreaterThan, high}}}
}
