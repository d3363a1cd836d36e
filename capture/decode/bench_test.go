package decode

import (
	"math/rand/v2"
	"testing"

	"mailsensor/capture"
)

func ethernetFrame(t testing.TB) ([]byte, capture.Info) {
	r := rand.New(rand.NewPCG(23, 24))
	for {
		s := randomSample(t, r)
		if s.link == capture.LinkEthernet && s.src.Addr().Is4() && s.vlan == 0 && s.frame[12] == 8 && s.frame[14] == 0x45 {
			return s.frame, capture.Info{Length: len(s.frame), Link: s.link}
		}
	}
}

func TestNoAllocation(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	d := New(Options{})
	var seg capture.Segment
	for range 200 {
		s := randomSample(t, r)
		info := capture.Info{Length: len(s.frame), Link: s.link}
		if n := testing.AllocsPerRun(10, func() { d.Decode(s.frame, &info, 0, &seg) }); n != 0 {
			t.Fatalf("%v allocations", n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	frame, info := ethernetFrame(b)
	d := New(Options{})
	var seg capture.Segment
	b.ReportAllocs()
	for b.Loop() {
		if d.Decode(frame, &info, 0, &seg) != TCP {
			b.Fatal("not decoded")
		}
	}
}
