package decode

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/gopacket/layers"

	"mailsensor/capture"
)

// check compares a segment with the sample it was read from.
func (s *sample) check(t *testing.T, seg *capture.Segment) {
	t.Helper()
	low, high := seg.Key.AddrPorts()
	src, dst := low, high
	if !seg.FromLow {
		src, dst = high, low
	}
	if src != s.src || dst != s.dst {
		t.Fatalf("%v > %v, want %v > %v", src, dst, s.src, s.dst)
	}
	if c := low.Addr().Compare(high.Addr()); c > 0 || c == 0 && low.Port() > high.Port() {
		t.Fatalf("key not in order: %v, %v", low, high)
	}
	if !bytes.Equal(seg.Payload, s.payload) || seg.Cut != 0 {
		t.Fatalf("payload of %d bytes, %d cut, want %d bytes", len(seg.Payload), seg.Cut, len(s.payload))
	}
	if seg.Seq != s.tcp.Seq || seg.Ack != s.tcp.Ack || seg.ID != s.id || seg.TTL != s.ttl || seg.Key.VLAN != s.vlan {
		t.Fatalf("got seq %d ack %d id %d ttl %d vlan %d, want %d %d %d %d %d", seg.Seq, seg.Ack, seg.ID, seg.TTL,
			seg.Key.VLAN, s.tcp.Seq, s.tcp.Ack, s.id, s.ttl, s.vlan)
	}
	if seg.Flags != flags(&s.tcp) {
		t.Fatalf("flags %x, want %x", seg.Flags, flags(&s.tcp))
	}
}

func flags(t *layers.TCP) (f uint8) {
	for i, on := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK, t.URG, t.ECE, t.CWR} {
		if on {
			f |= 1 << i
		}
	}
	return f
}

func TestRandomPackets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	d := New(Options{VLANAware: true, Checksums: true, Seed: 7})
	var seg capture.Segment
	for i := range uint64(20000) {
		s := randomSample(t, r)
		info := capture.Info{Time: int64(i), Length: len(s.frame), Link: s.link}
		if got := d.Decode(s.frame, &info, i, &seg); got != TCP {
			t.Fatalf("%d: link %d: %v: %x", i, s.link, got, s.frame)
		}
		s.check(t, &seg)
		if seg.Hash != seg.Key.Hash(7) || seg.Index != i || seg.Time != int64(i) {
			t.Fatalf("hash, index or time: %+v", seg)
		}
	}
	if n := d.Stats().Frames[TCP]; n != 20000 {
		t.Errorf("%d counted", n)
	}
}

// However short a frame is cut, what is read is part of what was sent, and what
// is missing is known to be missing.
func TestSnapLength(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	d := New(Options{VLANAware: true})
	var seg capture.Segment
	for range 300 {
		s := randomSample(t, r)
		for n := range s.frame {
			info := capture.Info{Length: len(s.frame), Link: s.link}
			got := d.Decode(s.frame[:n], &info, 0, &seg)
			if got != TCP {
				if got != Truncated && got != NotIP {
					t.Fatalf("cut at %d of %d: %v", n, len(s.frame), got)
				}
				continue
			}
			if seg.Len() != len(s.payload) || !bytes.HasPrefix(s.payload, seg.Payload) {
				t.Fatalf("cut at %d of %d: %d and %d bytes of %d", n, len(s.frame), len(seg.Payload), seg.Cut, len(s.payload))
			}
			if seg.Cut > 0 {
				s := *s
				s.payload, seg.Cut = seg.Payload, 0
				s.check(t, &seg)
			}
		}
	}
}

func TestChecksums(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	strict, lax := New(Options{Checksums: true}), New(Options{})
	var seg capture.Segment
	for range 2000 {
		s := randomSample(t, r)
		end := bytes.LastIndex(s.frame, s.payload) + len(s.payload)
		if len(s.payload) < 8 {
			continue
		}
		s.frame[end-3] ^= 0x40
		info := capture.Info{Length: len(s.frame), Link: s.link}
		if got := strict.Decode(s.frame, &info, 0, &seg); got != BadChecksum {
			t.Fatalf("a damaged segment is %v", got)
		}
		if got := lax.Decode(s.frame, &info, 0, &seg); got != TCP {
			t.Fatalf("unasked: %v", got)
		}
	}
}

func TestOffload(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	d := New(Options{})
	var seg capture.Segment
	for _, size := range []int{100, 65000, 70000, 200000} {
		for _, v6 := range []bool{false, true} {
			frame, lengthAt := make([]byte, 0, size+100), 14+2
			if v6 {
				frame = append(frame, make([]byte, 12)...)
				frame = append(frame, 0x86, 0xDD, 0x60, 0, 0, 0, 0, 0, protoTCP, 9)
				frame = append(frame, make([]byte, 32)...)
				lengthAt = 14 + 4
			} else {
				frame = append(frame, make([]byte, 12)...)
				frame = append(frame, 8, 0, 0x45, 0, 0, 0, 0, 7, 0, 0, 9, protoTCP, 0, 0)
				frame = append(frame, make([]byte, 8)...)
			}
			tcp := make([]byte, tcpLen)
			tcp[12] = 5 << 4
			frame = append(append(frame, tcp...), randomBytes(r, size)...)
			if frame[lengthAt] != 0 || frame[lengthAt+1] != 0 {
				t.Fatal("the length is not 0")
			}
			info := capture.Info{Length: len(frame), Link: capture.LinkEthernet}
			got := d.Decode(frame, &info, 0, &seg)
			if got != TCP || !bytes.Equal(seg.Payload, frame[len(frame)-size:]) {
				t.Errorf("%d bytes, v6 %v: %v with %d", size, v6, got, len(seg.Payload))
			}
			if got := d.Decode(frame[:96], &info, 0, &seg); got != TCP || seg.Len() != size {
				t.Errorf("%d bytes cut, v6 %v: %v with %d", size, v6, got, seg.Len())
			}
		}
	}
}

func TestResults(t *testing.T) {
	ip := func(change func(b []byte)) []byte {
		b := make([]byte, 44)
		b[0], b[3], b[9], b[32] = 0x45, 44, protoTCP, 5<<4
		change(b)
		return b
	}
	deep := bytes.Repeat([]byte{0x81, 0, 0, 1}, maxTags+2)
	for _, c := range []struct {
		name  string
		link  capture.LinkType
		frame []byte
		want  Result
	}{
		{"good", capture.LinkRaw, ip(func([]byte) {}), TCP},
		{"udp", capture.LinkRaw, ip(func(b []byte) { b[9] = 17 }), NotTCP},
		{"unknown link", 105, ip(func([]byte) {}), UnknownLink},
		{"not ip", capture.LinkRaw, ip(func(b []byte) { b[0] = 0x50 }), NotIP},
		{"version", capture.LinkIPv4, ip(func(b []byte) { b[0] = 0x65 }), Malformed},
		{"header length", capture.LinkRaw, ip(func(b []byte) { b[0] = 0x44 }), Malformed},
		{"total length", capture.LinkRaw, ip(func(b []byte) { b[3] = 19 }), Malformed},
		{"data offset", capture.LinkRaw, ip(func(b []byte) { b[32] = 4 << 4 }), Malformed},
		{"data offset behind the end", capture.LinkRaw, ip(func(b []byte) { b[32] = 7 << 4 }), Malformed},
		{"no room for tcp", capture.LinkRaw, ip(func(b []byte) { b[3] = 30 }), Malformed},
		{"fragment", capture.LinkRaw, ip(func(b []byte) { b[6] = 0x20 }), Fragment},
		{"empty", capture.LinkEthernet, nil, Malformed},
		{"tags", capture.LinkEthernet, append(make([]byte, 12), deep...), TooDeep},
		{"arp", capture.LinkEthernet, append(make([]byte, 12), 8, 6, 0, 0), NotIP},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New(Options{})
			var seg capture.Segment
			got := d.Decode(c.frame, &capture.Info{Length: len(c.frame), Link: c.link}, 0, &seg)
			if got != c.want || d.Stats().Frames[c.want] != 1 {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// 802.1Qbh, alone and between VLAN tags.
func TestVNTag(t *testing.T) {
	ip := make([]byte, 44)
	ip[0], ip[3], ip[9], ip[32] = 0x45, 44, protoTCP, 5<<4
	for _, tags := range []string{"\x89\x26\x00\x00\x00\x33\x08\x00", "\x81\x00\x00\x09\x89\x26\x00\x00\x00\x33\x81\x00\x00\x0A\x08\x00"} {
		b := append(append(make([]byte, 12), tags...), ip...)
		var seg capture.Segment
		got := New(Options{}).Decode(b, &capture.Info{Length: len(b), Link: capture.LinkEthernet}, 0, &seg)
		if got != TCP || len(seg.Payload) != 4 {
			t.Errorf("%v, %d bytes", got, len(seg.Payload))
		}
	}
}

func TestSNAP(t *testing.T) {
	b := append(make([]byte, 12), 0, 8+44, 0xAA, 0xAA, 3, 0, 0, 0, 8, 0)
	ip := make([]byte, 44)
	ip[0], ip[3], ip[9], ip[32] = 0x45, 44, protoTCP, 5<<4
	b = append(append(b, ip...), 1, 2, 3)
	var seg capture.Segment
	got := New(Options{}).Decode(b, &capture.Info{Length: len(b), Link: capture.LinkEthernet}, 0, &seg)
	if got != TCP || len(seg.Payload) != 4 {
		t.Errorf("%v, %d bytes", got, len(seg.Payload))
	}
}
