package synth

import (
	"bytes"
	"net/netip"
	"testing"

	"mailsensor/capture"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

var (
	config4 = Config{
		Client: netip.MustParseAddrPort("192.0.2.1:40000"), Server: netip.MustParseAddrPort("198.51.100.1:25"),
		ISN: [2]uint32{0xFFFFFFF0, 7},
	}
	config6 = Config{
		Client: netip.MustParseAddrPort("[2001:db8::1]:40000"), Server: netip.MustParseAddrPort("[2001:db8::2]:143"),
		MSS: 100, VLANs: []uint16{7, 9},
	}
)

func text(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i/251)
	}
	return b
}

func turns() []Turn {
	return []Turn{
		{Dir: capture.ToClient, Bytes: text(40)},
		{Dir: capture.ToServer, Bytes: text(5001)},
		{Dir: capture.ToClient, Bytes: text(7)},
		{Dir: capture.ToServer, Bytes: text(1)},
		{Dir: capture.ToClient, Bytes: text(9000)},
	}
}

// said is what each direction of turns says in all.
func said(turns []Turn) (all [2][]byte) {
	for _, turn := range turns {
		all[turn.Dir] = append(all[turn.Dir], turn.Bytes...)
	}
	return all
}

// reserialize has gopacket write the frame anew, with its own lengths and
// checksums.
func reserialize(t *testing.T, frame []byte) ([]byte, *layers.TCP) {
	t.Helper()
	pkt := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	if e := pkt.ErrorLayer(); e != nil {
		t.Fatal(e.Error())
	}
	tcp, _ := pkt.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if tcp == nil {
		t.Fatalf("no TCP in % x", frame)
	}
	if err := tcp.SetNetworkLayerForChecksum(pkt.NetworkLayer()); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	opt := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializePacket(buf, opt, pkt); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), tcp
}

func TestFramesAreRight(t *testing.T) {
	for name, cfg := range map[string]Config{"v4": config4, "v6 in two VLANs": config6} {
		t.Run(name, func(t *testing.T) {
			var got [2][]byte
			next := [2]uint32{cfg.ISN[0], cfg.ISN[1]}
			last := int64(0)
			for i, f := range FromDialogue(cfg, 1e18, turns()) {
				want, tcp := reserialize(t, f.Bytes)
				if !bytes.HasPrefix(f.Bytes, want) || len(f.Bytes) > max(len(want), minEther) {
					t.Fatalf("frame %d\n got % x\nwant % x", i, f.Bytes, want)
				}
				d := capture.ToServer
				if uint16(tcp.SrcPort) == cfg.Server.Port() {
					d = capture.ToClient
				}
				if tcp.Seq != next[d] || tcp.ACK && tcp.Ack != next[d.Other()] {
					t.Fatalf("frame %d: seq %d ack %d, want %d and %d", i, tcp.Seq, tcp.Ack, next[d], next[d.Other()])
				}
				next[d] += uint32(len(tcp.Payload))
				if tcp.SYN || tcp.FIN {
					next[d]++
				}
				got[d] = append(got[d], tcp.Payload...)
				if f.Time <= last {
					t.Fatalf("frame %d: time %d after %d", i, f.Time, last)
				}
				last = f.Time
			}
			if want := said(turns()); !bytes.Equal(got[0], want[0]) || !bytes.Equal(got[1], want[1]) {
				t.Errorf("%d and %d octets said, want %d and %d", len(got[0]), len(got[1]), len(want[0]), len(want[1]))
			}
		})
	}
}

func TestAcknowledgements(t *testing.T) {
	for every, want := range map[int]int{1: 10, 2: 5, 3: 3} {
		cfg := config4
		cfg.AckEvery = every
		acks := 0
		c := New(cfg, func(_ int64, frame []byte) {
			if _, tcp := reserialize(t, frame); len(tcp.Payload) == 0 {
				acks++
			}
		})
		c.Send(capture.ToServer, 1, text(10*1460))
		if acks != want {
			t.Errorf("ack every %d segments: %d acks, want %d", every, acks, want)
		}
	}
}

func TestSkipAndReset(t *testing.T) {
	var frames List
	c := New(config4, frames.Add)
	c.Segment(capture.ToServer, 1, text(10))
	c.Skip(capture.ToServer, 1000)
	c.Segment(capture.ToServer, 2, text(10))
	c.Reset(capture.ToClient, 3)
	a, _ := parse(&frames[0])
	b, _ := parse(&frames[1])
	r, _ := parse(&frames[2])
	if b.seq != a.next()+1000 || r.ack != b.next() || r.flags != capture.RST|capture.ACK {
		t.Errorf("seq %d then %d, reset acks %d with flags %x", a.seq, b.seq, r.ack, r.flags)
	}
}

func TestSegmentDoesNotAllocate(t *testing.T) {
	c := New(config4, func(int64, []byte) {})
	b := text(1460)
	c.Segment(capture.ToServer, 1, b)
	if n := testing.AllocsPerRun(100, func() { c.Segment(capture.ToServer, 1, b); c.Ack(capture.ToClient, 1) }); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
}

func BenchmarkSegment(b *testing.B) {
	w, err := NewWriter(discard{}, capture.LinkEthernet, Micro)
	if err != nil {
		b.Fatal(err)
	}
	c := New(config4, func(t int64, frame []byte) { _ = w.Write(t, frame, 0) })
	p := text(1460)
	b.SetBytes(1460)
	for range b.N {
		c.Segment(capture.ToServer, 1, p)
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
