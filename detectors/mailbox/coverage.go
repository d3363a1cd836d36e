package mailbox

import (
	"math"
	"slices"
)

// Bounds of what is remembered of one message that is sent in pieces. Clients
// fetch the chunks of one section after the other, in order or a few at once.
const (
	maxSections = 4
	maxSpans    = 8
	maxTaken    = 64
)

const unknownEnd = math.MaxUint64

// span is octets from from up to but not including to.
type span struct{ from, to uint64 }

// coverage is which octets of one section were sent.
type coverage struct {
	section section
	spans   []span // sorted, apart from each other
	end     uint64 // length of the section, or unknownEnd
}

func (c *coverage) reset(s section) {
	c.section, c.spans, c.end = s, c.spans[:0], unknownEnd
}

// add notes n octets at offset; ok is false when there is no room to remember it.
func (c *coverage) add(offset, n uint64) (ok bool) {
	to := offset + n
	if to < offset {
		to = math.MaxUint64
	}
	if n == 0 {
		return true
	}
	i, _ := slices.BinarySearchFunc(c.spans, offset, func(s span, at uint64) int {
		if s.to < at {
			return -1
		}
		return 1
	})
	s, j := span{offset, to}, i
	for ; j < len(c.spans) && c.spans[j].from <= to; j++ {
		s.from, s.to = min(s.from, c.spans[j].from), max(s.to, c.spans[j].to)
	}
	if i == j && len(c.spans) == maxSpans {
		return false
	}
	c.spans = slices.Replace(c.spans, i, j, s)
	return true
}

// ends notes that the section is no longer than n octets.
func (c *coverage) ends(n uint64) { c.end = min(c.end, n) }

// complete reports that everything up to the known end was sent.
func (c *coverage) complete() bool {
	return c.end == 0 || c.end != unknownEnd && len(c.spans) == 1 && c.spans[0].from == 0 && c.spans[0].to >= c.end
}
