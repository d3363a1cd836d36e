package mailbox

import (
	"math/rand/v2"
	"testing"
)

func TestCoverageAgainstModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var c coverage
		c.reset(wholeBody)
		size := 1 + rnd.IntN(40)
		c.ends(uint64(size))
		var got [64]bool
		for range 30 {
			from, n := rnd.IntN(size), rnd.IntN(12)
			if !c.add(uint64(from), uint64(n)) {
				continue
			}
			for i := from; i < from+n; i++ {
				got[i] = true
			}
			full := true
			for _, g := range got[:size] {
				full = full && g
			}
			if c.complete() != full {
				t.Fatalf("complete is %v, want %v: %v of %d", c.complete(), full, c.spans, size)
			}
		}
	}
}

func TestCoverageEnd(t *testing.T) {
	var c coverage
	c.reset(textBody)
	c.add(0, 100)
	if c.complete() {
		t.Error("complete though its length is unknown")
	}
	c.ends(300) // asked for behind the end, nothing came
	if c.complete() {
		t.Error("complete at 100 of at most 300")
	}
	c.ends(100)
	if !c.complete() {
		t.Error("not complete at 100 of 100")
	}
	c.reset(wholeBody)
	c.ends(0)
	if !c.complete() {
		t.Error("an empty message is not complete")
	}
	c.reset(wholeBody)
	c.ends(10)
	if c.add(1<<64-1, 1<<63); c.complete() {
		t.Error("complete after an offset that overflows")
	}
}

func TestCoverageIsBounded(t *testing.T) {
	var c coverage
	c.reset(wholeBody)
	for i := range uint64(2 * maxSpans) {
		if ok := c.add(10*i, 5); ok != (i < maxSpans) {
			t.Errorf("span %d: remembered is %v", i, ok)
		}
	}
	if !c.add(0, 10*maxSpans) || len(c.spans) != 1 {
		t.Errorf("%d spans after one that covers all", len(c.spans))
	}
}

func FuzzCoverage(f *testing.F) {
	f.Add([]byte{0, 9, 9, 3, 4, 200})
	f.Fuzz(func(t *testing.T, in []byte) {
		var c coverage
		c.reset(wholeBody)
		for ; len(in) >= 2; in = in[2:] {
			c.add(uint64(in[0])<<(in[0]%56), uint64(in[1])<<(in[1]%56))
			for i, s := range c.spans {
				if s.from >= s.to || i > 0 && c.spans[i-1].to >= s.from {
					t.Fatalf("spans %v", c.spans)
				}
			}
			if len(c.spans) > maxSpans {
				t.Fatalf("%d spans", len(c.spans))
			}
		}
	})
}
