package mime

import (
	"math/rand/v2"
	"testing"
)

func TestCountAlphabet(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for c := range 256 {
		b := make([]byte, 100)
		for i := range b {
			b[i] = byte(c)
		}
		want := uint64(0)
		if sextets[c] != noSextet {
			want = 100
		}
		if got := countAlphabet(b); got != want {
			t.Errorf("octet %#x: %d of 100", c, got)
		}
	}
	for range 2000 {
		b := make([]byte, r.IntN(12000))
		want := uint64(0)
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(20) > 0 {
				b[i] = 'A' + b[i]%26
			}
			if sextets[b[i]] != noSextet {
				want++
			}
		}
		if got := countAlphabet(b); got != want {
			t.Fatalf("%d octets: %d, want %d", len(b), got, want)
		}
	}
}
