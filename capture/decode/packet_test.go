package decode

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mailsensor/capture"
)

// sample is a random packet and what must be read out of it.
type sample struct {
	frame    []byte
	link     capture.LinkType
	src, dst netip.AddrPort
	tcp      layers.TCP
	payload  []byte
	id       uint32
	ttl      uint8
	vlan     uint16
}

func randomAddr(r *rand.Rand, v6 bool) netip.Addr {
	var b [16]byte
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	if r.IntN(2) == 0 { // near each other, for the order of the key
		clear(b[:12])
		b[0], b[12], b[13], b[14] = 0x20, 10, 0, 0
		b[15] &= 3
	}
	if v6 {
		return netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte(b[12:]))
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// randomSample makes a TCP packet in a random wrapping.
func randomSample(t testing.TB, r *rand.Rand) *sample {
	v6 := r.IntN(2) == 0
	s := &sample{
		src:     netip.AddrPortFrom(randomAddr(r, v6), uint16(r.IntN(3))),
		dst:     netip.AddrPortFrom(randomAddr(r, v6), uint16(r.IntN(65536))),
		payload: randomBytes(r, r.IntN(1200)),
		ttl:     uint8(1 + r.IntN(255)),
	}
	s.tcp = layers.TCP{SrcPort: layers.TCPPort(s.src.Port()), DstPort: layers.TCPPort(s.dst.Port()),
		Seq: r.Uint32(), Ack: r.Uint32(), Window: 1000,
		SYN: r.IntN(2) == 0, ACK: r.IntN(2) == 0, FIN: r.IntN(4) == 0, PSH: r.IntN(2) == 0}
	for range r.IntN(4) {
		s.tcp.Options = append(s.tcp.Options, layers.TCPOption{OptionType: layers.TCPOptionKindSACK,
			OptionLength: 10, OptionData: randomBytes(r, 8)})
	}
	stack, ether, ppp := s.network(r, v6)
	stack = append(s.wrap(r, ether, ppp), stack...)
	stack = append(stack, &s.tcp, gopacket.Payload(s.payload))
	s.frame = serialize(t, stack...)
	if s.link == capture.LinkEthernet && r.IntN(2) == 0 {
		s.frame = append(s.frame, randomBytes(r, r.IntN(20))...) // padding, or a trailer
	}
	return s
}

func serialize(t testing.TB, stack ...gopacket.SerializableLayer) []byte {
	buf := gopacket.NewSerializeBuffer()
	opt := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, opt, stack...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// network makes the IP layers.
func (s *sample) network(r *rand.Rand, v6 bool) ([]gopacket.SerializableLayer, layers.EthernetType, layers.PPPType) {
	if !v6 {
		ip := &layers.IPv4{Version: 4, TTL: s.ttl, Id: uint16(r.Uint32()), Protocol: layers.IPProtocolTCP,
			SrcIP: s.src.Addr().AsSlice(), DstIP: s.dst.Addr().AsSlice()}
		for range r.IntN(3) {
			ip.Options = append(ip.Options, layers.IPv4Option{OptionType: 7, OptionLength: 8, OptionData: randomBytes(r, 6)})
		}
		s.id = uint32(ip.Id)
		_ = s.tcp.SetNetworkLayerForChecksum(ip)
		return []gopacket.SerializableLayer{ip}, layers.EthernetTypeIPv4, layers.PPPTypeIPv4
	}
	ip := &layers.IPv6{Version: 6, HopLimit: s.ttl, NextHeader: layers.IPProtocolTCP,
		SrcIP: s.src.Addr().AsSlice(), DstIP: s.dst.Addr().AsSlice()}
	_ = s.tcp.SetNetworkLayerForChecksum(ip)
	stack := []gopacket.SerializableLayer{ip}
	next := &ip.NextHeader
	for range r.IntN(4) {
		raw, proto := s.extension(r)
		*next = proto
		next = (*layers.IPProtocol)(&raw[0])
		*next = layers.IPProtocolTCP
		stack = append(stack, gopacket.Payload(raw))
	}
	return stack, layers.EthernetTypeIPv6, layers.PPPTypeIPv6
}

// extension makes an IPv6 extension header; its first byte is the next header.
func (s *sample) extension(r *rand.Rand) ([]byte, layers.IPProtocol) {
	switch r.IntN(3) {
	case 0:
		raw := make([]byte, 8*(1+r.IntN(3)))
		raw[1] = byte(len(raw)/8 - 1)
		return raw, layers.IPProtocolIPv6Destination
	case 1:
		raw := make([]byte, 4*(3+r.IntN(4)))
		raw[1] = byte(len(raw)/4 - 2)
		return raw, layers.IPProtocolAH
	}
	raw := randomBytes(r, 8) // an atomic fragment
	raw[1], raw[2], raw[3] = 0, 0, 0
	s.id = uint32(raw[4])<<24 | uint32(raw[5])<<16 | uint32(raw[6])<<8 | uint32(raw[7])
	return raw, layers.IPProtocolIPv6Fragment
}

// wrap makes the layers below IP.
func (s *sample) wrap(r *rand.Rand, ether layers.EthernetType, ppp layers.PPPType) []gopacket.SerializableLayer {
	mac := []byte{2, 0, 0, 0, 0, 1}
	switch r.IntN(8) {
	case 0:
		s.link = []capture.LinkType{capture.LinkRaw, capture.LinkRawBSD, capture.LinkRawOther}[r.IntN(3)]
		return nil
	case 1:
		s.link = capture.LinkSLL
		head := make([]byte, 16)
		head[14], head[15] = byte(ether>>8), byte(ether)
		return []gopacket.SerializableLayer{gopacket.Payload(head)}
	case 2:
		s.link = capture.LinkSLL2
		head := make([]byte, 20)
		head[0], head[1] = byte(ether>>8), byte(ether)
		return []gopacket.SerializableLayer{gopacket.Payload(head)}
	case 3:
		s.link = capture.LinkLoop
		family := layers.ProtocolFamilyIPv4
		if ether == layers.EthernetTypeIPv6 {
			family = layers.ProtocolFamilyIPv6BSD
		}
		if r.IntN(2) == 0 {
			s.link = capture.LinkNull
			return []gopacket.SerializableLayer{&layers.Loopback{Family: family}}
		}
		return []gopacket.SerializableLayer{gopacket.Payload{0, 0, 0, byte(family)}}
	}
	s.link = capture.LinkEthernet
	eth := &layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: ether}
	stack := []gopacket.SerializableLayer{eth}
	next := &eth.EthernetType
	for range r.IntN(4) {
		tag := &layers.Dot1Q{VLANIdentifier: uint16(r.IntN(4096)), Type: ether}
		*next = []layers.EthernetType{layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, 0x9100}[r.IntN(3)]
		next = &tag.Type
		s.vlan = tag.VLANIdentifier
		stack = append(stack, tag)
	}
	switch r.IntN(5) {
	case 0:
		*next = layers.EthernetTypePPPoESession
		return append(stack, &layers.PPPoE{Version: 1, Type: 1}, &layers.PPP{PPPType: ppp})
	case 1:
		*next = layers.EthernetTypeMPLSUnicast
		for range r.IntN(4) {
			stack = append(stack, &layers.MPLS{Label: r.Uint32N(1 << 20), TTL: 9})
		}
		stack = append(stack, &layers.MPLS{Label: r.Uint32N(1 << 20), TTL: 9, StackBottom: true})
		switch r.IntN(3) {
		case 0: // a pseudowire with a control word
			return append(stack, gopacket.Payload{0, 0, 1, 2}, &layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: ether})
		case 1: // and without
			return append(stack, &layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: ether})
		}
	}
	return stack
}
