package decode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// talk is a conversation over IPv4 and one over IPv6, at once.
func talk(r *rand.Rand) []synth.Frame {
	var all [][]synth.Frame
	for _, host := range []string{"192.0.2.1", "2001:db8::1"} {
		client, server := netip.MustParseAddr(host), netip.MustParseAddr(host).Next()
		cfg := synth.Config{Client: netip.AddrPortFrom(client, 40000), Server: netip.AddrPortFrom(server, 25),
			ISN: [2]uint32{r.Uint32(), r.Uint32()}}
		var turns []synth.Turn
		for i := range 6 {
			turns = append(turns, synth.Turn{Dir: capture.Dir(i % 2), Bytes: randomBytes(r, 1+r.IntN(4000))})
		}
		all = append(all, synth.FromDialogue(cfg, 1e18, turns))
	}
	return synth.Merge(all...)
}

// segmentsOf decodes frames and returns the segments, with their own payload,
// and without what differs by the way they came.
func segmentsOf(t *testing.T, d *Decoder, frames []synth.Frame) (out []capture.Segment) {
	t.Helper()
	for i := range frames {
		var seg capture.Segment
		info := capture.Info{Time: frames[i].Time, Length: frames[i].Length(), Link: frames[i].Link}
		switch got := d.Decode(frames[i].Bytes, &info, uint64(i), &seg); got {
		case TCP:
			seg.Payload, seg.Index = bytes.Clone(seg.Payload), 0
			out = append(out, seg)
		case Fragment:
		default:
			t.Fatalf("frame %d is %v: %x", i, got, frames[i].Bytes[:min(len(frames[i].Bytes), 120)])
		}
	}
	return out
}

func sameSegments(t *testing.T, got, want []capture.Segment) {
	t.Helper()
	same := func(a, b capture.Segment) bool {
		if a.ID == 0 || b.ID == 0 { // fragments need one, whole packets may have 0
			a.ID, b.ID = 0, 0
		}
		payload := bytes.Equal(a.Payload, b.Payload)
		a.Payload, b.Payload = nil, nil
		return payload && fmt.Sprint(a) == fmt.Sprint(b)
	}
	if !slices.EqualFunc(got, want, same) {
		t.Errorf("%d segments, want %d, or they differ", len(got), len(want))
	}
}

// What a mirror wraps is read as if it had not been wrapped: over IPv4 and IPv6,
// with fragments outside, inside and both, in one tunnel and in several.
func TestTunnels(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	plain := talk(r)
	want := segmentsOf(t, New(Options{}), plain)
	for w := range synth.Wrappings {
		for _, v6 := range []bool{false, true} {
			once := synth.Encapsulate(plain, w, v6)
			inner := synth.Encapsulate(synth.Fragment(plain, 600), w, v6)
			nested := once
			for n := range 3 {
				nested = synth.Encapsulate(nested, (w+synth.Wrapping(n)+1)%synth.Wrappings, !v6)
			}
			for name, frames := range map[string][]synth.Frame{
				"":                         once,
				" in a VLAN":               synth.TagVLAN(once, 5, 6),
				" in fragments":            synth.Fragment(once, 480),
				" of fragments":            inner,
				" of fragments, in others": synth.Fragment(inner, 320),
				" in others":               nested,
			} {
				t.Run(fmt.Sprintf("%v%s, v6 %v", w, name, v6), func(t *testing.T) {
					d := New(Options{Checksums: true})
					got := segmentsOf(t, d, frames)
					if name == " of fragments" || name == " of fragments, in others" {
						for i := range got { // the identification of an IPv6 fragment stands in a header of its own
							got[i].ID = 0
						}
					}
					sameSegments(t, got, want)
					if s := d.Stats(); s.Carried == [NumEncapsulations]uint64{} || s.Fragments.Pending != 0 {
						t.Errorf("%+v", s)
					}
				})
			}
		}
	}
}

// gopacket, where it knows the tunnel, reads the same innermost segment.
func TestTunnelsOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	known := []synth.Wrapping{synth.VXLAN, synth.GENEVE, synth.GRETap, synth.GREIP, synth.ERSPAN2, synth.IPinIP, synth.GTPU}
	for _, w := range known {
		for _, v6 := range []bool{false, true} {
			for i, f := range synth.Encapsulate(talk(r), w, v6) {
				var seg capture.Segment
				got := New(Options{}).Decode(f.Bytes, &capture.Info{Length: len(f.Bytes), Link: f.Link}, 0, &seg)
				var tcp *layers.TCP
				for _, l := range gopacket.NewPacket(f.Bytes, layers.LayerTypeEthernet, gopacket.NoCopy).Layers() {
					if l, ok := l.(*layers.TCP); ok {
						tcp = l
					}
				}
				if tcp == nil || got != TCP {
					t.Fatalf("%v, frame %d: %v, gopacket reads %v", w, i, got, tcp)
				}
				if seg.Seq != tcp.Seq || seg.Ack != tcp.Ack || seg.Flags != flags(tcp) || !bytes.Equal(seg.Payload, tcp.Payload) {
					t.Fatalf("%v, frame %d: %+v, gopacket reads %v", w, i, seg, tcp)
				}
			}
		}
	}
}

// Tunnels stand in one another up to a bound; more is counted, and so is each.
func TestTunnelBound(t *testing.T) {
	frames := talk(rand.New(rand.NewPCG(35, 36)))[:1]
	for n := 1; n <= maxNested+1; n++ {
		frames = synth.Encapsulate(frames, synth.VXLAN, n%2 == 0)
		var seg capture.Segment
		d := New(Options{})
		got, want := d.Decode(frames[0].Bytes, &capture.Info{Length: len(frames[0].Bytes), Link: capture.LinkEthernet}, 0, &seg), TCP
		if n > maxNested {
			want = TooDeep
		}
		if s := d.Stats(); got != want || s.Frames[want] != 1 || s.Carried[VXLAN] != uint64(min(n, maxNested)) {
			t.Errorf("%d tunnels: %v, %+v", n, got, s)
		}
	}
}

// A VLAN of the tunnel's way is none of the flow; one within it is, and ERSPAN
// keeps that of a frame whose tag was taken off.
func TestTunnelVLAN(t *testing.T) {
	plain := talk(rand.New(rand.NewPCG(37, 38)))[:1]
	outer := synth.TagVLAN(synth.Encapsulate(plain, synth.VXLAN, false), 7, 7)
	inner := synth.Encapsulate(synth.TagVLAN(plain, 9, 9), synth.VXLAN, false)
	erspan := synth.Encapsulate(plain, synth.ERSPAN2, false)
	erspan[0].Bytes[14+20+8+1] = 11
	for name, c := range map[string]struct {
		frame synth.Frame
		want  uint16
	}{"outer": {outer[0], 0}, "inner": {inner[0], 9}, "erspan": {erspan[0], 11}} {
		var seg capture.Segment
		got := New(Options{VLANAware: true}).Decode(c.frame.Bytes, &capture.Info{Length: len(c.frame.Bytes), Link: c.frame.Link}, 0, &seg)
		if got != TCP || seg.Key.VLAN != c.want {
			t.Errorf("%s: %v in VLAN %d, want %d", name, got, seg.Key.VLAN, c.want)
		}
	}
}

// However short a tunnelled frame is cut, what is read is part of what was sent,
// and a mirror that cuts before it wraps is known to have cut.
func TestTunnelCut(t *testing.T) {
	plain := talk(rand.New(rand.NewPCG(39, 40)))
	i := slices.IndexFunc(plain, func(f synth.Frame) bool { return len(f.Bytes) > 1000 })
	want := segmentsOf(t, New(Options{}), plain[i:i+1])[0]
	for w := range synth.Wrappings {
		f := synth.Encapsulate(plain[i:i+1], w, false)[0]
		for n := range f.Bytes {
			var seg capture.Segment
			got := New(Options{}).Decode(f.Bytes[:n], &capture.Info{Length: len(f.Bytes), Link: f.Link}, 0, &seg)
			if got != TCP && got != Truncated && got != NotIP && (got != NotTCP || n >= 14+20+udpLen) {
				t.Fatalf("%v cut at %d: %v", w, n, got)
			}
			if got == TCP && (seg.Len() != want.Len() || !bytes.HasPrefix(want.Payload, seg.Payload)) {
				t.Fatalf("%v cut at %d: %d and %d of %d bytes", w, n, len(seg.Payload), seg.Cut, want.Len())
			}
		}
		cut := plain[i]
		cut.Bytes = cut.Bytes[:200]
		f = synth.Encapsulate([]synth.Frame{cut}, w, false)[0]
		var seg capture.Segment
		got := New(Options{}).Decode(f.Bytes, &capture.Info{Length: len(f.Bytes), Link: f.Link}, 0, &seg)
		if got != TCP || seg.Len() != want.Len() || seg.Cut == 0 {
			t.Errorf("%v of a cut frame: %v, %d bytes and %d cut of %d", w, got, len(seg.Payload), seg.Cut, want.Len())
		}
	}
}

func TestTunnelNoAllocation(t *testing.T) {
	plain := talk(rand.New(rand.NewPCG(41, 42)))[:4]
	d := New(Options{})
	var seg capture.Segment
	for w := range synth.Wrappings {
		for _, f := range synth.Encapsulate(plain, w, true) {
			info := capture.Info{Length: len(f.Bytes), Link: f.Link}
			if n := testing.AllocsPerRun(10, func() { d.Decode(f.Bytes, &info, 0, &seg) }); n != 0 {
				t.Fatalf("%v: %v allocations", w, n)
			}
		}
	}
}
