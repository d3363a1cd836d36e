package mailbox

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// check fails when the runs are not as ledger promises.
func (l *ledger) check(t testing.TB) {
	t.Helper()
	for i, r := range l.runs {
		if r.first > r.last || r.level == none {
			t.Fatalf("run %d is %v", i, r)
		}
		if i == 0 {
			continue
		}
		p := l.runs[i-1]
		if p.last >= r.first || p.last+1 == r.first && p.level == r.level && !l.coarse {
			t.Fatalf("runs %v and %v are out of order, or should be one", p, r)
		}
	}
}

// naive is a ledger written the obvious way.
type naive map[uint32]Level

func (n naive) raise(first, last uint32, to Level) (d moved) {
	for u := uint64(first); u <= uint64(last); u++ {
		if from := n[uint32(u)]; from < to {
			d[from]++
			n[uint32(u)] = to
		}
	}
	return d
}

func TestLedgerAgainstModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var pieces []run
	for round := range 400 {
		var l ledger
		l.reset()
		m := naive{}
		top := uint32(1)
		if round%2 == 0 { // at the end of the numbers
			top = math.MaxUint32 - 120
		}
		for range 150 {
			a := top + rnd.Uint32N(100)
			b := a + rnd.Uint32N(20)
			if rnd.IntN(5) == 0 {
				want := m[a]
				delete(m, a)
				if got := l.drop(a); got != want {
					t.Fatalf("drop(%d) = %d, want %d", a, got, want)
				}
			} else {
				to := Level(1 + rnd.IntN(int(Whole)))
				want := m.raise(a, b, to)
				var got moved
				if got, pieces = l.raise(a, b, to, pieces); got != want {
					t.Fatalf("raise(%d, %d, %d) = %v, want %v; runs %v", a, b, to, got, want, l.runs)
				}
			}
			l.check(t)
			for u := top; u < top+120; u++ {
				if l.at(u) != m[u] {
					t.Fatalf("at(%d) = %d, want %d; runs %v", u, l.at(u), m[u], l.runs)
				}
			}
		}
	}
}

func TestLedgerIsNeverExpanded(t *testing.T) {
	var l ledger
	l.reset()
	n, _ := l.raise(1, math.MaxUint32, Headers, nil)
	if n[none] != math.MaxUint32 || len(l.runs) != 1 {
		t.Errorf("%d messages in %d runs", n[none], len(l.runs))
	}
	n, _ = l.raise(5, math.MaxUint32, Whole, nil)
	if n[Headers] != math.MaxUint32-4 || len(l.runs) != 2 {
		t.Errorf("%d messages in %d runs", n[Headers], len(l.runs))
	}
}

func TestLedgerGrowsCoarse(t *testing.T) {
	var l ledger
	l.reset()
	var pieces []run
	var total int64
	for u := uint32(1); u < 4*maxRuns*2; u += 2 {
		var n moved
		n, pieces = l.raise(u, u, Whole, pieces)
		total += n[none]
		if len(l.runs) > maxRuns {
			t.Fatalf("%d runs", len(l.runs))
		}
	}
	l.check(t)
	if !l.coarse {
		t.Error("not coarse after four times as many runs as it may hold")
	}
	if total > 4*maxRuns {
		t.Errorf("counted %d of %d messages", total, 4*maxRuns)
	}
	far := l.runs[len(l.runs)-1].last + 1<<20
	if n, _ := l.raise(far, far+9, Whole, pieces); n[none] != 10 {
		t.Errorf("ten messages far off count as %d", n[none])
	}
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte{1, 0, 5, 3, 2, 1, 2, 0, 9, 1, 3, 0, 2, 0, 0})
	f.Fuzz(func(t *testing.T, in []byte) {
		var l ledger
		l.reset()
		m := naive{}
		var pieces []run
		for ; len(in) >= 4; in = in[4:] {
			a := uint32(binary.BigEndian.Uint16(in)&1023) + 1
			b := a + uint32(in[2])
			if in[3]&4 != 0 {
				want := m[a]
				delete(m, a)
				if got := l.drop(a); got != want {
					t.Fatalf("drop(%d) = %d, want %d", a, got, want)
				}
				continue
			}
			to := Level(in[3]&3%3) + 1
			want := m.raise(a, b, to)
			var got moved
			if got, pieces = l.raise(a, b, to, pieces); got != want {
				t.Fatalf("raise(%d, %d, %d) = %v, want %v", a, b, to, got, want)
			}
			l.check(t)
		}
	})
}

func BenchmarkLedgerUpwards(b *testing.B) {
	var l ledger
	l.reset()
	var pieces []run
	u := uint32(0)
	for b.Loop() {
		u++
		_, pieces = l.raise(u, u, Whole, pieces)
	}
}

func BenchmarkLedgerRandom(b *testing.B) {
	var l ledger
	l.reset()
	var pieces []run
	rnd := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		u := 1 + rnd.Uint32N(4000)
		_, pieces = l.raise(u, u, Whole, pieces)
		if len(l.runs) == 1 {
			l.reset()
		}
	}
}
