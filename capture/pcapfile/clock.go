package pcapfile

import (
	"math"
	"math/bits"
)

// maxSeconds bounds a time to the year 2242, so that neither it in nanoseconds
// nor a timeout added to it overflows.
const maxSeconds = 1 << 33

// clock turns the timestamps of a pcapng interface into Unix nanoseconds.
type clock struct {
	units  uint64 // a second; 0: more than a timestamp can count
	scale  uint64 // nanoseconds a unit; 0: a unit is less, or no whole number of them
	direct uint64 // timestamps below need only scale
	shrink uint64 // units a nanosecond, where that is a power of 10; 0: units is a power of 2
	exp    uint   // that power of 2
	offset int64  // nanoseconds
}

// newClock reads if_tsresol, a negative power of 10, or of 2 where the top bit
// is set, and if_tsoffset in seconds (section 4.2).
func newClock(resolution byte, offset int64) clock {
	c := clock{offset: min(max(offset, -maxSeconds), maxSeconds) * 1e9}
	exp := uint(resolution & 0x7f)
	if resolution&0x80 != 0 {
		c.exp = exp
		if exp < 64 {
			c.units = 1 << exp
		}
		return c
	}
	if exp <= 19 {
		c.units = pow10(exp)
	}
	if exp <= 9 {
		c.scale = pow10(9 - exp)
		c.direct = maxSeconds * c.units
		return c
	}
	c.shrink = math.MaxUint64
	if exp-9 <= 19 {
		c.shrink = pow10(exp - 9)
	}
	return c
}

func pow10(n uint) uint64 {
	v := uint64(1)
	for range n {
		v *= 10
	}
	return v
}

func (c *clock) time(ts uint64) int64 {
	if ts < c.direct {
		return bounded(int64(ts*c.scale), c.offset)
	}
	var seconds, rest uint64 = 0, ts
	if c.units != 0 {
		seconds, rest = ts/c.units, ts%c.units
	}
	if seconds >= maxSeconds {
		return bounded(maxSeconds*1e9, c.offset)
	}
	switch {
	case c.scale != 0:
		rest *= c.scale
	case c.shrink != 0:
		rest /= c.shrink
	default:
		high, low := bits.Mul64(rest, 1e9)
		rest = high<<(64-c.exp) | low>>c.exp
		if c.exp >= 64 {
			rest = high >> (c.exp - 64)
		}
	}
	return bounded(int64(seconds*1e9+rest), c.offset)
}

// bounded adds what cannot overflow, each being below 2^63, to a time within
// the bounds.
func bounded(t, offset int64) int64 {
	const most = maxSeconds * 1e9
	switch {
	case offset > 0 && t > most-offset:
		return most
	default:
		return max(t+offset, -most)
	}
}
