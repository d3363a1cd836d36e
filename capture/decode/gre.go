package decode

import "encoding/binary"

// Protocol types of GRE, beside the EtherTypes of Ethernet.
const (
	typeBridged = 0x6558 // transparent Ethernet bridging
	typePPP     = 0x880B
	typeERSPAN  = 0x88BE // types I and II
	typeERSPAN3 = 0x22EB
)

// gre takes off a GRE header (RFC 2784, section 2; RFC 2890, section 2).
func (d *Decoder) gre() layer {
	const checksum, routing, key, sequence, strict, version = 0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 7
	p := &d.packet
	if len(p.b) < 4 {
		return p.short(4)
	}
	flags, proto := binary.BigEndian.Uint16(p.b), binary.BigEndian.Uint16(p.b[2:])
	switch {
	case flags&version == 1:
		return d.pptp(flags, proto)
	case flags&(routing|strict|version) != 0: // source routes of RFC 1701: nobody sends them
		return p.end(NotIP)
	}
	size := 4
	for _, f := range [...]uint16{checksum, key, sequence} {
		if flags&f != 0 {
			size += 4
		}
	}
	if len(p.b) < size {
		return p.short(size)
	}
	p.strip(size)
	switch proto {
	case typeERSPAN:
		if flags&sequence == 0 { // type I: nothing stands between
			return d.enter(ERSPAN, layerEthernet)
		}
		return d.erspan()
	case typeERSPAN3:
		return d.erspan()
	}
	if inside := within(proto); inside != layerNone {
		return d.enter(GRE, inside)
	}
	return p.end(NotIP)
}

// pptp takes off the enhanced GRE header of RFC 2637, section 4.1, which always
// has a key: the payload's length and the call.
func (d *Decoder) pptp(flags, proto uint16) layer {
	const checksum, routing, key, sequence, acknowledged = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
	p := &d.packet
	if flags&(checksum|routing) != 0 || flags&key == 0 || proto != typePPP || flags&sequence == 0 {
		return p.end(NotIP) // without a sequence number there is no payload
	}
	size := 12
	if flags&acknowledged != 0 {
		size += 4
	}
	if len(p.b) < size {
		return p.short(size)
	}
	length := int(binary.BigEndian.Uint16(p.b[4:]))
	p.strip(size)
	if length < p.wire {
		p.limit(length)
	}
	return d.enter(GRE, layerPPP)
}

// erspan takes off the header of ERSPAN type II or III
// (draft-foschiano-erspan-03, section 4), as its version says. It keeps the VLAN
// of a frame that was stripped of its tag.
func (d *Decoder) erspan() layer {
	const sizeII, sizeIII, platform = 8, 12, 8
	p := &d.packet
	if len(p.b) < sizeII {
		return p.short(sizeII)
	}
	vlan, inside, size := binary.BigEndian.Uint16(p.b)&0xFFF, layerEthernet, sizeII
	switch p.b[0] >> 4 {
	case 1:
	case 2:
		if size = sizeIII; len(p.b) < size {
			return p.short(size)
		}
		switch p.b[10] >> 2 & 0x1F { // the frame's type
		case 0:
		case 2:
			inside = layerIP
		default:
			return p.end(NotIP)
		}
		if p.b[11]&1 != 0 {
			if size += platform; len(p.b) < size {
				return p.short(size)
			}
		}
	default:
		return p.end(NotIP)
	}
	p.strip(size)
	next := d.enter(ERSPAN, inside)
	p.vlan = vlan
	return next
}
