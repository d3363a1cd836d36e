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
	for i := uint64(0); ; i++ {
		data, ci, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		info := capture.Info{Time: ci.Timestamp.UnixNano(), Length: ci.Length, Link: link}
		comparePacket(t, d, data, &info, i)
	}
	s := d.Stats()
	if s.Frames[TCP] == 0 && !strings.Contains(name, "15g-") {
		t.Error("no TCP segment")
	}
	if s.Frames[Malformed]+s.Frames[Truncated]+s.Frames[UnknownLink]+s.Frames[TooDeep] != 0 || s.Fragments.Pending != 0 {
		t.Errorf("%+v", s)
	}
}

func comparePacket(t *testing.T, d *Decoder, data []byte, info *capture.Info, index uint64) {
	var seg capture.Segment
	got := d.Decode(data, info, index, &seg)
	p := gopacket.NewPacket(data, layers.LinkType(info.Link), gopacket.NoCopy)
	tcp, _ := p.TransportLayer().(*layers.TCP)
	if n := p.NetworkLayer(); tcp == nil || got == Fragment || n == nil || countIP(p) > 1 {
		return // fragments have their own test, and tunnels are read elsewhere
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
	flow := p.NetworkLayer().NetworkFlow()
	src, _ := netip.AddrFromSlice(flow.Src().Raw())
	dst, _ := netip.AddrFromSlice(flow.Dst().Raw())
	if low != netip.AddrPortFrom(src, uint16(tcp.SrcPort)) || high != netip.AddrPortFrom(dst, uint16(tcp.DstPort)) {
		t.Fatalf("packet %d: %v to %v", index, low, high)
	}
	if seg.Seq != tcp.Seq || seg.Ack != tcp.Ack || seg.Flags != flags(tcp) {
		t.Fatalf("packet %d: %+v", index, seg)
	}
}

// whole reports whether the segment was put together from fragments.
func whole(d *Decoder, seg *capture.Segment) bool {
	e := d.frags.order.Back()
	return e != nil && bytes.HasSuffix(e.Value.(*datagram).whole, seg.Payload)
}

func countIP(p gopacket.Packet) int {
	return countLayers(p, layers.LayerTypeIPv4) + countLayers(p, layers.LayerTypeIPv6)
}

func countLayers(p gopacket.Packet, kind gopacket.LayerType) (n int) {
	for _, l := range p.Layers() {
		if l.LayerType() == kind {
			n++
		}
	}
	return n
}
