package pcapfile

import "encoding/binary"

// ngBytes builds a pcapng file block by block.
type ngBytes struct {
	o byteOrder
	b []byte
}

func (n *ngBytes) block(kind uint32, body []byte) {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	size := uint32(len(body) + 12)
	n.b = n.o.AppendUint32(n.b, kind)
	n.b = n.o.AppendUint32(n.b, size)
	n.b = append(n.b, body...)
	n.b = n.o.AppendUint32(n.b, size)
}

func (n *ngBytes) section(o byteOrder) {
	n.o = o
	body := o.AppendUint32(nil, 0x1A2B3C4D)
	body = o.AppendUint16(body, 1)
	body = o.AppendUint16(body, 0)
	n.block(0x0A0D0D0A, o.AppendUint64(body, ^uint64(0)))
}

func (n *ngBytes) option(body []byte, code uint16, value []byte) []byte {
	body = n.o.AppendUint16(body, code)
	body = n.o.AppendUint16(body, uint16(len(value)))
	body = append(body, value...)
	return append(body, make([]byte, -len(value)&3)...)
}

// iface describes an interface, with a name before and a comment after the
// options that count.
func (n *ngBytes) iface(link uint16, snapLen uint32, resolution byte, offset int64) {
	body := n.o.AppendUint16(nil, link)
	body = n.o.AppendUint16(body, 0)
	body = n.o.AppendUint32(body, snapLen)
	body = n.option(body, 2, []byte("eth0"+string(rune('a'+len(n.b)%7))))
	body = n.option(body, 9, []byte{resolution})
	if offset != 0 {
		body = n.option(body, 14, n.o.AppendUint64(nil, uint64(offset)))
	}
	n.block(1, n.option(n.option(body, 1, []byte("abc")), 0, nil))
}

func (n *ngBytes) enhanced(iface uint32, ts uint64, length int, data string) {
	body := n.o.AppendUint32(nil, iface)
	body = n.packetBody(body, ts, length, data)
	if len(data)%2 == 1 {
		body = n.option(n.option(body, 2, []byte{0, 0, 0, 1}), 0, nil)
	}
	n.block(6, body)
}

func (n *ngBytes) obsolete(iface uint16, ts uint64, length int, data string) {
	body := n.o.AppendUint16(nil, iface)
	body = n.o.AppendUint16(body, 77) // drops
	n.block(2, n.packetBody(body, ts, length, data))
}

func (n *ngBytes) packetBody(body []byte, ts uint64, length int, data string) []byte {
	body = n.o.AppendUint32(body, uint32(ts>>32))
	body = n.o.AppendUint32(body, uint32(ts))
	body = n.o.AppendUint32(body, uint32(len(data)))
	body = n.o.AppendUint32(body, uint32(length))
	body = append(body, data...)
	return append(body, make([]byte, -len(data)&3)...)
}

func (n *ngBytes) simple(length int, data string) {
	n.block(3, append(n.o.AppendUint32(nil, uint32(length)), data...))
}

func (n *ngBytes) secrets(kind uint32, data []byte) {
	body := n.o.AppendUint32(nil, kind)
	body = n.o.AppendUint32(body, uint32(len(data)))
	n.block(10, append(body, data...))
}

// smallNg is a file with one Ethernet interface in nanoseconds.
func smallNg(packets ...packet) []byte {
	n := &ngBytes{}
	n.section(binary.LittleEndian)
	n.iface(1, 65535, 9, 0)
	for _, p := range packets {
		n.enhanced(0, uint64(p.time), p.length, p.data)
	}
	return n.b
}
