package protocols

// Room is what the connections of one shard have together to inflate in, and for
// octets that wait: first ones, tails of tokens, and what parsers keep. It is a shard's
// and no worker's, so that what is refused does not depend on workers.
type Room struct {
	Limit int // octets of inflaters; twice as many may wait. 0: 2 MiB, for 64 shards 128
	used  int // of windows and tables
	waits int // of what waits
}

const (
	maxRoom  = 2 << 20
	maxWaits = 8 << 20 // where there is no Limit
)

func (r *Room) limit() int {
	if r.Limit > 0 {
		return r.Limit
	}
	return maxRoom
}

func (r *Room) waitLimit() int {
	if r.Limit > 0 {
		return 2 * r.Limit
	}
	return maxWaits
}

// Holder is a Parser that may keep much: Held is how many octets.
type Holder interface {
	Held() int
}

// weigh keeps the books on what waits. Where the shard has no more room the connection
// is only counted from here on.
func (s *Stream) weigh(t int64) {
	held := cap(s.tail[0]) + cap(s.tail[1])
	if s.window != nil {
		held += cap(s.window.buf[0]) + cap(s.window.buf[1])
	}
	if h, ok := s.parser.(Holder); ok {
		held += h.Held()
	}
	if held == int(s.held) {
		return
	}
	grows := held > int(s.held)
	s.room.waits += held - int(s.held)
	s.held = int32(held)
	if s.room.waits <= s.room.waitLimit() || !grows || s.state == counting {
		return
	}
	s.driver.Counters.WaitRefused++
	s.giveUp(becauseNoMemory)
	if s.parser != nil {
		s.parser.Close(t, s)
	}
	s.parser, s.before = nil, nil // and not for reuse: it is what is large
	s.unweigh()
}

func (s *Stream) unweigh() {
	s.room.waits -= int(s.held)
	s.held = 0
}
