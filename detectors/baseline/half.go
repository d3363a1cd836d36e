package baseline

import "math"

// half is a number of IEEE 754 binary16: 11 bits, up to 65504. The sums of a shape
// are kept as such: each new term is some hundredth of its sum, far above the 2^-11
// that would be rounded away.
type half uint16

const (
	maxHalf      = 65504
	one     half = 15 << 10
)

// toHalf rounds a number >= 0 to the nearest, ties to even.
func toHalf(x float64) half {
	switch {
	case !(x > 0):
		return 0
	case x >= maxHalf:
		return 0x7bff
	case x < 0x1p-14: // subnormal: multiples of 2^-24
		return half(math.RoundToEven(x * 0x1p24))
	}
	frac, exp := math.Frexp(x) // frac in [.5,1)
	n := math.RoundToEven(frac * 2048)
	// A frac that rounds up to 1 carries into the exponent, as it should.
	return half(uint16(exp+13)<<10 + uint16(n))
}

// value is exact.
func (h half) value() float64 {
	exp, frac := h>>10, float64(h&0x3ff)
	if exp == 0 {
		return frac * 0x1p-24
	}
	return math.Ldexp(frac+1024, int(exp)-25)
}
