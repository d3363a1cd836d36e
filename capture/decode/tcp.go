package decode

import (
	"encoding/binary"

	"mailsensor/capture"
)

const tcpLen = 20

// tcp reads the header of RFC 9293, section 3.1. Only the fixed part must have
// been captured: where the snap length cut within the options, all of the payload
// is known to be cut, and how much of it there was.
func (d *Decoder) tcp(seg *capture.Segment) layer {
	p := &d.packet
	b := p.b
	if len(b) < tcpLen {
		return p.short(tcpLen)
	}
	size := int(b[12]>>4) * 4
	if size < tcpLen || size > p.wire {
		return p.end(Malformed)
	}
	if d.opt.Checksums && len(b) == p.wire && tcpSum(p.addrs, b) != 0xFFFF {
		return p.end(BadChecksum)
	}
	seg.Payload = b[min(size, len(b)):len(b):len(b)]
	seg.Cut = uint32(p.wire - size - len(seg.Payload))
	seg.Seq = binary.BigEndian.Uint32(b[4:])
	seg.Ack = binary.BigEndian.Uint32(b[8:])
	seg.Flags = b[13]
	seg.ID = p.id
	seg.TTL = p.ttl

	src, dst := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	if len(p.addrs) == 8 {
		seg.FromLow = key4(&seg.Key, p.addrs, src, dst)
	} else {
		seg.FromLow = key6(&seg.Key, p.addrs, src, dst)
	}
	seg.Key.VLAN = 0
	if d.opt.VLANAware {
		seg.Key.VLAN = p.vlan
	}
	seg.Hash = seg.Key.Hash(d.opt.Seed)
	return p.end(TCP)
}

// key4 sets the endpoints of a key and reports whether the source is the low one.
func key4(k *capture.Key, addrs []byte, srcPort, dstPort uint16) bool {
	src, dst := binary.BigEndian.Uint32(addrs), binary.BigEndian.Uint32(addrs[4:])
	fromLow := src < dst || src == dst && srcPort <= dstPort
	if !fromLow {
		src, dst = dst, src
		srcPort, dstPort = dstPort, srcPort
	}
	map4(&k.Low, src)
	map4(&k.High, dst)
	k.LowPort, k.HighPort = srcPort, dstPort
	return fromLow
}

// map4 writes an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2).
func map4(to *[16]byte, addr uint32) {
	binary.BigEndian.PutUint64(to[:8], 0)
	binary.BigEndian.PutUint64(to[8:], 0xFFFF<<32|uint64(addr))
}

func key6(k *capture.Key, addrs []byte, srcPort, dstPort uint16) bool {
	src, dst := [16]byte(addrs), [16]byte(addrs[16:])
	c := compare(&src, &dst)
	if c < 0 || c == 0 && srcPort <= dstPort {
		k.Low, k.High, k.LowPort, k.HighPort = src, dst, srcPort, dstPort
		return true
	}
	k.Low, k.High, k.LowPort, k.HighPort = dst, src, dstPort, srcPort
	return false
}

func compare(a, b *[16]byte) int {
	x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:])
	if x == y {
		x, y = binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	}
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
