package pipeline

import "time"

// ClockStats counts oddities of the packets' times.
type ClockStats struct {
	Backward uint64 // frames older than the one before
	Jumps    uint64 // frames whose time was too far ahead to be believed on its own
}

// clock is event time: the latest packet time, never backwards. A time more
// than maxJump ahead is believed only when the next frame agrees with it, so
// that one bad timestamp cannot fire every timeout of the years between.
type clock struct {
	ClockStats
	now, last, doubted int64
	begun              bool
}

const (
	maxJump  = int64(time.Hour)
	tickStep = int64(time.Second)
)

// see takes a frame's time. crossed is true when event time entered another
// tickStep.
func (c *clock) see(t int64) (crossed bool) {
	if !c.begun {
		c.begun, c.now, c.last = true, t, t
		return true
	}
	if t < c.last {
		c.Backward++
	}
	c.last = t
	if t <= c.now {
		c.doubted = 0
		return false
	}
	if t-c.now > maxJump && (c.doubted == 0 || abs(t-c.doubted) > maxJump) {
		c.Jumps++
		c.doubted = t
		return false
	}
	c.doubted = 0
	crossed = t/tickStep != c.now/tickStep
	c.now = t
	return crossed
}

func abs(x int64) int64 {
	if x < 0 {
		return -x
	}
	return x
}
