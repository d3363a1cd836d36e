// Package window counts over the last minutes or hours of event time, for
// detectors that judge by fixed floors. A window moves in twelfths of its span,
// so that what is counted is never more than a twelfth too old.
//
// Values are small and hold no pointers but for the members of a Set.
package window

import "slices"

// parts is how many steps a window moves in.
const parts = 12

// Count counts within the last span of time. The zero value is empty. A Count is
// always used with the same span. What does not fit N stays at its largest value.
type Count[N uint32 | uint64] struct {
	last int64 // number of the latest step
	sum  N
	n    [parts]N
}

// Counter is for octets, Small for what is counted one by one.
type (
	Counter = Count[uint64]
	Small   = Count[uint32]
)

// Add counts n at time t and returns how many there are in the window, span long,
// that ends at t. Times are nanoseconds; one that is older than the latest counts
// as of the latest.
func (c *Count[N]) Add(t, span int64, n uint64) uint64 {
	c.move(t, span)
	more := N(min(n, uint64(^N(0)-c.sum)))
	c.n[c.last%parts] += more
	c.sum += more
	return uint64(c.sum)
}

// Sum returns how many there are in the window that ends at t.
func (c *Count[N]) Sum(t, span int64) uint64 {
	c.move(t, span)
	return uint64(c.sum)
}

func (c *Count[N]) move(t, span int64) {
	step := t / max(1, span/parts)
	if step <= c.last {
		return
	}
	if step-c.last >= parts {
		*c = Count[N]{last: step}
		return
	}
	for c.last < step {
		c.last++
		c.sum -= c.n[c.last%parts]
		c.n[c.last%parts] = 0
	}
}

// usualMembers is how many members there is room for without another allocation.
const usualMembers = 4

// maxMembers bounds a Set: enough to see that there are many.
const maxMembers = 256

// Set knows the distinct members seen within the last span of time, as hashes.
type Set struct {
	members []member
	full    bool
}

type member struct {
	hash uint64
	seen int64
}

// Room gives Sets memory for their usual number of members, made for some at a time.
type Room struct{ fresh []member }

// Furnish gives s memory, if it has none.
func (r *Room) Furnish(s *Set) {
	if s.members != nil {
		return
	}
	if len(r.fresh) == 0 {
		r.fresh = make([]member, 64*usualMembers)
	}
	s.members, r.fresh = r.fresh[:0:usualMembers], r.fresh[usualMembers:]
}

// Add notes a member at time t and returns how many there are in the window that
// ends at t; at most maxMembers. fresh: it was not among them.
func (s *Set) Add(t, span int64, hash uint64) (n int, fresh bool) {
	s.members = slices.DeleteFunc(s.members, func(m member) bool { return m.seen <= t-span })
	for i := range s.members {
		if s.members[i].hash == hash {
			s.members[i].seen = max(t, s.members[i].seen)
			return len(s.members), false
		}
	}
	if len(s.members) == maxMembers {
		s.full = true
		return maxMembers, true
	}
	if s.members == nil {
		s.members = make([]member, 0, usualMembers)
	}
	s.members = append(s.members, member{hash, t})
	return len(s.members), true
}

// Has reports whether a member was seen in the window that ends at t.
func (s *Set) Has(t, span int64, hash uint64) bool {
	return slices.ContainsFunc(s.members, func(m member) bool { return m.hash == hash && m.seen > t-span })
}

// Members calls yield with every member in the window that ends at t.
func (s *Set) Members(t, span int64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for _, m := range s.members {
			if m.seen > t-span && !yield(m.hash) {
				return
			}
		}
	}
}

// Full reports that there were more members than are known: counts are lower
// bounds.
func (s *Set) Full() bool { return s.full }

// Reset empties the set and keeps its memory.
func (s *Set) Reset() { s.members, s.full = s.members[:0], false }
