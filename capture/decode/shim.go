package decode

import "encoding/binary"

const (
	labelLen  = 4
	maxLabels = 16
	pppoeLen  = 6
)

// mpls takes off a label stack (RFC 3032, section 2.1). Labels do not say what
// they carry: IP is told by its version, the rest is taken for an Ethernet
// pseudowire, with a control word (RFC 4448, section 4.6) where one fits.
func (p *packet) mpls() layer {
	for range maxLabels {
		if len(p.b) < labelLen {
			return p.short(labelLen)
		}
		bottom := p.b[2]&1 != 0
		p.strip(labelLen)
		if bottom {
			return p.pseudowire()
		}
	}
	return p.end(TooDeep)
}

func (p *packet) pseudowire() layer {
	if len(p.b) == 0 {
		return p.short(1)
	}
	switch p.b[0] >> 4 {
	case 4, 6:
		return layerIP
	case 0: // a control word, or a MAC address that begins with 0
		if len(p.b) >= tagLen+ethernetLen && knownType(binary.BigEndian.Uint16(p.b[tagLen+12:])) {
			p.strip(tagLen)
		}
	}
	return layerEthernet
}

func knownType(t uint16) bool {
	switch t {
	case typeIPv4, typeIPv6, typeVLAN, typeQinQ, typeQinQOld, typeMPLS, typePPPoE:
		return true
	}
	return false
}

// pppoe takes off a PPPoE session header (RFC 2516, section 4).
func (p *packet) pppoe() layer {
	if len(p.b) < pppoeLen {
		return p.short(pppoeLen)
	}
	if p.b[0] != 0x11 || p.b[1] != 0 { // version and type 1, code 0: session data
		return p.end(NotIP)
	}
	length := int(binary.BigEndian.Uint16(p.b[4:]))
	p.strip(pppoeLen)
	if length != 0 && length <= p.wire {
		p.limit(length)
	}
	return layerPPP
}

// ppp reads the protocol field, with or without the HDLC framing of RFC 1662 and
// the one-octet form of RFC 1661, section 6.5.
func (p *packet) ppp() layer {
	if len(p.b) >= 2 && p.b[0] == 0xFF && p.b[1] == 0x03 {
		p.strip(2)
	}
	if len(p.b) < 2 {
		return p.short(2)
	}
	proto, size := binary.BigEndian.Uint16(p.b), 2
	if p.b[0]&1 != 0 {
		proto, size = uint16(p.b[0]), 1
	}
	p.strip(size)
	switch proto {
	case 0x0021:
		return layerIPv4
	case 0x0057:
		return layerIPv6
	case 0x0281, 0x0283:
		return layerMPLS
	}
	return p.end(NotIP)
}
