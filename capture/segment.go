package capture

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// TCP flags as they stand in the header (RFC 9293, section 3.1).
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Key is the flow key: the two endpoints in canonical order, so that both
// directions have the same key, without pointers, so that the collector does
// not scan a table of them. IPv4 addresses are mapped into IPv6.
type Key struct {
	Low, High         [16]byte // addresses; Low with its port sorts first
	LowPort, HighPort uint16
	VLAN              uint16 // 0 unless VLANs are part of the flow
}

// Hash mixes the key with seed, by folded multiplications that do not wait for each
// other. A replay uses a fixed seed, so that shards and evictions are the same on every
// run; live capture uses a random one.
func (k *Key) Hash(seed uint64) uint64 {
	low := fold(binary.LittleEndian.Uint64(k.Low[:8])^seed^0x9E3779B97F4A7C15, binary.LittleEndian.Uint64(k.Low[8:])^bits.RotateLeft64(seed, 16)^0xBF58476D1CE4E5B9)
	high := fold(binary.LittleEndian.Uint64(k.High[:8])^bits.RotateLeft64(seed, 32)^0x94D049BB133111EB, binary.LittleEndian.Uint64(k.High[8:])^bits.RotateLeft64(seed, 48)^0xD6E8FEB86659FD93)
	ports := uint64(k.LowPort)<<32 | uint64(k.HighPort)<<16 | uint64(k.VLAN)
	return fold(low^bits.RotateLeft64(high, 31)^seed, ports^0xA0761D6478BD642F)
}

// fold is the whole product, one half over the other.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// AddrPorts returns the endpoints in the order of the key.
func (k *Key) AddrPorts() (low, high netip.AddrPort) {
	return netip.AddrPortFrom(netip.AddrFrom16(k.Low).Unmap(), k.LowPort),
		netip.AddrPortFrom(netip.AddrFrom16(k.High).Unmap(), k.HighPort)
}

// Segment is one TCP segment as decoded from a frame. It is a value that is
// reused; Payload is borrowed from the frame.
type Segment struct {
	Key     Key
	Hash    uint64 // of Key
	Time    int64  // Unix nanoseconds
	Index   uint64 // of its frame in the capture, from 0
	Payload []byte
	Cut     uint32 // payload bytes that were on the wire behind Payload and were not captured
	Seq     uint32
	Ack     uint32
	ID      uint32 // IPv4 identification; tells the same packet seen twice from a retransmission. 0: unknown
	Flags   uint8
	TTL     uint8 // or hop limit
	FromLow bool  // sent by Key.Low
}

// Len is the number of payload octets the segment occupied on the wire.
func (s *Segment) Len() int { return len(s.Payload) + int(s.Cut) }
