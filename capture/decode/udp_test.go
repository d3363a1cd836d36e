package decode

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/synth"
)

// wrapped is a TCP packet in a tunnel over IPv4, cut to what is behind its outer
// IP header: raw IP, so that offsets are easy to tell.
func wrapped(w synth.Wrapping) []byte {
	f := synth.Encapsulate(talk(rand.New(rand.NewPCG(43, 44)))[:1], w, false)
	return f[0].Bytes[14:]
}

// A header that is not valid makes no tunnel, whatever the port.
func TestTunnelHeaders(t *testing.T) {
	const udp, own = 20, 28 // where the UDP header and the tunnel's begin
	for _, c := range []struct {
		name   string
		kind   synth.Wrapping
		change func(b []byte)
		want   Result
	}{
		{"vxlan", synth.VXLAN, func(b []byte) {}, TCP},
		{"vxlan, reserved bits", synth.VXLAN, func(b []byte) { b[own], b[own+1], b[own+7] = 0xFF, 0xFF, 0xFF }, TCP},
		{"vxlan, the old port", synth.VXLAN, func(b []byte) { binary.BigEndian.PutUint16(b[udp+2:], 8472) }, TCP},
		{"vxlan without an instance", synth.VXLAN, func(b []byte) { b[own] = 0xF7 }, NotTCP},
		{"vxlan at another port", synth.VXLAN, func(b []byte) { binary.BigEndian.PutUint16(b[udp+2:], 53) }, NotTCP},
		{"vxlan from the port", synth.VXLAN, func(b []byte) { binary.BigEndian.PutUint32(b[udp:], 4789<<16|53) }, NotTCP},
		{"gpe, ethernet", synth.VXLAN, func(b []byte) { b[udp+3], b[own], b[own+3] = 0xB6, 0x0C, 3 }, TCP},
		{"gpe, no protocol", synth.VXLAN, func(b []byte) { b[udp+3], b[own] = 0xB6, 0x08 }, TCP},
		{"gpe, version", synth.VXLANGPE, func(b []byte) { b[own] |= 0x10 }, NotTCP},
		{"gpe, management", synth.VXLANGPE, func(b []byte) { b[own] |= 1 }, NotTCP},
		{"gpe, service header", synth.VXLANGPE, func(b []byte) { b[own+3] = 4 }, NotTCP},
		{"geneve, version", synth.GENEVE, func(b []byte) { b[own] |= 0x40 }, NotTCP},
		{"geneve, control", synth.GENEVE, func(b []byte) { b[own+1] |= 0x80 }, NotTCP},
		{"geneve, critical option", synth.GENEVE, func(b []byte) { b[own+1] |= 0x40; b[own+10] |= 0x80 }, TCP},
		{"geneve, options that do not fit", synth.GENEVE, func(b []byte) { b[own+11] = 3 }, NotTCP},
		{"geneve, options behind the end", synth.GENEVE, func(b []byte) { b[own] = 0x3F }, NotTCP},
		{"geneve, unknown type", synth.GENEVE, func(b []byte) { b[own+2] = 0x12 }, NotTCP},
		{"gtp-u", synth.GTPU, func(b []byte) {}, TCP},
		{"gtp-u from the port", synth.GTPU, func(b []byte) { binary.BigEndian.PutUint32(b[udp:], 2152<<16|5906) }, TCP},
		{"gtp-u, version 2", synth.GTPU, func(b []byte) { b[own] = 0x54 }, NotTCP},
		{"gtp prime", synth.GTPU, func(b []byte) { b[own] &^= 0x10 }, NotTCP},
		{"gtp-u, echo", synth.GTPU, func(b []byte) { b[own+1] = 1 }, NotTCP},
		{"gtp-u, too long", synth.GTPU, func(b []byte) { b[own+2] |= 0x80 }, NotTCP},
		{"gtp-u, empty", synth.GTPU, func(b []byte) { b[own], b[own+2], b[own+3] = 0x30, 0, 0 }, NotTCP},
		{"gtp-u, no room for the options", synth.GTPU, func(b []byte) { b[own+2], b[own+3] = 0, 3 }, NotTCP},
		{"gtp-u, extension of length 0", synth.GTPU, func(b []byte) { b[own+12] = 0 }, NotTCP},
		{"gtp-u, extension behind the end", synth.GTPU, func(b []byte) { b[own+12] = 0xFF }, NotTCP},
		{"gtp-u, no IP", synth.GTPU, func(b []byte) { b[own+16] = 0x05 }, NotTCP},
		{"gre, routing", synth.GREIP, func(b []byte) { b[udp] |= 0x40 }, NotIP},
		{"gre, version", synth.GREIP, func(b []byte) { b[udp+1] |= 2 }, NotIP},
		{"gre, unknown type", synth.GREIP, func(b []byte) { b[udp+2] = 0x12 }, NotIP},
		{"gre, MPLS", synth.GREIP, func(b []byte) { b[udp+2], b[udp+3] = 0x88, 0x47 }, NotIP},
		{"erspan, version", synth.ERSPAN2, func(b []byte) { b[udp+8] = 0x30 }, NotIP},
		{"erspan III, another frame", synth.ERSPAN3, func(b []byte) { b[udp+8+10] |= 0x04 }, NotIP},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := wrapped(c.kind)
			c.change(b)
			var seg capture.Segment
			if got := New(Options{}).Decode(b, &capture.Info{Length: len(b), Link: capture.LinkRaw}, 0, &seg); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// More extension headers than are followed.
func TestGTPUDeep(t *testing.T) {
	b := wrapped(synth.GTPU)
	extension := []byte{1, 0x10, 9, 0x85}
	head := append([]byte(nil), b[:20+8+8+4]...)
	for range maxExts {
		head = append(head, extension...)
	}
	b = append(head, b[20+8+8+4:]...)
	for at, add := range map[int]int{2: 0, 20 + 4: 0, 20 + 8 + 2: 0} {
		binary.BigEndian.PutUint16(b[at:], binary.BigEndian.Uint16(b[at:])+uint16(maxExts*len(extension)+add))
	}
	var seg capture.Segment
	if got := New(Options{}).Decode(b, &capture.Info{Length: len(b), Link: capture.LinkRaw}, 0, &seg); got != TooDeep {
		t.Errorf("%v", got)
	}
}

// Ordinary datagrams to the ports of tunnels, as a client has that was given
// such a port: answers of DNS, QUIC, RTP, noise. None becomes a segment.
func TestNoTunnel(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	d := New(Options{})
	for range 20000 {
		b := wrapped(synth.VXLAN)[:20+8]
		b = append(b, randomBytes(r, r.IntN(600))...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		binary.BigEndian.PutUint16(b[24:], uint16(len(b)-20))
		binary.BigEndian.PutUint16(b[20:], []uint16{53, 443, 5004, 2152}[r.IntN(4)])
		binary.BigEndian.PutUint16(b[22:], []uint16{portVXLAN, portVXLANOld, portVXLANGPE, portGENEVE, portGTPU}[r.IntN(5)])
		var seg capture.Segment
		if got := d.Decode(b, &capture.Info{Length: len(b), Link: capture.LinkRaw}, 0, &seg); got == TCP {
			t.Fatalf("a segment in %x", b)
		}
	}
	if n := d.Stats().Frames[NotTCP]; n < 14000 {
		t.Errorf("only %d of 20000 are plain datagrams", n)
	}
}

// PPP in the enhanced GRE of PPTP.
func TestPPTP(t *testing.T) {
	inside := wrapped(synth.GREIP)[24:]
	b := wrapped(synth.GREIP)[:20]
	b = append(b, 0x30, 0x81, 0x88, 0x0B, 0, byte(len(inside)+4), 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 3, 0, 0x21)
	b = append(append(b, inside...), 1, 2, 3)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	var seg capture.Segment
	if got := New(Options{}).Decode(b, &capture.Info{Length: len(b), Link: capture.LinkRaw}, 0, &seg); got != TCP || seg.Cut != 0 {
		t.Errorf("%v: %+v", got, seg)
	}
	b[20] = 0x20 // an acknowledgement alone
	if got := New(Options{}).Decode(b, &capture.Info{Length: len(b), Link: capture.LinkRaw}, 0, &seg); got != NotIP {
		t.Errorf("%v", got)
	}
}

func BenchmarkUDP(b *testing.B) {
	frame := wrapped(synth.VXLAN)
	binary.BigEndian.PutUint16(frame[22:], 443)
	info := capture.Info{Length: len(frame), Link: capture.LinkRaw}
	d := New(Options{})
	var seg capture.Segment
	b.ReportAllocs()
	for b.Loop() {
		if d.Decode(frame, &info, 0, &seg) != NotTCP {
			b.Fatal("not plain")
		}
	}
}

func BenchmarkVXLAN(b *testing.B) {
	frame := wrapped(synth.VXLAN)
	info := capture.Info{Length: len(frame), Link: capture.LinkRaw}
	d := New(Options{})
	var seg capture.Segment
	b.ReportAllocs()
	for b.Loop() {
		if d.Decode(frame, &info, 0, &seg) != TCP {
			b.Fatal("not decoded")
		}
	}
}
