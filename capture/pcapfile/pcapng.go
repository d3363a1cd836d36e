package pcapfile

import (
	"encoding/binary"
	"fmt"

	"mailsensor/capture"
)

// Block types (draft-ietf-opsawg-pcapng, section 11.1).
const (
	blockInterface = 0x00000001
	blockPacket    = 0x00000002 // obsolete
	blockSimple    = 0x00000003
	blockEnhanced  = 0x00000006
	blockSecrets   = 0x0000000A
	blockSection   = 0x0A0D0D0A
)

const (
	ngBlockHeader  = 8  // type and total length
	ngBlockFrame   = 12 // the same and the total length again
	ngPacketHeader = 28 // an enhanced or obsolete packet block up to its data
	ngSimpleHeader = 12 // a simple packet block up to its data

	// maxBlock leaves room for a frame of the longest kind and its options.
	maxBlock = maxFrame + 256<<10

	// maxInterfaces bounds a section's table; captures have a handful.
	maxInterfaces = 1 << 16
)

// ngState is what the current section said.
type ngState struct {
	order
	interfaces []netInterface
}

func isSectionHeader(b []byte) bool { return binary.LittleEndian.Uint32(b) == blockSection }

// nextPacket reads blocks up to the next one with a packet in it.
func (f *File) nextPacket() ([]byte, capture.Info, error) {
	w, s := &f.win, &f.ng
	for {
		if !w.need(ngBlockHeader) {
			return nil, capture.Info{}, f.ended(len(w.rest()))
		}
		h := w.data[w.pos : w.pos+ngBlockHeader]
		if isSectionHeader(h) {
			if err := f.byteOrder(); err != nil {
				return nil, capture.Info{}, err
			}
			h = w.data[w.pos : w.pos+ngBlockHeader]
		}
		kind, size := s.uint32(h), s.uint32(h[4:])
		if size < ngBlockFrame || size > maxBlock || size%4 != 0 {
			return nil, capture.Info{}, f.damaged(w.offset(), fmt.Sprintf("block of %d bytes", size))
		}
		if !w.need(int(size)) {
			return f.partialPacket(kind, int(size))
		}
		block := w.data[w.pos : w.pos+int(size) : w.pos+int(size)]
		if again := s.uint32(block[size-4:]); again != size {
			return nil, capture.Info{}, f.damaged(w.offset(), fmt.Sprintf("block of %d bytes ends with length %d", size, again))
		}
		if kind == blockEnhanced || kind == blockPacket || kind == blockSimple {
			return f.packet(kind, block)
		}
		if err := f.otherBlock(kind, block); err != nil {
			return nil, capture.Info{}, err
		}
		w.pos += int(size)
	}
}

// byteOrder reads the magic of a section header block, without which not even
// the block's length is known (section 4.1).
func (f *File) byteOrder() error {
	w := &f.win
	if !w.need(ngBlockFrame) {
		return f.ended(len(w.rest()))
	}
	switch binary.LittleEndian.Uint32(w.data[w.pos+8:]) {
	case 0x1A2B3C4D:
		f.ng.bigEndian = false
	case 0x4D3C2B1A:
		f.ng.bigEndian = true
	default:
		return f.damaged(w.offset(), "section without a byte order")
	}
	return nil
}

// otherBlock takes note of a block that holds no packet, or skips it.
func (f *File) otherBlock(kind uint32, block []byte) error {
	body := block[ngBlockHeader : len(block)-4]
	switch kind {
	case blockSection:
		return f.section(body)
	case blockInterface:
		return f.addInterface(body)
	case blockSecrets:
		return f.addSecret(body)
	}
	return nil
}

// section begins a new section: interfaces are numbered from 0 again. The
// stated section length is not needed, and often unknown.
func (f *File) section(body []byte) error {
	if len(body) < 16 {
		return f.damaged(f.win.offset(), "section header too short")
	}
	if major := f.ng.uint16(body[4:]); major != 1 {
		return f.damaged(f.win.offset(), fmt.Sprintf("pcapng version %d.%d, known is 1.0", major, f.ng.uint16(body[6:])))
	}
	f.ng.interfaces = f.ng.interfaces[:0]
	return nil
}
