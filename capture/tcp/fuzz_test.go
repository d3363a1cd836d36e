package tcp

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mailsensor/capture"
)

// wild makes segments of a few flows from arbitrary bytes.
func wild(in []byte) (out []capture.Segment) {
	text := []byte("the quick brown fox jumps over the lazy dog")
	for i := 0; len(in) >= 12; i++ {
		d := capture.Dir(in[0] & 1)
		x := seg(d, in[1]&31, 0, 0, "")
		x.Key = key(40000+uint16(in[0]>>6), 25)
		x.Hash = x.Key.Hash(1)
		x.Seq = uint32(int32(int16(binary.LittleEndian.Uint16(in[2:]))))
		x.Ack = uint32(int32(int16(binary.LittleEndian.Uint16(in[4:]))))
		if in[0]&2 != 0 {
			x.Seq = binary.LittleEndian.Uint32(in[2:])
		}
		x.Payload = text[:int(in[6])%len(text)]
		if in[0]&4 != 0 {
			x.Cut = uint32(in[7])
		}
		if in[0]&8 != 0 {
			x.Payload = make([]byte, int(in[7])<<8)
		}
		x.ID = uint32(in[8] & 3)
		x.Time = 1e18 + int64(i)*int64(time.Millisecond) + int64(int16(binary.LittleEndian.Uint16(in[9:])))*int64(time.Millisecond)
		x.Index = uint64(i)
		out = append(out, x)
		in = in[12:]
	}
	return out
}

// run plays segments and checks what holds for any input.
func run(t *testing.T, segs []capture.Segment, opt Options) (log []string) {
	r := newRig(opt)
	for i := range segs {
		x := segs[i]
		r.Segment(&x)
		if i%5 == 4 {
			r.Advance(x.Time)
		}
		if r.pool.used > r.opt.MaxPages || r.Flows() > r.opt.MaxFlows {
			t.Fatalf("%d pages, %d flows", r.pool.used, r.Flows())
		}
	}
	for r.Flush(r.now, 3) {
	}
	if r.pool.used != 0 || r.Flows() != 0 || r.waiting.n != 0 {
		t.Fatalf("%d pages, %d flows, %d waiting left", r.pool.used, r.Flows(), r.waiting.n)
	}
	for _, rec := range r.conns {
		for d := range rec.data {
			h := rec.tot.Half[d]
			if rec.closed != 1 || h.GapBytes < uint64(rec.lost[d]) || len(rec.data[d]) > int(h.Bytes)+rec.lost[d] {
				t.Fatalf("closed %d times, %d octets, %d lost, %+v", rec.closed, len(rec.data[d]), rec.lost[d], h)
			}
			if h.Bytes > 1<<40 || h.GapBytes > 1<<44 {
				t.Fatalf("counted below zero: %+v", h)
			}
		}
		log = append(append(log, rec.conn.Client.String()), rec.log...)
	}
	return log
}

func FuzzSegments(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		b := make([]byte, 12*rng.IntN(200))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		segs := wild(in)
		opt := Options{MaxPages: 40, MaxFlowPages: 16, MaxFlows: 3, MaxHalfOpen: 2}
		if !slices.Equal(run(t, segs, opt), run(t, segs, opt)) {
			t.Fatal("two runs differ")
		}
	})
}

// TestDeterminism: the same segments give the same calls, however full the
// table is.
func TestDeterminism(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	b := make([]byte, 12*3000)
	for n := range 20 {
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		opt := Options{MaxPages: 64, MaxFlows: 2 + n}
		first := run(t, wild(b), opt)
		if len(first) == 0 || !slices.Equal(first, run(t, wild(b), opt)) {
			t.Fatalf("run %d: %d calls, and others the second time", n, len(first))
		}
	}
}
