package decode

import (
	"encoding/binary"

	"mailsensor/capture"
)

// plain reads what most frames are, all layers at once: TCP in IPv4 without options, not
// a fragment, captured to its end, in Ethernet without tags. Of any other it reports
// false, and the layers are taken off one by one.
func (d *Decoder) plain(frame []byte, seg *capture.Segment) bool {
	const ip, tcp = ethernetLen, ethernetLen + ipv4Len
	if len(frame) < tcp+tcpLen || d.opt.Checksums {
		return false
	}
	h := (*[tcp + tcpLen]byte)(frame)
	if binary.BigEndian.Uint16(h[12:]) != typeIPv4 || h[ip] != 0x45 || h[ip+9] != protoTCP ||
		binary.BigEndian.Uint16(h[ip+6:])&0x3FFF != 0 {
		return false
	}
	begin := tcp + int(h[tcp+12]>>4)*4
	end := ip + int(binary.BigEndian.Uint16(h[ip+2:]))
	if begin < tcp+tcpLen || end < begin || end > len(frame) {
		return false
	}
	seg.Payload, seg.Cut = frame[begin:end:end], 0
	seg.Seq = binary.BigEndian.Uint32(h[tcp+4:])
	seg.Ack = binary.BigEndian.Uint32(h[tcp+8:])
	seg.Flags = h[tcp+13]
	seg.ID = uint32(binary.BigEndian.Uint16(h[ip+4:]))
	seg.TTL = h[ip+8]
	seg.FromLow = key4(&seg.Key, h[ip+12:ip+20], binary.BigEndian.Uint16(h[tcp:]), binary.BigEndian.Uint16(h[tcp+2:]))
	seg.Key.VLAN = 0
	seg.Hash = seg.Key.Hash(d.opt.Seed)
	return true
}
