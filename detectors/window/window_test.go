package window

import (
	"math/rand"
	"testing"
)

const minute = int64(60e9)

// Against a list of all that was counted.
func TestCounter(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	const span = 12 * minute
	var c Counter
	var all []int64
	at := int64(1_790_000_000e9)
	for range 5000 {
		at += r.Int63n(3 * minute)
		all = append(all, at)
		got := c.Add(at, span, 1)
		var least, most uint64
		for _, x := range all {
			if x > at-span+minute {
				least++
			}
			if x > at-span-minute {
				most++
			}
		}
		if got < least || got > most {
			t.Fatalf("%d, want %d to %d", got, least, most)
		}
	}
	if n := c.Sum(at+2*span, span); n != 0 {
		t.Errorf("%d after silence", n)
	}
}

func TestSmallStaysAtItsLargest(t *testing.T) {
	const span, most = 12 * minute, 1<<32 - 1
	var c Small
	c.Add(0, span, most-1)
	if n := c.Add(5*minute, span, 7); n != most {
		t.Errorf("%d, want %d", n, uint64(most))
	}
	if n := c.Sum(12*minute, span); n != 1 { // that was added last
		t.Errorf("%d left", n)
	}
	var large Counter
	large.Add(0, span, most+1)
	if _, ok := c.Load(large.Append(nil)); ok {
		t.Error("took over what is too large")
	}
}

func TestCounterTimeGoesBack(t *testing.T) {
	var c Counter
	c.Add(100*minute, 12*minute, 1)
	if n := c.Add(90*minute, 12*minute, 1); n != 2 {
		t.Errorf("%d", n)
	}
}

func TestSet(t *testing.T) {
	var s Set
	for i := range 10 {
		if n, fresh := s.Add(int64(i)*minute, 60*minute, uint64(i%5)); n != min(i+1, 5) || fresh != (i < 5) {
			t.Errorf("%d: %d %v", i, n, fresh)
		}
	}
	if n, _ := s.Add(66*minute, 60*minute, 99); n != 4 { // those of minute 7, 8 and 9 are left
		t.Errorf("%d members", n)
	}
	for i := range 1000 {
		s.Add(70*minute, 60*minute, uint64(1000+i))
	}
	if n, _ := s.Add(70*minute, 60*minute, 1); n != maxMembers || !s.Full() {
		t.Errorf("%d, full %v", n, s.Full())
	}
}
