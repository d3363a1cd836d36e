package synth

import (
	"bytes"
	"net/netip"

	"mailsensor/capture"
)

// maxPayload keeps an IPv4 packet within its length field: merged packets are longer.
const maxPayload = 32 << 10

// FromSegment returns Ethernet frames that carry a segment, by themselves: addresses,
// ports, numbers, flags, TTL and payload are those of the segment; MAC addresses, tags,
// fragments, what it was encapsulated in and options of TCP are gone.
func FromSegment(s *capture.Segment) []Frame {
	h := header{seq: s.Seq, ack: s.Ack, id: uint16(s.ID), flags: s.Flags, ttl: max(s.TTL, 1)}
	h.src, h.dst = s.Key.AddrPorts()
	if !s.FromLow {
		h.src, h.dst = h.dst, h.src
	}
	if h.src.Addr().Is4() != h.dst.Addr().Is4() { // not of one packet
		return nil
	}
	var frames []Frame
	for payload, first := s.Payload, true; first || len(payload) > 0; first = false {
		n := min(len(payload), maxPayload)
		part := h
		if n < len(payload) {
			part.flags &^= capture.FIN | capture.PSH
		}
		f := Frame{Time: s.Time, Link: capture.LinkEthernet, Bytes: appendFrame(nil, &part, payload[:n])}
		if payload = payload[n:]; len(payload) == 0 && s.Cut > 0 {
			f.cut(int(s.Cut), n)
		}
		frames = append(frames, f)
		h.seq += uint32(n)
	}
	return frames
}

// cut makes the frame, whose payload is of n octets, one of which more octets were on
// the wire.
func (f *Frame) cut(more, n int) {
	p, ok := parse(f)
	if !ok {
		return
	}
	more = min(more, 0xFFFF-100-n)
	f.Bytes = f.Bytes[:p.end]
	f.Wire = p.end + more
	ip := f.Bytes[14:]
	if ip[0]>>4 == 4 {
		total := int(ip[2])<<8 + int(ip[3]) + more
		ip[2], ip[3] = byte(total>>8), byte(total)
		mendIPv4(ip)
		return
	}
	total := int(ip[4])<<8 + int(ip[5]) + more
	ip[4], ip[5] = byte(total>>8), byte(total)
}

// KeyOf is the key of a flow between two endpoints.
func KeyOf(a, b netip.AddrPort) (k capture.Key, aIsLow bool) {
	k.Low, k.High, k.LowPort, k.HighPort = a.Addr().As16(), b.Addr().As16(), a.Port(), b.Port()
	if c := bytes.Compare(k.Low[:], k.High[:]); c > 0 || c == 0 && k.LowPort > k.HighPort {
		k.Low, k.High, k.LowPort, k.HighPort = k.High, k.Low, k.HighPort, k.LowPort
		return k, false
	}
	return k, true
}
