package tcp

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mailsensor/capture"
)

// dialogue is a true pair of streams and the segments that carried them.
type dialogue struct {
	truth [2][]byte
	isn   [2]uint32
	segs  []capture.Segment
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + rng.IntN(255)) // 0 stands for a gap
	}
	return b
}

// converse makes a connection in the order in which the endpoints acted. What
// one side sends acknowledges all that the other has sent before.
func converse(rng *rand.Rand, tfo bool) *dialogue {
	g := new(dialogue)
	var sent [2]int
	for d := range g.truth {
		g.truth[d] = randomBytes(rng, rng.IntN(4000))
		g.isn[d] = rng.Uint32()
		if rng.IntN(2) == 0 { // near the wrap
			g.isn[d] = -uint32(rng.IntN(len(g.truth[d]) + 2))
		}
	}
	add := func(d capture.Dir, flags uint8, from, to int) {
		x := seg(d, flags, g.isn[d]+1+uint32(from), 0, "")
		if flags&capture.SYN != 0 {
			x.Seq--
		}
		if flags&capture.ACK != 0 {
			x.Ack = g.isn[d^1] + 1 + uint32(sent[d^1])
		}
		x.Payload = g.truth[d][from:to]
		sent[d] = max(sent[d], to)
		x.ID = uint32(len(g.segs) + 1)
		g.segs = append(g.segs, x)
	}
	first := 0
	if tfo {
		first = min(len(g.truth[0]), rng.IntN(100))
	}
	add(toS, syn, 0, first)
	add(toC, syn|ack, 0, 0)
	add(toS, ack, first, first)
	for sent[0] < len(g.truth[0]) || sent[1] < len(g.truth[1]) {
		d := capture.Dir(rng.IntN(2))
		for range 1 + rng.IntN(4) {
			from := sent[d]
			if rng.IntN(8) == 0 { // again, cut in another way
				from = rng.IntN(from + 1)
			}
			add(d, ack, from, min(len(g.truth[d]), from+rng.IntN(700)))
		}
	}
	for _, d := range []capture.Dir{toS, toC} {
		add(d, ack|fin, sent[d], sent[d])
	}
	return g
}

// shuffle moves segments by up to window places, the handshake excepted.
func shuffle(rng *rand.Rand, segs []capture.Segment, window int) []capture.Segment {
	type placed struct {
		at int
		s  capture.Segment
	}
	var all []placed
	for i, s := range segs {
		at := i
		if i >= 3 {
			at += rng.IntN(window + 1)
		}
		all = append(all, placed{at, s})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return a.at - b.at })
	out := make([]capture.Segment, len(all))
	for i := range all {
		out[i] = all[i].s
	}
	return out
}

// again repeats some packets a little later, as a mirror of two ports does.
func again(rng *rand.Rand, segs []capture.Segment) (out []capture.Segment, n int) {
	for _, s := range segs {
		out = append(out, s)
		if rng.IntN(4) == 0 {
			s.TTL--
			out = append(out, s)
			n++
		}
	}
	return out, n
}

// play sends the segments of a dialogue and ends the capture.
func play(r *rig, segs []capture.Segment) {
	for _, x := range segs {
		r.send(x)
	}
	r.end()
}

func TestModel(t *testing.T) {
	streams := 5000 // two a connection
	for n := range streams {
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		g := converse(rng, n%3 == 0)
		segs := g.segs
		if n%4 != 0 {
			segs = shuffle(rng, segs, 1+rng.IntN(20))
		}
		segs, dups := again(rng, segs)
		r := newRig(Options{})
		r.quiet = true
		play(r, segs)
		if len(g.truth[0])+len(g.truth[1]) == 0 {
			continue
		}
		rec := r.one(t)
		for d := range g.truth {
			if !bytes.Equal(rec.data[d], g.truth[d]) {
				t.Fatalf("connection %d, %s: %d octets, want %d; lost %d", n, capture.Dir(d), len(rec.data[d]), len(g.truth[d]), rec.lost[d])
			}
			h := rec.tot.Half[d]
			if h.Bytes != uint64(len(g.truth[d])) || h.GapBytes != 0 || h.Conflicts != 0 {
				t.Fatalf("connection %d: %+v for %d octets", n, h, len(g.truth[d]))
			}
		}
		if rec.closed != 1 || rec.tot.End != capture.EndFIN {
			t.Fatalf("connection %d: closed %d times, %s", n, rec.closed, rec.tot.End)
		}
		if got := r.Stats(); got.Duplicates == 0 && dups > 0 || r.pool.used != 0 || r.Flows() != 0 {
			t.Fatalf("connection %d: %d duplicates of %d, %d pages and %d flows left", n, got.Duplicates, dups, r.pool.used, r.Flows())
		}
	}
}

func TestModelLoss(t *testing.T) {
	for n := range 2000 {
		rng := rand.New(rand.NewPCG(2, uint64(n)))
		g := converse(rng, false)
		segs := shuffle(rng, g.segs, rng.IntN(20))
		segs = slices.DeleteFunc(segs, func(s capture.Segment) bool {
			return s.Flags&(syn|fin) == 0 && rng.IntN(10) == 0
		})
		r := newRig(Options{MaxPages: 1 + rng.IntN(64)})
		r.quiet = true
		for i, x := range segs {
			r.send(x)
			if i%7 == 0 {
				r.time += int64(rng.IntN(3)) * int64(400*time.Millisecond)
				r.Advance(r.time)
			}
		}
		r.end()
		for _, rec := range r.conns {
			checkTiling(t, n, g, rec)
		}
	}
}

// checkTiling: data and gaps cover the stream to its end, and what was handed on
// is true.
func checkTiling(t *testing.T, n int, g *dialogue, rec *recorder) {
	t.Helper()
	for d := range g.truth {
		got, want := rec.data[d], g.truth[d]
		if len(got) != len(want) {
			t.Fatalf("connection %d, %s: data and gaps are %d octets, want %d", n, capture.Dir(d), len(got), len(want))
		}
		zeros := 0
		for i := range got {
			if got[i] == 0 {
				zeros++
			} else if got[i] != want[i] {
				t.Fatalf("connection %d, %s: wrong octet at %d", n, capture.Dir(d), i)
			}
		}
		h := rec.tot.Half[d]
		if zeros != rec.lost[d] || h.GapBytes != uint64(zeros) || h.Bytes != uint64(len(got)-zeros) {
			t.Fatalf("connection %d, %s: %d lost, %d zeros, totals %+v", n, capture.Dir(d), rec.lost[d], zeros, h)
		}
	}
}

// TestModelStopped: of a stream that is only counted, octets and missing octets
// still add up, and in order nothing is missing.
func TestModelStopped(t *testing.T) {
	for n := range 1000 {
		rng := rand.New(rand.NewPCG(6, uint64(n)))
		g := converse(rng, false)
		window := n % 3 * 8
		r := newRig(Options{})
		r.quiet, r.stop = true, [2]int{1, 1}
		play(r, shuffle(rng, g.segs, window))
		for _, rec := range r.conns {
			for d := range g.truth {
				h, want := rec.tot.Half[d], uint64(len(g.truth[d]))
				if h.Bytes+h.GapBytes != want || window == 0 && h.GapBytes != 0 {
					t.Fatalf("connection %d: %+v for %d octets", n, h, want)
				}
			}
			if rec.tot.End != capture.EndFIN {
				t.Fatalf("connection %d: %s", n, rec.tot.End)
			}
		}
	}
}
