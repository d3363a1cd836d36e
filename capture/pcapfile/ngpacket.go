package pcapfile

import (
	"fmt"

	"mailsensor/capture"
)

// packet returns the packet of a whole block.
func (f *File) packet(kind uint32, block []byte) ([]byte, capture.Info, error) {
	header, capLen, info, err := f.packetHeader(kind, block, len(block))
	if err != nil {
		return nil, capture.Info{}, err
	}
	f.win.pos += len(block)
	info.Block = f.win.block
	end := header + capLen
	return block[header:end:end], info, nil
}

// partialPacket is the last block of a file that ends within it. Where only
// the options are missing, the frame is whole.
func (f *File) partialPacket(kind uint32, size int) ([]byte, capture.Info, error) {
	w := &f.win
	rest := w.rest()
	header := ngPacketHeader
	switch kind {
	case blockSimple:
		header = ngSimpleHeader
	case blockEnhanced, blockPacket:
	default:
		return nil, capture.Info{}, f.ended(len(rest))
	}
	if len(rest) < header {
		return nil, capture.Info{}, f.ended(len(rest))
	}
	header, capLen, info, err := f.packetHeader(kind, rest, size)
	if err != nil {
		return nil, capture.Info{}, err
	}
	frame, info, err := f.partial(header, info)
	if len(frame) > capLen {
		frame = frame[:capLen]
	}
	if err == nil && len(frame) == 0 {
		return nil, capture.Info{}, f.err
	}
	return frame, info, err
}

// packetHeader reads the fixed fields of a block of size bytes, of which b is
// what there is, and says where its frame begins and how long it is.
func (f *File) packetHeader(kind uint32, b []byte, size int) (header, capLen int, info capture.Info, err error) {
	if kind == blockSimple {
		return f.simpleHeader(b, size)
	}
	if size < ngPacketHeader+4 {
		return 0, 0, info, f.damaged(f.win.offset(), fmt.Sprintf("packet block of %d bytes", size))
	}
	s := &f.ng
	number := s.uint32(b[8:])
	if kind == blockPacket { // appendix A: 16 bits for the interface, 16 for a drop count
		number = uint32(s.uint16(b[8:]))
	}
	in, err := f.netInterface(number)
	if err != nil {
		return 0, 0, info, err
	}
	captured := s.uint32(b[20:])
	if int64(captured) > int64(size-ngPacketHeader-4) {
		return 0, 0, info, f.damaged(f.win.offset(), fmt.Sprintf("packet of %d bytes in a block of %d", captured, size))
	}
	return ngPacketHeader, int(captured), capture.Info{
		Time:   in.clock.time(uint64(s.uint32(b[12:]))<<32 | uint64(s.uint32(b[16:]))),
		Length: wireLength(s.uint32(b[24:]), captured),
		Link:   in.link,
	}, nil
}

// simpleHeader reads a simple packet block (section 4.4). It has no time; that
// of the packet before keeps it in its place.
func (f *File) simpleHeader(b []byte, size int) (header, capLen int, info capture.Info, err error) {
	if size < ngSimpleHeader+4 {
		return 0, 0, info, f.damaged(f.win.offset(), fmt.Sprintf("packet block of %d bytes", size))
	}
	in, err := f.netInterface(0)
	if err != nil {
		return 0, 0, info, err
	}
	original := f.ng.uint32(b[8:])
	captured := min(original, uint32(size-ngSimpleHeader-4))
	if in.snapLen != 0 {
		captured = min(captured, in.snapLen)
	}
	info = capture.Info{Length: wireLength(original, captured), Link: in.link}
	if f.stats.Packets > 0 {
		info.Time = f.last
	}
	return ngSimpleHeader, int(captured), info, nil
}

func (f *File) netInterface(number uint32) (*netInterface, error) {
	if int64(number) >= int64(len(f.ng.interfaces)) {
		return nil, f.damaged(f.win.offset(), fmt.Sprintf("packet of interface %d, %d are known", number, len(f.ng.interfaces)))
	}
	return &f.ng.interfaces[number], nil
}
