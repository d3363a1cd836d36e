package synth

import (
	"encoding/binary"

	"mailsensor/capture"
)

// Fragment cuts the outermost IP packet of every Ethernet frame into fragments
// with at most size octets of payload, as a path with a small MTU does (RFC 791,
// section 3.2; RFC 8200, section 4.5). Fragments and frames that were cut short
// stay as they are.
func Fragment(frames []Frame, size int) []Frame {
	size &^= 7
	var out []Frame
	for i := range frames {
		f := &frames[i]
		kind, at := uint16(0), 0
		if f.Link == capture.LinkEthernet && len(f.Bytes) >= 14 && f.Wire <= len(f.Bytes) {
			kind, at = network(f.Bytes)
		}
		switch {
		case kind == etherIPv4 && len(f.Bytes) >= at+ipv4Header:
			out = fragment4(out, f, at, size, uint16(i))
		case kind == etherIPv6 && len(f.Bytes) >= at+ipv6Header:
			out = fragment6(out, f, at, size, uint32(i))
		default:
			out = append(out, *f)
		}
	}
	return out
}

func fragment4(out []Frame, f *Frame, at, size int, id uint16) []Frame {
	head := at + int(f.Bytes[at]&15)*4
	end := at + int(binary.BigEndian.Uint16(f.Bytes[at+2:]))
	if binary.BigEndian.Uint16(f.Bytes[at+6:])&0x3FFF != 0 || end > len(f.Bytes) || end-head <= size {
		return append(out, *f)
	}
	body := f.Bytes[head:end]
	for offset := 0; offset < len(body); offset += size {
		piece := body[offset:min(len(body), offset+size)]
		b := append(append(make([]byte, 0, head+len(piece)), f.Bytes[:head]...), piece...)
		place := uint16(offset / 8)
		if offset+size < len(body) {
			place |= 0x2000
		}
		binary.BigEndian.PutUint16(b[at+2:], uint16(head-at+len(piece)))
		if b[at+4] == 0 && b[at+5] == 0 { // an atomic packet may leave it 0, fragments must not
			binary.BigEndian.PutUint16(b[at+4:], id|1)
		}
		binary.BigEndian.PutUint16(b[at+6:], place)
		mendIPv4(b[at:head])
		out = append(out, Frame{Time: f.Time, Link: f.Link, Bytes: b})
	}
	return out
}

func fragment6(out []Frame, f *Frame, at, size int, id uint32) []Frame {
	const fragmentHeader, protoFragment = 8, 44
	head := at + ipv6Header
	end := head + int(binary.BigEndian.Uint16(f.Bytes[at+4:]))
	proto := f.Bytes[at+6]
	if proto == protoFragment || end > len(f.Bytes) || end-head <= size {
		return append(out, *f)
	}
	body := f.Bytes[head:end]
	for offset := 0; offset < len(body); offset += size {
		piece := body[offset:min(len(body), offset+size)]
		b := append(make([]byte, 0, head+fragmentHeader+len(piece)), f.Bytes[:head]...)
		place := uint16(offset)
		if offset+size < len(body) {
			place |= 1
		}
		b[at+6] = protoFragment
		binary.BigEndian.PutUint16(b[at+4:], uint16(fragmentHeader+len(piece)))
		b = append(b, proto, 0, byte(place>>8), byte(place))
		b = binary.BigEndian.AppendUint32(b, id)
		out = append(out, Frame{Time: f.Time, Link: f.Link, Bytes: append(b, piece...)})
	}
	return out
}
