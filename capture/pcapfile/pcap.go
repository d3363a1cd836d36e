package pcapfile

import (
	"fmt"

	"mailsensor/capture"
)

// Lengths of the classic format (draft-ietf-opsawg-pcap, sections 4 and 5).
const (
	pcapFileHeader   = 24
	pcapRecordHeader = 16

	// pcapModifiedHeader is the record header of the libpcap that Alexey
	// Kuznetzov patched: interface, protocol and packet type come after it.
	pcapModifiedHeader = 24
)

// pcapState is what the file header says.
type pcapState struct {
	order
	unit   int64 // nanoseconds per unit of the fraction of a second
	header int   // bytes of a record's header
	limit  uint32
	link   capture.LinkType
}

// recognise takes the four kinds of a classic file from its magic number.
func (p *pcapState) recognise(magic []byte) bool {
	for _, big := range [...]bool{false, true} {
		p.bigEndian = big
		p.header = pcapRecordHeader
		switch p.uint32(magic) {
		case 0xa1b2c3d4:
			p.unit = 1000
			return true
		case 0xa1b23c4d:
			p.unit = 1
			return true
		case 0xa1b2cd34:
			p.unit, p.header = 1000, pcapModifiedHeader
			return true
		}
	}
	return false
}

func (f *File) startPcap() error {
	w, p := &f.win, &f.pcap
	if !w.need(pcapFileHeader) {
		if !cutShort(w.err) {
			return f.unreadable()
		}
		return f.damaged(w.offset(), fmt.Sprintf("file header cut short: %d of %d bytes", len(w.rest()), pcapFileHeader))
	}
	h := w.data[w.pos : w.pos+pcapFileHeader]
	if major, minor := p.uint16(h[4:]), p.uint16(h[6:]); major != 2 {
		return f.damaged(w.offset()+4, fmt.Sprintf("pcap version %d.%d, known is 2.4", major, minor))
	}
	p.limit = frameLimit(p.uint32(h[16:]))
	p.link = capture.LinkType(p.uint32(h[20:])) // the upper half is about the FCS
	w.pos += pcapFileHeader
	f.format = formatPcap
	return nil
}

// nextRecord reads a packet record (section 5).
func (f *File) nextRecord() ([]byte, capture.Info, error) {
	w, p := &f.win, &f.pcap
	if !w.need(p.header) {
		return nil, capture.Info{}, f.ended(len(w.rest()))
	}
	h := w.data[w.pos : w.pos+pcapRecordHeader]
	capLen := p.uint32(h[8:])
	if capLen > p.limit {
		return nil, capture.Info{}, f.damaged(w.offset(), fmt.Sprintf("record of %d bytes, the most is %d", capLen, p.limit))
	}
	info := capture.Info{
		Time:   int64(p.uint32(h))*1e9 + int64(p.uint32(h[4:]))*p.unit,
		Length: wireLength(p.uint32(h[12:]), capLen),
		Link:   p.link,
	}
	size := p.header + int(capLen)
	if !w.need(size) {
		return f.partial(p.header, info)
	}
	info.Block = w.block
	frame := w.data[w.pos+p.header : w.pos+size : w.pos+size]
	w.pos += size
	return frame, info, nil
}

// wireLength is the length a record states for its packet. Some writers state
// less than they captured, or nothing; an absurd value is taken as said, as
// long as it is an int on any machine.
func wireLength(stated, captured uint32) int {
	const most = 1<<31 - 1
	return int(min(max(stated, captured), most))
}
