package synth

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"mailsensor/capture"
)

// sample is several connections at once, IPv4 and IPv6, and a frame that is no
// TCP at all.
func sample(seed uint64) ([]Frame, map[half][]byte) {
	rng := rand.New(rand.NewPCG(seed, 0))
	want := make(map[half][]byte)
	var all [][]Frame
	for i := range 8 {
		cfg := config4
		if i%2 == 1 {
			cfg = config6
		}
		cfg.Client = netip.AddrPortFrom(cfg.Client.Addr(), uint16(50000+i))
		cfg.ISN = [2]uint32{rng.Uint32() | 0xFFFFF000, rng.Uint32()}
		var list []Turn
		for range 1 + rng.IntN(8) {
			list = append(list, Turn{Dir: capture.Dir(rng.IntN(2)), Bytes: text(1 + rng.IntN(9000))})
		}
		s := said(list)
		want[half{cfg.Client, cfg.Server}] = s[0]
		want[half{cfg.Server, cfg.Client}] = s[1]
		all = append(all, FromDialogue(cfg, int64(1e18)+rng.Int64N(1e6), list))
	}
	arp := Frame{Time: 1e18, Link: capture.LinkEthernet, Bytes: append(make([]byte, 12), 8, 6, 1, 2, 3)}
	return Merge(append(all, []Frame{arp})...), want
}

// streams puts every direction together by sequence number, first octet wins.
func streams(t *testing.T, frames []Frame) map[half][]byte {
	t.Helper()
	out := make(map[half][]byte)
	first := make(map[half]uint32)
	have := make(map[half][]bool)
	for i := range frames {
		p, ok := parse(&frames[i])
		if ok && p.flags&capture.SYN != 0 {
			first[p.half()], have[p.half()], out[p.half()] = p.seq+1, nil, nil
		}
	}
	for i := range frames {
		p, ok := parse(&frames[i])
		if !ok {
			continue
		}
		at := p.seq - first[p.half()]
		if p.size() == 0 || p.flags&capture.SYN != 0 {
			continue
		}
		if at > 1<<20 {
			t.Fatalf("frame %d: octet %d of its stream", i, at)
		}
		stream, seen := out[p.half()], have[p.half()]
		for len(stream) < int(at)+p.size() {
			stream, seen = append(stream, 0), append(seen, false)
		}
		for k, c := range p.payload(&frames[i]) {
			if o := int(at) + k; !seen[o] {
				seen[o], stream[o] = true, c
			}
		}
		out[p.half()], have[p.half()] = stream, seen
	}
	return out
}

func inTimeOrder(frames []Frame) bool {
	return slices.IsSortedFunc(frames, func(a, b Frame) int { return cmp.Compare(a.Time, b.Time) })
}

func TestStreamsSurvive(t *testing.T) {
	variations := map[string]func([]Frame, uint64) []Frame{
		"recut":     Recut,
		"reorder":   func(f []Frame, seed uint64) []Frame { return Reorder(f, 3, seed) },
		"duplicate": func(f []Frame, seed uint64) []Frame { return Duplicate(f, false, seed) },
		"routed":    func(f []Frame, seed uint64) []Frame { return Duplicate(f, true, seed) },
		"vlan":      func(f []Frame, _ uint64) []Frame { return TagVLAN(f, 10, 20) },
		"all": func(f []Frame, seed uint64) []Frame {
			return Duplicate(Reorder(Recut(TagVLAN(f, 10, 20), seed), 4, seed), true, seed)
		},
	}
	for name, vary := range variations {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(12) {
				frames, want := sample(seed)
				before := slices.Clone(frames)
				for i := range before {
					before[i].Bytes = slices.Clone(before[i].Bytes)
				}
				got := vary(frames, seed)
				if !slices.EqualFunc(frames, before, func(a, b Frame) bool { return a.Time == b.Time && bytes.Equal(a.Bytes, b.Bytes) }) {
					t.Fatal("changed its input")
				}
				same := streams(t, got)
				for h := range want {
					if !bytes.Equal(same[h], want[h]) {
						t.Fatalf("seed %d: %v says otherwise", seed, h)
					}
				}
				if slices.EqualFunc(got, frames, func(a, b Frame) bool { return bytes.Equal(a.Bytes, b.Bytes) }) {
					t.Fatalf("seed %d: nothing varied", seed)
				}
				if !inTimeOrder(got) {
					t.Fatalf("seed %d: time runs backwards", seed)
				}
				for i := range got {
					if p, ok := parse(&got[i]); ok {
						want, _ := reserialize(t, got[i].Bytes)
						if !bytes.Equal(want[p.ip:p.end], got[i].Bytes[p.ip:p.end]) {
							t.Fatalf("seed %d, frame %d: a length or a checksum is wrong", seed, i)
						}
					}
				}
			}
		})
	}
}

func TestRecutKeepsFlagsInPlace(t *testing.T) {
	payload := text(3000)
	f := Frame{Link: capture.LinkEthernet, Bytes: appendFrame(nil, &header{
		src: config4.Client, dst: config4.Server, seq: 0xFFFFFFFF, id: 5,
		flags: capture.SYN | capture.FIN | capture.PSH | capture.ACK,
	}, payload)}
	seed := uint64(0)
	got := Recut([]Frame{f}, seed)
	for ; len(got) < 3; seed++ {
		got = Recut([]Frame{f}, seed+1)
	}
	next := uint32(0xFFFFFFFF)
	for i := range got {
		p, _ := parse(&got[i])
		if (p.flags&capture.SYN != 0) != (i == 0) || (p.flags&(capture.FIN|capture.PSH) != 0) != (i == len(got)-1) || p.seq != next {
			t.Errorf("piece %d: flags %x, seq %d, want seq %d", i, p.flags, p.seq, next)
		}
		next = p.next()
	}
	twice := Recut([]Frame{f, f}, seed)
	if len(twice) != 2*len(got) || !bytes.Equal(twice[0].Bytes, twice[len(got)].Bytes) {
		t.Error("the same packet is cut in two ways")
	}
}

func TestReorderStaysInWindowAndCause(t *testing.T) {
	const window = 3
	type place struct{ own, other int } // data segments before it, of its side and of the other
	places := func(frames []Frame) map[*byte]place {
		out, count := make(map[*byte]place), make(map[half]int)
		for i := range frames {
			if p, ok := parse(&frames[i]); ok && p.size() > 0 {
				out[&frames[i].Bytes[0]] = place{count[p.half()], count[half{p.dst, p.src}]}
				count[p.half()]++
			}
		}
		return out
	}
	for seed := range uint64(50) {
		frames, _ := sample(seed)
		before, after := places(frames), places(Reorder(frames, window, seed))
		for b, was := range before {
			is := after[b]
			if is.other != was.other || is.own-was.own > window || was.own-is.own > window {
				t.Fatalf("seed %d: a segment went from %v to %v", seed, was, is)
			}
		}
	}
}

func TestDuplicateCounts(t *testing.T) {
	frames, _ := sample(1)
	got := Duplicate(frames, true, 1)
	if len(got) != 2*len(frames)-1 { // the ARP frame comes once
		t.Errorf("%d frames of %d", len(got), len(frames))
	}
	ttl := map[uint8]int{}
	for i := range got {
		if p, ok := parse(&got[i]); ok && !p.v6 {
			ttl[got[i].Bytes[p.ip+8]]++
		}
	}
	if ttl[64] == 0 || ttl[64] != ttl[63] || len(ttl) != 2 {
		t.Errorf("times to live: %v", ttl)
	}
}

func TestOneSideAndLose(t *testing.T) {
	frames, _ := sample(2)
	a, b := OneSide(frames, capture.ToServer), OneSide(frames, capture.ToClient)
	if len(a)+len(b) != len(frames)+1 {
		t.Errorf("%d and %d frames of %d", len(a), len(b), len(frames))
	}
	for i := range a {
		if p, ok := parse(&a[i]); ok && p.dst.Port() > 1000 {
			t.Fatalf("%v to %v is not the client's side", p.src, p.dst)
		}
	}
	lost := len(frames) - len(Lose(frames, 0.2, 9))
	if want := len(frames) / 5; lost < want/2 || lost > want*2 {
		t.Errorf("lost %d of %d frames, want about %d", lost, len(frames), want)
	}
	if !slices.EqualFunc(Lose(frames, 0.2, 9), Lose(frames, 0.2, 9), func(a, b Frame) bool { return &a.Bytes[0] == &b.Bytes[0] }) {
		t.Error("the same seed loses other frames")
	}
}

func FuzzTransform(f *testing.F) {
	frames, _ := sample(3)
	for i := range 20 {
		f.Add(frames[i].Bytes, uint64(i))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		in := []Frame{{Link: capture.LinkEthernet, Bytes: b}}
		out := Duplicate(Reorder(Recut(TagVLAN(in, 1, 2), seed), 3, seed), true, seed)
		if len(out) == 0 {
			t.Error("the frame is gone")
		}
	})
}
