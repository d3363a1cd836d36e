package pipeline

import (
	"sync"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// Bounds of what is under way between the reader and the merge. The more segments of
// a flow come in a round, the more of them find its state still in the cache; the more
// rounds there are, the less the reader, the workers and the merge wait for each other.
const (
	roundsInFlight = 12
	roundBytes     = 1 << 20
	roundFrames    = 1024
	flushLimit     = 128 // connections closed at the end of the capture
)

// round is a stretch of the capture, dealt by shard.
type round struct {
	queues  [Shards]queue
	unused  []*chunk
	ticks   []tick
	blocks  []*capture.Block // retained until the round is done
	lanes   []lane
	pending sync.WaitGroup // lanes that are not done
}

// queue is the segments of a shard, in their order.
type queue struct {
	chunks []*chunk
}

// chunk is some of them. A round keeps as many chunks as it ever needed at once,
// whichever shards the segments were for.
type chunk struct {
	n        int
	segments [16]capture.Segment
}

// lane is what one worker does of a round: the queues of its shards.
type lane struct {
	round  *round
	events protocols.Batch
	flush  int // shard to be flushed at end; -1: none
	end    tick
}

// tick tells the workers that event time crossed an interval: timeouts due by
// now fire before the segment with the index, or one behind it.
type tick struct {
	now   int64  // Unix nanoseconds
	index uint64 // of the packet whose time it was
}

func newRound(workers int) *round {
	r := &round{lanes: make([]lane, workers)}
	const usual = roundFrames / Shards
	room := make([]*chunk, Shards*usual)
	for i := range r.queues {
		r.queues[i].chunks = room[i*usual : i*usual : (i+1)*usual]
	}
	for i := range r.lanes {
		r.lanes[i].round = r
		r.lanes[i].flush = -1
	}
	return r
}

// add puts a segment into the queue of its shard and keeps the block its payload
// is in.
func (r *round) add(s *capture.Segment, b *capture.Block) {
	q := &r.queues[shardOf(s.Hash)]
	n := len(q.chunks)
	if n == 0 || q.chunks[n-1].n == len(q.chunks[n-1].segments) {
		q.chunks = append(q.chunks, r.chunk())
		n++
	}
	c := q.chunks[n-1]
	c.segments[c.n] = *s
	c.n++
	if b == nil {
		return
	}
	if n := len(r.blocks); n == 0 || r.blocks[n-1] != b {
		b.Retain()
		r.blocks = append(r.blocks, b)
	}
}

func (r *round) chunk() *chunk {
	n := len(r.unused)
	if n == 0 {
		fresh := new([Shards / 4]chunk)
		for i := range fresh {
			r.unused = append(r.unused, &fresh[i])
		}
		n = len(r.unused)
	}
	c := r.unused[n-1]
	r.unused = r.unused[:n-1]
	return c
}

// release lets go of everything borrowed.
func (r *round) release() {
	for _, b := range r.blocks {
		b.Release()
	}
	clear(r.blocks)
	for i := range r.queues {
		q := &r.queues[i]
		for _, c := range q.chunks {
			c.n = 0
		}
		r.unused = append(r.unused, q.chunks...)
		q.chunks = q.chunks[:0]
	}
	r.blocks, r.ticks = r.blocks[:0], r.ticks[:0]
}

// crossed is the time to which event time went on in the round, if it did.
func (r *round) crossed() (now int64, ok bool) {
	if len(r.ticks) == 0 {
		return 0, false
	}
	return r.ticks[len(r.ticks)-1].now, true
}
