package filter

import (
	"math/rand/v2"
	"net"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mailsensor/capture"
)

// The values packets and expressions share, few enough to meet often.
var (
	testPorts  = []uint16{25, 143, 587, 993, 40000, 20, 30}
	testAddrs4 = []string{"10.1.0.1", "10.1.2.3", "10.2.0.1", "192.168.7.9", "172.16.5.4"}
	testAddrs6 = []string{"2001:db8::1", "2001:db8:8000::1", "fe80::1", "2001:db8::2"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomFrame makes a packet of some kind for a link type. It is whole: what
// becomes of frames cut within the headers depends on libpcap's optimizer.
func randomFrame(t testing.TB, r *rand.Rand, link capture.LinkType) []byte {
	stack, ether := network(r)
	stack = append(wrap(r, link, ether), stack...)
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, stack...); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func network(r *rand.Rand) ([]gopacket.SerializableLayer, layers.EthernetType) {
	if r.IntN(10) == 0 {
		return []gopacket.SerializableLayer{&layers.ARP{AddrType: 1, Protocol: layers.EthernetTypeIPv4,
				HwAddressSize: 6, ProtAddressSize: 4, Operation: 1, SourceHwAddress: make([]byte, 6), DstHwAddress: make([]byte, 6),
				SourceProtAddress: net.ParseIP(pick(r, testAddrs4)).To4(), DstProtAddress: net.ParseIP(pick(r, testAddrs4)).To4()}},
			pick(r, []layers.EthernetType{layers.EthernetTypeARP, 0x8035})
	}
	proto, body := transport(r)
	if r.IntN(2) == 0 {
		ip := &layers.IPv4{Version: 4, TTL: 9, Protocol: proto, SrcIP: net.ParseIP(pick(r, testAddrs4)), DstIP: net.ParseIP(pick(r, testAddrs4))}
		if r.IntN(3) == 0 {
			ip.Options = []layers.IPv4Option{{OptionType: 7, OptionLength: 8, OptionData: make([]byte, 6)}}
		}
		if r.IntN(5) == 0 {
			ip.FragOffset = uint16(r.IntN(2))
			ip.Flags = layers.IPv4MoreFragments
		}
		return []gopacket.SerializableLayer{ip, gopacket.Payload(body)}, layers.EthernetTypeIPv4
	}
	ip := &layers.IPv6{Version: 6, HopLimit: 9, NextHeader: proto, SrcIP: net.ParseIP(pick(r, testAddrs6)), DstIP: net.ParseIP(pick(r, testAddrs6))}
	if r.IntN(5) == 0 {
		ip.NextHeader = layers.IPProtocolIPv6Fragment
		body = append([]byte{byte(proto), 0, 0, 1, 0, 0, 0, 7}, body...)
	}
	return []gopacket.SerializableLayer{ip, gopacket.Payload(body)}, layers.EthernetTypeIPv6
}

// transport makes what all the transports begin alike with: two ports.
func transport(r *rand.Rand) (layers.IPProtocol, []byte) {
	body := make([]byte, 20+r.IntN(60))
	a, b := pick(r, testPorts), pick(r, testPorts)
	body[0], body[1], body[2], body[3] = byte(a>>8), byte(a), byte(b>>8), byte(b)
	body[12] = 5 << 4
	return pick(r, []layers.IPProtocol{layers.IPProtocolTCP, layers.IPProtocolTCP, layers.IPProtocolTCP, layers.IPProtocolUDP,
		layers.IPProtocolSCTP, layers.IPProtocolICMPv4, layers.IPProtocolICMPv6}), body
}

func wrap(r *rand.Rand, link capture.LinkType, ether layers.EthernetType) []gopacket.SerializableLayer {
	head := func(n, at int) []gopacket.SerializableLayer {
		b := make([]byte, n)
		b[at], b[at+1] = byte(ether>>8), byte(ether)
		return []gopacket.SerializableLayer{gopacket.Payload(b)}
	}
	ppp := layers.PPPTypeIPv4
	if ether == layers.EthernetTypeIPv6 {
		ppp = layers.PPPTypeIPv6
	}
	switch link {
	case capture.LinkSLL:
		return head(16, 14)
	case capture.LinkSLL2:
		return head(20, 0)
	case capture.LinkPPP:
		return []gopacket.SerializableLayer{gopacket.Payload{0xFF, 3, byte(ppp >> 8), byte(ppp)}}
	case capture.LinkRaw:
		return nil
	}
	macs := []net.HardwareAddr{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 1, 1}}
	eth := &layers.Ethernet{SrcMAC: pick(r, macs), DstMAC: pick(r, macs), EthernetType: ether}
	stack := []gopacket.SerializableLayer{eth}
	next := &eth.EthernetType
	for range max(0, r.IntN(5)-2) {
		tag := &layers.Dot1Q{VLANIdentifier: uint16(4 + r.IntN(3)), Priority: 3, Type: ether}
		*next = pick(r, []layers.EthernetType{layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, 0x9100})
		next = &tag.Type
		stack = append(stack, tag)
	}
	switch r.IntN(6) {
	case 0:
		*next = layers.EthernetTypePPPoESession
		stack = append(stack, &layers.PPPoE{Version: 1, Type: 1, SessionId: uint16(6 + r.IntN(2))}, &layers.PPP{PPPType: ppp})
	case 1:
		*next = layers.EthernetTypeMPLSUnicast
		for range r.IntN(2) {
			stack = append(stack, &layers.MPLS{Label: uint32(7 + r.IntN(2)), TTL: 9})
		}
		stack = append(stack, &layers.MPLS{Label: uint32(7 + r.IntN(2)), TTL: 9, StackBottom: true})
	}
	return stack
}
