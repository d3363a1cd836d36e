package decode

import "encoding/binary"

// sum is the ones' complement sum of RFC 1071, going on from start. Over bytes
// that hold their own checksum it is 0xFFFF.
func sum(b []byte, start uint64) uint16 {
	s := start
	for ; len(b) >= 4; b = b[4:] {
		s += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		s += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	for s > 0xFFFF {
		s = s>>16 + s&0xFFFF
	}
	return uint16(s)
}

// tcpSum sums a segment and its pseudo header (RFC 9293, section 3.1; for IPv6
// RFC 8200, section 8.1, which comes to the same sum).
func tcpSum(addrs, segment []byte) uint16 {
	return sum(segment, uint64(sum(addrs, protoTCP+uint64(len(segment)))))
}
