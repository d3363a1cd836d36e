package decode

import "encoding/binary"

// UDP ports of tunnels. That a datagram goes to one of them is not enough: any
// client may have been given it as its own. The header must be valid, too.
const (
	portGTPU     = 2152
	portVXLAN    = 4789
	portVXLANOld = 8472 // Linux before the number was assigned, and flannel
	portVXLANGPE = 4790
	portGENEVE   = 6081
)

const (
	udpLen    = 8
	tunnelLen = 8 // the least header of each tunnel over UDP
)

// udp looks for a tunnel in a datagram (RFC 768). It says NotTCP of every other,
// whatever its header.
func (d *Decoder) udp() layer {
	p := &d.packet
	if len(p.b) < udpLen {
		return p.end(NotTCP)
	}
	src, dst := binary.BigEndian.Uint16(p.b), binary.BigEndian.Uint16(p.b[2:])
	var read func(*Decoder) layer
	switch {
	case dst == portVXLAN || dst == portVXLANOld:
		read = (*Decoder).vxlan
	case dst == portVXLANGPE:
		read = (*Decoder).vxlanGPE
	case dst == portGENEVE:
		read = (*Decoder).geneve
	case dst == portGTPU || src == portGTPU: // the other end may use a port of its own
		read = (*Decoder).gtpu
	default:
		return p.end(NotTCP)
	}
	if length := int(binary.BigEndian.Uint16(p.b[4:])); length >= udpLen && length <= p.wire {
		p.limit(length)
	}
	p.strip(udpLen)
	switch {
	case p.wire < tunnelLen:
		return p.end(NotTCP)
	case len(p.b) < tunnelLen:
		return p.end(Truncated)
	}
	return read(d)
}

// vxlan takes off the header of RFC 7348, section 5: the I flag must be set, what
// is reserved is ignored.
func (d *Decoder) vxlan() layer {
	p := &d.packet
	if p.b[0]&0x08 == 0 {
		return p.end(NotTCP)
	}
	p.strip(tunnelLen)
	return d.enter(VXLAN, layerEthernet)
}

// vxlanGPE takes off the header of draft-ietf-nvo3-vxlan-gpe, section 3, which
// names what follows.
func (d *Decoder) vxlanGPE() layer {
	const version, instance, protocol, management = 0x30, 0x08, 0x04, 0x01
	p := &d.packet
	flags, inside := p.b[0], layerEthernet
	if flags&protocol != 0 {
		switch p.b[3] {
		case 1:
			inside = layerIPv4
		case 2:
			inside = layerIPv6
		case 3:
		default:
			inside = layerNone
		}
	}
	if flags&(version|management) != 0 || flags&instance == 0 || inside == layerNone {
		return p.end(NotTCP)
	}
	p.strip(tunnelLen)
	return d.enter(VXLAN, inside)
}

// geneve takes off the header of RFC 8926, section 3.4, and its options, which
// must fill the room that the header gives them.
func (d *Decoder) geneve() layer {
	const version, management = 0xC0, 0x80
	p := &d.packet
	inside := within(binary.BigEndian.Uint16(p.b[2:]))
	size := tunnelLen + int(p.b[0]&0x3F)*4
	switch {
	case p.b[0]&version != 0 || p.b[1]&management != 0 || inside == layerNone || size > p.wire:
		return p.end(NotTCP)
	case size > len(p.b):
		return p.end(Truncated)
	}
	at := tunnelLen
	for at < size {
		at += 4 + int(p.b[at+3]&0x1F)*4
	}
	if at != size {
		return p.end(NotTCP)
	}
	p.strip(size)
	return d.enter(GENEVE, inside)
}

// gtpu takes off the header of 3GPP TS 29.281, section 5.1, of a G-PDU: the only
// message that carries a user's packet.
func (d *Decoder) gtpu() layer {
	const kind, version1, optional, gpdu = 0xF8, 0x30, 0x07, 255
	p := &d.packet
	length := int(binary.BigEndian.Uint16(p.b[2:]))
	flags := p.b[0]
	if flags&kind != version1 || p.b[1] != gpdu || tunnelLen+length > p.wire {
		return p.end(NotTCP)
	}
	p.strip(tunnelLen)
	p.limit(length)
	if flags&optional != 0 {
		if r := p.gtpuOptional(flags); r != TCP {
			return p.end(r)
		}
	}
	switch {
	case p.wire == 0:
		return p.end(NotTCP)
	case len(p.b) == 0:
		return p.end(Truncated)
	case p.b[0]>>4 != 4 && p.b[0]>>4 != 6:
		return p.end(NotTCP)
	}
	return d.enter(GTPU, layerIP)
}

// gtpuOptional takes off the optional fields and the extension headers (TS
// 29.281, section 5.2), whose first octet is their length in units of four, and
// whose last one the type of the next. The result is TCP where that went well.
func (p *packet) gtpuOptional(flags byte) Result {
	const extended, size = 0x04, 4
	if p.wire < size {
		return NotTCP
	}
	if len(p.b) < size {
		return Truncated
	}
	next := p.b[size-1]
	p.strip(size)
	for n := 0; flags&extended != 0 && next != 0; n++ {
		if len(p.b) == 0 && p.wire > 0 {
			return Truncated
		}
		if len(p.b) == 0 || p.b[0] == 0 {
			return NotTCP
		}
		if n == maxExts {
			return TooDeep
		}
		size := int(p.b[0]) * 4
		if size > p.wire {
			return NotTCP
		}
		if size > len(p.b) {
			return Truncated
		}
		next = p.b[size-1]
		p.strip(size)
	}
	return TCP
}
