package synth

import (
	"encoding/binary"
	"net/netip"

	"mailsensor/capture"
)

// packet is a frame taken apart, for the transformations: Ethernet with any
// VLAN tags, whole IPv4 or IPv6 without extension headers, TCP. Offsets count
// from the start of the frame.
type packet struct {
	src, dst      netip.AddrPort
	seq, ack      uint32
	id            uint16
	flags         uint8
	ip, tcp, data int
	end           int // of the payload; padding may follow
	v6            bool
}

func (p *packet) payload(f *Frame) []byte { return f.Bytes[p.data:p.end] }

func (p *packet) size() int { return p.end - p.data }

// next is the sequence number that follows the segment.
func (p *packet) next() uint32 {
	n := p.seq + uint32(p.size())
	if p.flags&capture.SYN != 0 {
		n++
	}
	if p.flags&capture.FIN != 0 {
		n++
	}
	return n
}

// plain reports whether the segment is nothing but data.
func (p *packet) plain() bool {
	return p.size() > 0 && p.flags&(capture.SYN|capture.FIN|capture.RST|urgent) == 0
}

const urgent = 0x20

// flow is a connection's two ends in canonical order.
type flow struct{ low, high netip.AddrPort }

// half is one direction of a connection.
type half struct{ src, dst netip.AddrPort }

func (p *packet) half() half { return half{p.src, p.dst} }

func (p *packet) flow() flow {
	if p.src.Compare(p.dst) < 0 {
		return flow{p.src, p.dst}
	}
	return flow{p.dst, p.src}
}

// parse takes f apart; false when it is anything else or was cut short.
func parse(f *Frame) (p packet, ok bool) {
	if f.Link != capture.LinkEthernet || f.Wire > len(f.Bytes) || len(f.Bytes) < 14 {
		return p, false
	}
	b := f.Bytes
	at := 12
	kind := binary.BigEndian.Uint16(b[at:])
	for (kind == etherVLAN || kind == etherQinQ) && len(b) >= at+6 {
		at += 4
		kind = binary.BigEndian.Uint16(b[at:])
	}
	p.ip = at + 2
	var src, dst netip.Addr
	switch kind {
	case etherIPv4:
		src, dst, ok = p.parseIPv4(b)
	case etherIPv6:
		src, dst, ok = p.parseIPv6(b)
	}
	if !ok || p.end > len(b) || p.end < p.tcp+tcpHeader {
		return p, false
	}
	t := b[p.tcp:p.end]
	p.data = p.tcp + int(t[12]>>4)*4
	p.src = netip.AddrPortFrom(src, binary.BigEndian.Uint16(t))
	p.dst = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(t[2:]))
	p.seq, p.ack = binary.BigEndian.Uint32(t[4:]), binary.BigEndian.Uint32(t[8:])
	p.flags = t[13]
	return p, p.data >= p.tcp+tcpHeader && p.data <= p.end
}

func (p *packet) parseIPv4(b []byte) (src, dst netip.Addr, ok bool) {
	ip := b[p.ip:]
	if len(ip) < ipv4Header || ip[9] != protoTCP || binary.BigEndian.Uint16(ip[6:])&0x3FFF != 0 {
		return src, dst, false // not TCP, or a fragment
	}
	p.tcp = p.ip + int(ip[0]&15)*4
	p.end = p.ip + int(binary.BigEndian.Uint16(ip[2:]))
	p.id = binary.BigEndian.Uint16(ip[4:])
	return netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20])), p.tcp >= p.ip+ipv4Header
}

func (p *packet) parseIPv6(b []byte) (src, dst netip.Addr, ok bool) {
	ip := b[p.ip:]
	if len(ip) < ipv6Header || ip[6] != protoTCP {
		return src, dst, false
	}
	p.v6 = true
	p.tcp = p.ip + ipv6Header
	p.end = p.tcp + int(binary.BigEndian.Uint16(ip[4:]))
	return netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40])), true
}

// change is what rebuild changes in a frame.
type change struct {
	seq     uint32
	id      uint16
	flags   uint8
	payload []byte
}

// rebuild returns f with another payload, its lengths and checksums mended.
func (p *packet) rebuild(f *Frame, c change) Frame {
	b := make([]byte, 0, p.data+len(c.payload))
	b = append(append(b, f.Bytes[:p.data]...), c.payload...)
	if p.v6 {
		binary.BigEndian.PutUint16(b[p.ip+4:], uint16(len(b)-p.tcp))
	} else {
		binary.BigEndian.PutUint16(b[p.ip+2:], uint16(len(b)-p.ip))
		binary.BigEndian.PutUint16(b[p.ip+4:], c.id)
		mendIPv4(b[p.ip:p.tcp])
	}
	binary.BigEndian.PutUint32(b[p.tcp+4:], c.seq)
	b[p.tcp+13] = c.flags
	if p.v6 {
		setTCPChecksum(b[p.tcp:], b[p.ip+8:p.ip+40])
	} else {
		setTCPChecksum(b[p.tcp:], b[p.ip+12:p.ip+20])
	}
	return Frame{Time: f.Time, Link: f.Link, Bytes: b}
}

func mendIPv4(ip []byte) {
	ip[10], ip[11] = 0, 0
	binary.BigEndian.PutUint16(ip[10:], ^fold(sum(ip, 0)))
}
