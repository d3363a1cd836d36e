package tcp

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/reassembly"

	"mailsensor/capture"
)

// second is gopacket's reassembly as a second opinion.
type second struct{ data [2][]byte }

func (s *second) New(_, _ gopacket.Flow, _ *layers.TCP, _ reassembly.AssemblerContext) reassembly.Stream {
	return s
}

func (s *second) Accept(*layers.TCP, gopacket.CaptureInfo, reassembly.TCPFlowDirection, reassembly.Sequence, *bool, reassembly.AssemblerContext) bool {
	return true
}

func (s *second) ReassembledSG(sg reassembly.ScatterGather, _ reassembly.AssemblerContext) {
	dir, _, _, _ := sg.Info()
	n, _ := sg.Lengths()
	d := capture.ToServer
	if dir == reassembly.TCPDirServerToClient {
		d = capture.ToClient
	}
	s.data[d] = append(s.data[d], sg.Fetch(n)...)
}

func (s *second) ReassemblyComplete(reassembly.AssemblerContext) bool { return false }

func (s *second) play(segs []capture.Segment) {
	a := reassembly.NewAssembler(reassembly.NewStreamPool(s))
	for i := range segs {
		x := &segs[i]
		ip := &layers.IPv4{SrcIP: x.Key.Low[12:], DstIP: x.Key.High[12:], Protocol: layers.IPProtocolTCP}
		l := &layers.TCP{SrcPort: layers.TCPPort(x.Key.LowPort), DstPort: layers.TCPPort(x.Key.HighPort)}
		if !x.FromLow {
			ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
			l.SrcPort, l.DstPort = l.DstPort, l.SrcPort
		}
		l.Seq, l.Ack = x.Seq, x.Ack
		l.SYN, l.FIN, l.ACK = x.Flags&syn != 0, x.Flags&fin != 0, x.Flags&ack != 0
		l.Payload = bytes.Clone(x.Payload)
		ctx := assemblyTime{time.Unix(0, 1e18+int64(i)*1e6)}
		a.AssembleWithContext(ip.NetworkFlow(), l, ctx)
	}
	a.FlushAll()
}

type assemblyTime struct{ t time.Time }

func (c assemblyTime) GetCaptureInfo() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: c.t}
}

// TestSecondOpinion compares with gopacket away from the wrap, where it goes
// wrong, and without overlaps that differ.
func TestSecondOpinion(t *testing.T) {
	compared := 0
	for n := range 300 {
		rng := rand.New(rand.NewPCG(5, uint64(n)))
		g := converse(rng, false)
		if g.isn[0] > 1<<31 || g.isn[1] > 1<<31 || len(g.truth[0]) == 0 {
			continue
		}
		compared++
		segs := shuffle(rng, g.segs, 10)
		r := newRig(Options{})
		r.quiet = true
		play(r, segs)
		other := new(second)
		other.play(segs)
		for d := range other.data {
			if !bytes.Equal(other.data[d], r.one(t).data[d]) {
				t.Fatalf("connection %d, %s: %d octets here, %d there, %d sent", n, capture.Dir(d), len(r.one(t).data[d]), len(other.data[d]), len(g.truth[d]))
			}
		}
	}
	if compared < 10 {
		t.Fatalf("only %d connections compared", compared)
	}
}
