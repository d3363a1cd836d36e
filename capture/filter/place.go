package filter

import (
	"golang.org/x/net/bpf"

	"mailsensor/capture"
)

// EtherTypes.
const (
	typeIPv4  = 0x0800
	typeARP   = 0x0806
	typeRARP  = 0x8035
	typeVLAN  = 0x8100
	typeIPv6  = 0x86DD
	typeMPLS  = 0x8847
	typePPPoE = 0x8864
	typeQinQ  = 0x88A8
	typeOld   = 0x9100
)

// naming is how a frame says what it carries.
type naming uint8

const (
	byEtherType naming = iota
	byPPP
	byVersion // not at all: the IP version tells
	byLabel   // behind an MPLS label: likewise, at the bottom of the stack
)

// place is how far the frame is taken apart at a point of the expression.
type place struct {
	naming  naming
	typeAt  uint32 // of the type field, where there is one
	payload uint32 // of what it names
	ether   bool   // addresses at the start of the frame
}

// start is the place before any vlan, mpls or pppoes.
func start(link capture.LinkType) (place, bool) {
	switch link {
	case capture.LinkEthernet:
		return place{byEtherType, 12, 14, true}, true
	case capture.LinkSLL:
		return place{byEtherType, 14, 16, false}, true
	case capture.LinkSLL2:
		return place{byEtherType, 0, 20, false}, true
	case capture.LinkPPP: // with HDLC framing, as libpcap assumes
		return place{byPPP, 2, 4, false}, true
	case capture.LinkPPPoE:
		return place{byPPP, 6, 8, false}, true
	case capture.LinkNull, capture.LinkLoop: // every system numbers the families its own way
		return place{byVersion, 0, 4, false}, true
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOther, capture.LinkIPv4, capture.LinkIPv6:
		return place{byVersion, 0, 0, false}, true
	}
	return place{}, false
}

// carries is true for frames that carry this EtherType here.
func (p place) carries(etherType uint32) node {
	switch p.naming {
	case byEtherType:
		return equal(p.typeAt, 2, etherType)
	case byPPP:
		switch etherType {
		case typeIPv4:
			return equal(p.typeAt, 2, 0x0021)
		case typeIPv6:
			return equal(p.typeAt, 2, 0x0057)
		case typeMPLS:
			return equal(p.typeAt, 2, 0x0281)
		}
		return fixed(false)
	}
	version := p.version(etherType)
	if p.naming == byLabel {
		return all{bits(p.payload-2, 1, 1), version}
	}
	return version
}

func (p place) version(etherType uint32) node {
	switch etherType {
	case typeIPv4:
		return masked(p.payload, 1, 0xF0, 0x40)
	case typeIPv6:
		return masked(p.payload, 1, 0xF0, 0x60)
	}
	return fixed(false)
}

// vlan tests for a VLAN tag and moves behind it. id < 0: any.
func (p *place) vlan(id int64) node {
	if p.naming != byEtherType {
		return fixed(false)
	}
	n := all{some{p.carries(typeVLAN), p.carries(typeQinQ), p.carries(typeOld)}}
	if id >= 0 {
		n = append(n, masked(p.payload, 2, 0xFFF, uint32(id)))
	}
	p.typeAt, p.payload = p.payload+2, p.payload+4
	return n
}

// mpls tests for a label and moves behind it.
func (p *place) mpls(label int64) node {
	var n all
	switch p.naming {
	case byVersion:
		return fixed(false)
	case byLabel:
		n = all{not{bits(p.payload-2, 1, 1)}}
	default:
		n = all{p.carries(typeMPLS)}
	}
	if label >= 0 {
		n = append(n, masked(p.payload, 4, 0xFFFFF000, uint32(label)<<12))
	}
	p.naming, p.payload = byLabel, p.payload+4
	return n
}

// pppoes tests for a PPPoE session and moves behind its headers.
func (p *place) pppoes(session int64) node {
	if p.naming != byEtherType {
		return fixed(false)
	}
	n := all{p.carries(typePPPoE)}
	if session >= 0 {
		n = append(n, equal(p.payload+2, 2, uint32(session)))
	}
	p.naming, p.typeAt, p.payload = byPPP, p.payload+6, p.payload+8
	return n
}

func equal(at uint32, size int, val uint32) node {
	return compare{[]bpf.Instruction{bpf.LoadAbsolute{Off: at, Size: size}}, bpf.JumpEqual, val}
}

func masked(at uint32, size int, mask, val uint32) node {
	return compare{[]bpf.Instruction{bpf.LoadAbsolute{Off: at, Size: size},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask}}, bpf.JumpEqual, val}
}

// bits is true where any bit of mask is set.
func bits(at uint32, size int, mask uint32) node {
	return compare{[]bpf.Instruction{bpf.LoadAbsolute{Off: at, Size: size}}, bpf.JumpBitsSet, mask}
}

func length(cond bpf.JumpTest, n uint32) node {
	return compare{[]bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtLen}}, cond, n}
}
