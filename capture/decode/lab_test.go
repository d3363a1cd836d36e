package decode

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"mailsensor/capture"
)

// Every TCP packet of the captures is read as gopacket reads it.
func TestCaptures(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if dir == "" {
		t.Skip("MAILSENSOR_CAPTURES does not name a folder of captures")
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if len(names) == 0 {
		t.Fatalf("no captures in %s", dir)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { compareFile(t, name) })
	}
}

func compareFile(t *testing.T, name string) {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	link := capture.LinkType(r.LinkType())
	if strings.Contains(name, "sll2") { // 276 does not fit into gopacket's type
		link = capture.LinkSLL2
	}
	d := New(Options{})
	compared := 0
	for i := uint64(0); ; i++ {
		data, ci, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		info := capture.Info{Time: ci.Timestamp.UnixNano(), Length: ci.Length, Link: link}
		compared += comparePacket(t, d, data, &info, i)
	}
	s := d.Stats()
	known := !strings.Contains(name, "erspan3") && !strings.Contains(name, "sll2")
	if s.Frames[TCP] == 0 || known && compared == 0 {
		t.Errorf("%d TCP segments, %d compared", s.Frames[TCP], compared)
	}
	if s.Frames[Malformed]+s.Frames[Truncated]+s.Frames[UnknownLink]+s.Frames[TooDeep] != 0 || s.Fragments.Pending != 0 {
		t.Errorf("%+v", s)
	}
}

func comparePacket(t *testing.T, d *Decoder, data []byte, info *capture.Info, index uint64) (compared int) {
	var seg capture.Segment
	got := d.Decode(data, info, index, &seg)
	network, tcp := innermost(gopacket.NewPacket(data, layers.LinkType(info.Link), gopacket.NoCopy))
	if tcp == nil || got == Fragment {
		return 0 // fragments have their own test
	}
	if got != TCP {
		t.Fatalf("packet %d: %v, and gopacket reads %v", index, got, tcp)
	}
	if !bytes.Equal(seg.Payload, tcp.Payload) && !whole(d, &seg) {
		t.Fatalf("packet %d: %d bytes of payload, gopacket has %d", index, len(seg.Payload), len(tcp.Payload))
	}
	low, high := seg.Key.AddrPorts()
	if !seg.FromLow {
		low, high = high, low
	}
	flow := network.NetworkFlow()
	src, _ := netip.AddrFromSlice(flow.Src().Raw())
	dst, _ := netip.AddrFromSlice(flow.Dst().Raw())
	if low != netip.AddrPortFrom(src, uint16(tcp.SrcPort)) || high != netip.AddrPortFrom(dst, uint16(tcp.DstPort)) {
		t.Fatalf("packet %d: %v to %v", index, low, high)
	}
	if seg.Seq != tcp.Seq || seg.Ack != tcp.Ack || seg.Flags != flags(tcp) {
		t.Fatalf("packet %d: %+v", index, seg)
	}
	return 1
}

// innermost finds the last IP layer, and the TCP in it.
func innermost(p gopacket.Packet) (network gopacket.NetworkLayer, tcp *layers.TCP) {
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.IPv4:
			network, tcp = l, nil
		case *layers.IPv6:
			network, tcp = l, nil
		case *layers.TCP:
			tcp = l
		}
	}
	return network, tcp
}

// whole reports whether the segment was put together from fragments.
func whole(d *Decoder, seg *capture.Segment) bool {
	e := d.frags.order.Back()
	return e != nil && bytes.HasSuffix(e.Value.(*datagram).whole, seg.Payload)
}
