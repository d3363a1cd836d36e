package sink

import (
	"encoding/binary"
	"sync"
)

// Kinds of record.
const (
	kindEvent = 'e'
	kindAlert = 'a'
)

// record is a line and what it is. The line is borrowed.
type record struct {
	kind byte
	line []byte
}

// size is what a record takes of the queue's bound.
func (r record) size() int { return recordHead + len(r.line) }

// recordHead precedes a line in the queue: kind and length.
const recordHead = 5

// queue hands lines from one goroutine to another without the first ever waiting
// for the second: both only hold the lock for as long as it takes to copy a line or
// to exchange a buffer. What was taken counts for the bound until it is released.
type queue struct {
	limit int // octets, queued and taken
	mark  int // queued octets at which the taker is woken again
	wake  chan struct{}

	mu     sync.Mutex
	room   *sync.Cond // for what waits, where waiting is wanted
	buf    []byte
	taken  int
	lost   uint64 // lines that had no room
	closed bool
}

func newQueue(limit, mark int) *queue {
	q := &queue{limit: limit, mark: min(mark, limit/2), wake: make(chan struct{}, 1)}
	q.room = sync.NewCond(&q.mu)
	return q
}

// add copies a line. Where there is no room it is lost, and counted; with wait it
// waits for room, until the queue is closed.
func (q *queue) add(kind byte, line []byte, wait bool) {
	need := recordHead + len(line)
	q.mu.Lock()
	for wait && !q.closed && need <= q.limit && len(q.buf)+q.taken+need > q.limit {
		q.room.Wait()
	}
	if q.closed || len(q.buf)+q.taken+need > q.limit {
		q.lost++
		q.mu.Unlock()
		return
	}
	before := len(q.buf)
	q.buf = append(binary.LittleEndian.AppendUint32(append(q.buf, kind), uint32(len(line))), line...)
	after := len(q.buf)
	q.mu.Unlock()
	if before == 0 || before < q.mark && after >= q.mark {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}

// take returns all that is queued, and leaves an empty buffer behind.
func (q *queue) take(empty []byte) []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.buf
	q.buf, q.taken = empty[:0], q.taken+len(out)
	return out
}

// release makes room for n octets that were taken.
func (q *queue) release(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken -= n
	q.room.Broadcast()
}

// close ends waiting; what is added from now on is lost.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.room.Broadcast()
}

// state returns octets queued and taken, and lines lost.
func (q *queue) state() (queued, taken int, lost uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.buf), q.taken, q.lost
}

// split appends the records of a buffer of a queue.
func split(to []record, buf []byte) []record {
	for len(buf) > 0 {
		n := recordHead + int(binary.LittleEndian.Uint32(buf[1:]))
		to = append(to, record{buf[0], buf[recordHead:n]})
		buf = buf[n:]
	}
	return to
}

func sizeOf(list []record) (n int) {
	for _, r := range list {
		n += r.size()
	}
	return n
}
