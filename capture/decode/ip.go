package decode

import "encoding/binary"

// IP protocol numbers.
const (
	protoHopByHop = 0
	protoIPv4     = 4
	protoTCP      = 6
	protoUDP      = 17
	protoIPv6     = 41
	protoRouting  = 43
	protoFragment = 44
	protoGRE      = 47
	protoAuth     = 51
	protoDestOpts = 60
	protoMobility = 135
)

const (
	ipv4Len = 20
	ipv6Len = 40
	maxExts = 12
	// maxOffload bounds the packets whose IP header gives no length because a
	// network card was to cut them up: some systems build half a megabyte.
	maxOffload = 1 << 20
)

func (p *packet) ip() layer {
	if len(p.b) == 0 {
		return p.short(1)
	}
	switch p.b[0] >> 4 {
	case 4:
		return layerIPv4
	case 6:
		return layerIPv6
	}
	return p.end(NotIP)
}

// ipv4 reads the header of RFC 791, section 3.1.
func (d *Decoder) ipv4() layer {
	p := &d.packet
	b := p.b
	if len(b) < ipv4Len {
		return p.short(ipv4Len)
	}
	size := int(b[0]&0xF) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = min(p.wire, maxOffload)
	}
	if b[0]>>4 != 4 || size < ipv4Len || total < size {
		return p.end(Malformed)
	}
	p.limit(total)
	if len(p.b) < size {
		return p.end(Truncated)
	}
	if d.opt.Checksums && sum(b[:size], 0) != 0xFFFF {
		return p.end(BadChecksum)
	}
	p.addrs = b[12:20:20]
	p.id = uint32(binary.BigEndian.Uint16(b[4:]))
	p.ttl = b[8]
	p.proto = b[9]
	p.strip(size)
	if frag := binary.BigEndian.Uint16(b[6:]); frag&0x3FFF != 0 {
		if !d.defragment(int(frag&0x1FFF)*8, frag&0x2000 != 0) {
			return p.end(Fragment)
		}
	}
	return d.transport()
}

// ipv6 reads the header of RFC 8200, section 3.
func (d *Decoder) ipv6() layer {
	p := &d.packet
	b := p.b
	if len(b) < ipv6Len {
		return p.short(ipv6Len)
	}
	if b[0]>>4 != 6 {
		return p.end(Malformed)
	}
	p.addrs = b[8:40:40]
	p.id = 0
	p.ttl = b[7]
	p.proto = b[6]
	p.exts = 0
	length := int(binary.BigEndian.Uint16(b[4:]))
	p.strip(ipv6Len)
	if length == 0 { // a jumbogram (RFC 2675), or left to the network card
		length = min(p.wire, maxOffload)
	}
	p.limit(length)
	return d.ipv6Next()
}

// ipv6Next steps over extension headers (RFC 8200, section 4; RFC 4302 for the
// authentication header) up to the transport.
func (d *Decoder) ipv6Next() layer {
	p := &d.packet
	for ; p.exts < maxExts; p.exts++ {
		unit, extra := 8, 1
		switch p.proto {
		case protoHopByHop, protoRouting, protoDestOpts, protoMobility:
		case protoAuth:
			unit, extra = 4, 2
		case protoFragment:
			if !d.fragmentHeader() {
				return layerNone
			}
			continue
		default:
			return d.transport()
		}
		if len(p.b) < 8 {
			return p.short(8)
		}
		size := (int(p.b[1]) + extra) * unit
		if len(p.b) < size {
			return p.short(size)
		}
		p.proto = p.b[0]
		p.strip(size)
	}
	return p.end(TooDeep)
}

// fragmentHeader reads RFC 8200, section 4.5, and reports whether there is a
// whole datagram to go on with.
func (d *Decoder) fragmentHeader() bool {
	p := &d.packet
	if len(p.b) < 8 {
		p.short(8)
		return false
	}
	frag := binary.BigEndian.Uint16(p.b[2:])
	p.id = binary.BigEndian.Uint32(p.b[4:])
	p.proto = p.b[0]
	p.strip(8)
	if frag&0xFFF9 == 0 { // atomic, RFC 6946
		return true
	}
	if !d.defragment(int(frag&0xFFF8), frag&1 != 0) {
		p.end(Fragment)
		return false
	}
	return true
}

func (d *Decoder) transport() layer {
	p := &d.packet
	switch p.proto {
	case protoTCP:
		return layerTCP
	case protoUDP:
		return layerUDP
	case protoGRE:
		return layerGRE
	case protoIPv4:
		return d.enter(IPinIP, layerIPv4)
	case protoIPv6:
		return d.enter(IPinIP, layerIPv6)
	}
	return p.end(NotTCP)
}
