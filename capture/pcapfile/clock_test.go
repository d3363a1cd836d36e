package pcapfile

import (
	"math"
	"math/big"
	"testing"
)

// exact is the time by the definition of if_tsresol, in whole nanoseconds.
func exact(resolution byte, offset int64, ts uint64) int64 {
	base := big.NewInt(10)
	if resolution&0x80 != 0 {
		base = big.NewInt(2)
	}
	units := new(big.Int).Exp(base, big.NewInt(int64(resolution&0x7f)), nil)
	t := new(big.Int).Mul(new(big.Int).SetUint64(ts), big.NewInt(1e9))
	t.Div(t, units)
	most := big.NewInt(maxSeconds * 1e9)
	if t.Cmp(most) > 0 {
		t.Set(most)
	}
	t.Add(t, new(big.Int).Mul(big.NewInt(min(max(offset, -maxSeconds), maxSeconds)), big.NewInt(1e9)))
	if t.Cmp(most) > 0 {
		t.Set(most)
	}
	return t.Int64()
}

func TestClock(t *testing.T) {
	r := testRand(1)
	for resolution := range 256 {
		for i := range 200 {
			ts := r.Uint64() >> r.IntN(64)
			offset := []int64{0, 1, -1, 7200, math.MaxInt64, math.MinInt64}[i%6]
			c := newClock(byte(resolution), offset)
			if got, want := c.time(ts), exact(byte(resolution), offset, ts); got != want {
				t.Fatalf("resolution %#x offset %d timestamp %d: %d, want %d", resolution, offset, ts, got, want)
			}
		}
	}
}
