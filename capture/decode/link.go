package decode

import (
	"encoding/binary"

	"mailsensor/capture"
)

// EtherTypes (IEEE 802 numbers).
const (
	typeIPv4     = 0x0800
	typeVLAN     = 0x8100 // 802.1Q
	typeIPv6     = 0x86DD
	typeMPLS     = 0x8847
	typeMPLSMany = 0x8848 // upstream-assigned labels, RFC 5332
	typePPPoE    = 0x8864
	typeVNTag    = 0x8926 // 802.1Qbh, of virtual interfaces
	typeQinQ     = 0x88A8 // 802.1ad
	typeQinQOld  = 0x9100
	minType      = 0x0600 // below stands a length, 802.3
)

const (
	ethernetLen = 14
	tagLen      = 4
	vnTagLen    = 6
	maxTags     = 8
	sllLen      = 16
	sll2Len     = 20
	familyLen   = 4
	snapLen     = 8
)

// link begins at the header that the capture's link type names.
func (d *Decoder) link(t capture.LinkType) layer {
	p := &d.packet
	switch t {
	case capture.LinkEthernet:
		return p.ethernet()
	case capture.LinkSLL:
		return p.cooked(sllLen, 14)
	case capture.LinkSLL2:
		return p.cooked(sll2Len, 0)
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOther:
		return layerIP
	case capture.LinkIPv4:
		return layerIPv4
	case capture.LinkIPv6:
		return layerIPv6
	case capture.LinkNull, capture.LinkLoop:
		return p.family()
	case capture.LinkPPP:
		return layerPPP
	case capture.LinkPPPoE:
		return layerPPPoE
	}
	return p.end(UnknownLink)
}

func (p *packet) ethernet() layer {
	if len(p.b) < ethernetLen {
		return p.short(ethernetLen)
	}
	t := binary.BigEndian.Uint16(p.b[12:])
	p.strip(ethernetLen)
	return p.etherType(t)
}

// cooked reads the headers Linux makes up for the "any" device, which keep the
// EtherType at a fixed place.
func (p *packet) cooked(size, typeAt int) layer {
	if len(p.b) < size {
		return p.short(size)
	}
	t := binary.BigEndian.Uint16(p.b[typeAt:])
	p.strip(size)
	if t < minType { // no EtherType: 802.2, CAN and the like
		return p.end(NotIP)
	}
	return p.etherType(t)
}

// etherType goes on behind an EtherType, past a stack of VLAN tags.
func (p *packet) etherType(t uint16) layer {
	for range maxTags + 1 {
		switch t {
		case typeIPv4:
			return layerIPv4
		case typeIPv6:
			return layerIPv6
		case typeMPLS, typeMPLSMany:
			return layerMPLS
		case typePPPoE:
			return layerPPPoE
		case typeVLAN, typeQinQ, typeQinQOld:
			if len(p.b) < tagLen {
				return p.short(tagLen)
			}
			p.vlan = binary.BigEndian.Uint16(p.b) & 0xFFF
			t = binary.BigEndian.Uint16(p.b[2:])
			p.strip(tagLen)
		case typeVNTag:
			if len(p.b) < vnTagLen {
				return p.short(vnTagLen)
			}
			t = binary.BigEndian.Uint16(p.b[4:])
			p.strip(vnTagLen)
		default:
			if t < minType {
				return p.snap(int(t))
			}
			return p.end(NotIP)
		}
	}
	return p.end(TooDeep)
}

// snap reads an 802.3 frame, where a length stands in place of the type, if it
// carries an EtherType after all (802.2 SNAP, RFC 1042).
func (p *packet) snap(length int) layer {
	if length <= p.wire {
		p.limit(length)
	}
	if len(p.b) < snapLen || string(p.b[:6]) != "\xAA\xAA\x03\x00\x00\x00" {
		return p.end(NotIP)
	}
	t := binary.BigEndian.Uint16(p.b[6:])
	p.strip(snapLen)
	if t < minType {
		return p.end(NotIP)
	}
	return p.etherType(t)
}

// family reads the loopback header: an address family, in the byte order of
// whoever captured, with the numbers of its system.
func (p *packet) family() layer {
	if len(p.b) < familyLen {
		return p.short(familyLen)
	}
	f := binary.BigEndian.Uint32(p.b)
	if f > 0xFFFF {
		f = binary.LittleEndian.Uint32(p.b)
	}
	p.strip(familyLen)
	switch f {
	case 2:
		return layerIPv4
	case 10, 23, 24, 28, 30: // Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS
		return layerIPv6
	}
	return p.end(NotIP)
}
