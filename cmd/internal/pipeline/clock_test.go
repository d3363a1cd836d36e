package pipeline

import "testing"

func TestClock(t *testing.T) {
	const hour = 3600 * second
	for _, c := range []struct {
		name     string
		times    []int64
		now      int64
		crossed  int
		backward uint64
		jumps    uint64
	}{
		{"one", []int64{begin}, begin, 1, 0, 0},
		{"within a second", []int64{begin, begin + 1, begin + 2}, begin + 2, 1, 0, 0},
		{"second by second", []int64{begin, begin + second, begin + 2*second}, begin + 2*second, 3, 0, 0},
		{"backwards", []int64{begin, begin - second, begin + 1}, begin + 1, 1, 1, 0},
		{"back by years", []int64{begin, 5, begin + 1}, begin + 1, 1, 1, 0},
		{"a quiet hour", []int64{begin, begin + hour}, begin + hour, 2, 0, 0},
		{"ahead by years, once", []int64{begin, begin + 9999*hour, begin + 1}, begin + 1, 1, 1, 1},
		{"ahead by years, and stays", []int64{begin, begin + 9999*hour, begin + 9999*hour + 5}, begin + 9999*hour + 5, 2, 0, 1},
		{"two that do not agree", []int64{begin, begin + 9999*hour, begin + 5000*hour, begin + 1}, begin + 1, 1, 2, 2},
		{"a doubt is forgotten", []int64{begin, begin + 9999*hour, begin + 1, begin + 9999*hour}, begin + 1, 1, 1, 2},
		{"a doubt is forgotten by the same time", []int64{begin, begin + 9999*hour, begin, begin + 9999*hour}, begin, 1, 1, 2},
		{"from 0", []int64{0, 1}, 1, 1, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k clock
			crossed := 0
			for _, at := range c.times {
				if k.see(at) {
					crossed++
				}
			}
			if k.now != c.now || crossed != c.crossed || k.Backward != c.backward || k.Jumps != c.jumps {
				t.Errorf("now %d, %d crossings, %+v; want %d, %d, %d back, %d jumps", k.now-begin, crossed, k.ClockStats,
					c.now-begin, c.crossed, c.backward, c.jumps)
			}
		})
	}
}
