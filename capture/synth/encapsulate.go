package synth

import (
	"encoding/binary"

	"mailsensor/capture"
)

// Wrapping is a way in which a mirror sends packets to a collector.
type Wrapping uint8

// The wrappings. Those that carry IP and no Ethernet leave other frames as they
// are.
const (
	VXLAN      Wrapping = iota
	VXLANGPE            // with IP in it
	GENEVE              // with an option of 8 octets
	GRETap              // Ethernet, with checksum, key and sequence number
	GREIP               // IP
	ERSPAN1             // type I
	ERSPAN2             // type II
	ERSPAN3             // type III
	ERSPAN3Sub          // type III with the platform's subheader
	IPinIP
	GTPU // with an extension header
	Wrappings
)

var wrappingNames = [Wrappings]string{"vxlan", "vxlan-gpe", "geneve", "gretap", "gre-ip", "erspan1", "erspan2", "erspan3", "erspan3-sub", "ip-in-ip", "gtp-u"}

func (w Wrapping) String() string { return wrappingNames[w] }

const (
	protoUDP = 17
	protoGRE = 47
)

// Encapsulate returns the frames as the collector gets them: over IPv4, or with
// v6 over IPv6. The outer Ethernet frame is untagged.
func Encapsulate(frames []Frame, w Wrapping, v6 bool) []Frame {
	out := make([]Frame, len(frames))
	for i := range frames {
		out[i] = w.wrap(&frames[i], v6, uint16(i))
	}
	return out
}

func (w Wrapping) wrap(f *Frame, v6 bool, id uint16) Frame {
	if f.Link != capture.LinkEthernet || len(f.Bytes) < 14 {
		return *f
	}
	inside, kind, from := f.Bytes, uint16(0), 0
	switch w {
	case VXLANGPE, GREIP, IPinIP, GTPU:
		if kind, from = network(f.Bytes); kind != etherIPv4 && kind != etherIPv6 {
			return *f
		}
		inside = f.Bytes[from:]
	}
	wire := f.Length() - from
	head, proto := w.header(kind, wire, id)
	h := outer{v6: v6, proto: proto, length: len(head) + wire, id: id}
	b := h.append(make([]byte, 0, 80+len(head)+len(inside)))
	at := len(b)
	b = append(append(b, head...), inside...)
	if w == GRETap { // RFC 2784, section 2.5
		binary.BigEndian.PutUint16(b[at+4:], ^fold(sum(b[at:], 0)))
	}
	out := Frame{Time: f.Time, Link: f.Link, Bytes: b}
	if f.Wire > 0 {
		out.Wire = len(b) - len(inside) + wire
	}
	return out
}

// network finds where the packet begins behind Ethernet and its tags, and its
// EtherType.
func network(b []byte) (kind uint16, at int) {
	at = 12
	kind = binary.BigEndian.Uint16(b[at:])
	for (kind == etherVLAN || kind == etherQinQ) && len(b) >= at+6 {
		at += 4
		kind = binary.BigEndian.Uint16(b[at:])
	}
	return kind, at + 2
}

// header makes what stands between the outer IP header and the packet, and the
// outer protocol number.
func (w Wrapping) header(kind uint16, length int, id uint16) ([]byte, uint8) {
	v6 := kind == etherIPv6
	switch w {
	case VXLAN:
		return udpHeader(4789, []byte{8, 0, 0, 0, 0, 0x13, 0x89, 0}, length), protoUDP
	case VXLANGPE:
		next := byte(1)
		if v6 {
			next = 2
		}
		return udpHeader(4790, []byte{0x0C, 0, 0, next, 0, 0x13, 0x89, 0}, length), protoUDP
	case GENEVE:
		return udpHeader(6081, []byte{2, 0, 0x65, 0x58, 0, 0x13, 0x89, 0, 1, 2, 3, 1, 9, 9, 9, 9}, length), protoUDP
	case GTPU:
		gtp := []byte{0x34, 255, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0x85, 1, 0x10, 9, 0}
		binary.BigEndian.PutUint16(gtp[2:], uint16(len(gtp)-8+length))
		return udpHeader(2152, gtp, length), protoUDP
	case GRETap:
		return []byte{0xB0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, byte(id >> 8), byte(id)}, protoGRE
	case GREIP:
		return []byte{0, 0, byte(kind >> 8), byte(kind)}, protoGRE
	case ERSPAN1:
		return []byte{0, 0, 0x88, 0xBE}, protoGRE
	case ERSPAN2:
		return []byte{0x10, 0, 0x88, 0xBE, 0, 0, byte(id >> 8), byte(id), 0x10, 0, 0, 33, 0, 0, 0, 5}, protoGRE
	case ERSPAN3:
		return []byte{0x10, 0, 0x22, 0xEB, 0, 0, byte(id >> 8), byte(id), 0x20, 0, 0, 33, 0, 0, 0, 9, 0, 0, 0x80, 4}, protoGRE
	case ERSPAN3Sub:
		return []byte{0x10, 0, 0x22, 0xEB, 0, 0, byte(id >> 8), byte(id), 0x20, 0, 0, 33, 0, 0, 0, 9, 0, 0, 0x80, 5, 0x0C, 0, 0, 0, 0, 0, 0, 0}, protoGRE
	}
	if v6 {
		return nil, 41
	}
	return nil, 4
}

// udpHeader puts a UDP header before a tunnel's own. Its checksum is 0, as RFC
// 7348, section 5, and RFC 6935 have it for tunnels.
func udpHeader(port uint16, own []byte, length int) []byte {
	b := []byte{0xC0, 0x17, byte(port >> 8), byte(port), 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)+len(own)+length))
	return append(b, own...)
}

// outer is the IP header that a tunnel puts before a packet, and its Ethernet
// header.
type outer struct {
	v6     bool
	proto  uint8
	length int // of what follows
	id     uint16
}

func (o *outer) append(b []byte) []byte {
	b = append(b, 2, 0xEE, 0, 0, 0, 2, 2, 0xEE, 0, 0, 0, 1)
	if o.v6 {
		b = binary.BigEndian.AppendUint16(b, etherIPv6)
		b = append(b, 0x60, 0, 0, 0, byte(o.length>>8), byte(o.length), o.proto, 64)
		for _, host := range [...]byte{10, 20} {
			b = append(b, 0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host)
		}
		return b
	}
	b = binary.BigEndian.AppendUint16(b, etherIPv4)
	ip := len(b)
	b = append(b, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(ipv4Header+o.length))
	b = binary.BigEndian.AppendUint16(b, o.id)
	b = append(b, 0, 0, 64, o.proto, 0, 0, 192, 0, 2, 10, 192, 0, 2, 20)
	mendIPv4(b[ip:])
	return b
}
