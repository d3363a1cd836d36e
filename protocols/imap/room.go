package imap

import (
	"sync"

	"mailsensor/protocols/sasl"
)

// chunk is how many parsers, readings or tables of sizes are allocated together.
const chunk = 8

// room is what an ordinary connection needs beside the parser's own fields. It
// is part of the parser, so that a connection costs no allocation of its own.
type room struct {
	flight    [roomSlots]command
	text      [roomSlots][roomText]byte
	selection selection
}

// pools hold what a connection needs only at times, so that an idle one is
// small. The workers share them.
type pools struct {
	readings   sync.Pool
	logins     sync.Pool
	identities sync.Pool
	age        int64 // how long body items gather at most

	mu            sync.Mutex
	freshParsers  []parser // allocated, never used
	freshReadings []reading
	freshSizes    [][firstSizes]messageSize
}

func newPools(age int64) *pools {
	s := &pools{
		age:        age,
		logins:     sync.Pool{New: func() any { return new(sasl.Exchange) }},
		identities: sync.Pool{New: func() any { return new(identity) }},
	}
	s.readings.New = func() any { return s.reading() }
	return s
}

func (s *pools) parser() *parser {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := take(&s.freshParsers)
	p.pools = s
	return p
}

func (s *pools) reading() *reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := take(&s.freshReadings)
	r.useRoom()
	return r
}

// sizes returns room for the first sizes that a selection remembers.
func (s *pools) sizes() []messageSize {
	s.mu.Lock()
	defer s.mu.Unlock()
	return take(&s.freshSizes)[:0]
}

// take takes one of fresh, which it fills when it is empty.
func take[T any](fresh *[]T) *T {
	if len(*fresh) == 0 {
		*fresh = make([]T, chunk)
	}
	one := &(*fresh)[0]
	*fresh = (*fresh)[1:]
	return one
}
