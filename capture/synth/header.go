package synth

import (
	"encoding/binary"
	"net/netip"

	"mailsensor/capture"
)

const (
	etherIPv4  = 0x0800
	etherIPv6  = 0x86DD
	etherVLAN  = 0x8100
	etherQinQ  = 0x88A8
	protoTCP   = 6
	minEther   = 60 // without the frame check sequence
	ipv4Header = 20
	ipv6Header = 40
	tcpHeader  = 20
)

// header is what stands before a segment's payload.
type header struct {
	src, dst       netip.AddrPort
	srcMAC, dstMAC [6]byte
	vlans          []uint16
	seq, ack       uint32
	id             uint16
	flags, ttl     uint8
	options        []byte // of TCP; a multiple of 4 octets
}

// appendFrame appends an Ethernet frame with right lengths and checksums,
// padded as a network card pads it.
func appendFrame(dst []byte, h *header, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, h.dstMAC[:]...)
	dst = append(dst, h.srcMAC[:]...)
	dst = appendTags(dst, h.vlans)
	length := tcpHeader + len(h.options) + len(payload)
	if h.src.Addr().Is4() {
		dst = appendIPv4(dst, h, length)
	} else {
		dst = appendIPv6(dst, h, length)
	}
	dst = appendTCP(dst, h, payload)
	for len(dst)-start < minEther {
		dst = append(dst, 0)
	}
	return dst
}

func appendTags(dst []byte, vlans []uint16) []byte {
	for i, id := range vlans {
		tag := uint16(etherVLAN)
		if i < len(vlans)-1 {
			tag = etherQinQ
		}
		dst = binary.BigEndian.AppendUint16(dst, tag)
		dst = binary.BigEndian.AppendUint16(dst, id)
	}
	return dst
}

func appendIPv4(dst []byte, h *header, length int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, etherIPv4)
	ip := len(dst)
	dst = append(dst, 0x45, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(ipv4Header+length))
	dst = binary.BigEndian.AppendUint16(dst, h.id)
	dst = append(dst, 0x40, 0, h.ttl, protoTCP, 0, 0) // do not fragment
	src, to := h.src.Addr().As4(), h.dst.Addr().As4()
	dst = append(dst, src[:]...)
	dst = append(dst, to[:]...)
	binary.BigEndian.PutUint16(dst[ip+10:], ^fold(sum(dst[ip:], 0)))
	return dst
}

func appendIPv6(dst []byte, h *header, length int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, etherIPv6)
	dst = append(dst, 0x60, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(length))
	dst = append(dst, protoTCP, h.ttl)
	src, to := h.src.Addr().As16(), h.dst.Addr().As16()
	dst = append(dst, src[:]...)
	return append(dst, to[:]...)
}

func appendTCP(dst []byte, h *header, payload []byte) []byte {
	at := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, h.src.Port())
	dst = binary.BigEndian.AppendUint16(dst, h.dst.Port())
	dst = binary.BigEndian.AppendUint32(dst, h.seq)
	dst = binary.BigEndian.AppendUint32(dst, h.ack)
	dst = append(dst, uint8(tcpHeader+len(h.options))<<2, h.flags, 0xFF, 0xFF, 0, 0, 0, 0)
	dst = append(dst, h.options...)
	dst = append(dst, payload...)
	addresses := dst[at-32 : at]
	if h.src.Addr().Is4() {
		addresses = dst[at-8 : at]
	}
	setTCPChecksum(dst[at:], addresses)
	return dst
}

// setTCPChecksum fills in the checksum over segment and the pseudo header
// (RFC 9293, section 3.1; RFC 8200, section 8.1). addresses are the source and
// the destination as they stand in the IP header.
func setTCPChecksum(segment, addresses []byte) {
	segment[16], segment[17] = 0, 0
	acc := sum(addresses, uint64(protoTCP)+uint64(len(segment)))
	binary.BigEndian.PutUint16(segment[16:], ^fold(sum(segment, acc)))
}

// sum adds b to the ones' complement sum acc (RFC 1071), 32 bits at a time:
// carries are folded in at the end.
func sum(b []byte, acc uint64) uint64 {
	for len(b) >= 8 {
		v := binary.BigEndian.Uint64(b)
		acc += v>>32 + v&0xFFFFFFFF
		b = b[8:]
	}
	for len(b) >= 2 {
		acc += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint64(b[0]) << 8
	}
	return acc
}

func fold(acc uint64) uint16 {
	for acc > 0xFFFF {
		acc = acc>>16 + acc&0xFFFF
	}
	return uint16(acc)
}

// synOptions announce the segment size, window scaling by 128 and SACK.
func synOptions(mss int) []byte {
	return []byte{2, 4, uint8(mss >> 8), uint8(mss), 1, 3, 3, 7, 1, 1, 4, 2}
}

const dataFlags = capture.ACK | capture.PSH
