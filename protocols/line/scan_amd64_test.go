package line

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// inOrder says of b, octet by octet, what scanAVX2 says at a glance.
func inOrder(b []byte, atStart bool) (taken, last int) {
	last = -1
	for i, c := range b {
		cr := i > 0 && b[i-1] == '\r'
		if cr != (c == '\n') || c == '.' && (i == 0 && atStart || i > 0 && b[i-1] == '\n') {
			return i, last
		}
		if c == '\n' {
			last = i
		}
	}
	return len(b), last
}

func TestScan(t *testing.T) {
	if !canScan {
		t.Skip("this processor has no AVX2")
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	odd, whole := 0, 0
	for range 200_000 {
		b := bytes.Repeat([]byte("x"), 64+rnd.IntN(300))
		for i := rnd.IntN(40); i < len(b)-1; i += 2 + rnd.IntN(60) {
			b[i], b[i+1] = '\r', '\n'
		}
		for range rnd.IntN(3) {
			b[rnd.IntN(len(b))] = "\r\n.x"[rnd.IntN(4)]
		}
		start := rnd.IntN(2)
		wantN, wantLast := inOrder(b, start == 1)
		n, last := scanAVX2(&b[0], len(b), uint64(start), 0)
		if n != wantN || last != wantLast {
			t.Fatalf("%q from %d: %d octets, last LF %d; octet by octet %d, %d", b, start, n, last, wantN, wantLast)
		}
		if n == len(b) {
			whole++
		} else {
			odd++
		}
	}
	if odd < 10_000 || whole < 10_000 {
		t.Errorf("%d in order, %d not: one of them is hardly tested", whole, odd)
	}
}

// A line that is too long is never passed over, whatever of it came before.
func TestScanLeavesLongLines(t *testing.T) {
	if !canScan {
		t.Skip("this processor has no AVX2")
	}
	for before := range 1200 {
		for _, rest := range []int{1, 63, 64, 150, 500, 900, 1000, 1100} {
			b := append(bytes.Repeat([]byte("x"), rest), "\r\nxxxx\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"...)
			var s Block
			s.Next(bytes.Repeat([]byte("x"), before))
			for p := b; len(p) > 0; {
				_, n, _ := s.Next(p)
				p = p[n:]
			}
			if long := before+rest+2 > MaxText; long != (s.Odd&OddLong != 0) {
				t.Fatalf("a line of %d and %d octets and CRLF: odd %b", before, rest, s.Odd)
			}
		}
	}
}
