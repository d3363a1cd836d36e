package sink

import (
	"fmt"
	"testing"
)

func TestQueueCountsWhatHasNoRoom(t *testing.T) {
	q := newQueue(10*(recordHead+10), 1<<20)
	for i := range 15 {
		q.add(kindEvent, fmt.Appendf(nil, "%010d", i), false)
	}
	got := split(nil, q.take(nil))
	if len(got) != 10 || string(got[9].line) != "0000000009" || got[0].kind != kindEvent {
		t.Fatalf("%d records", len(got))
	}
	q.add(kindAlert, make([]byte, 10), false) // what was taken counts until it is released
	if _, _, lost := q.state(); lost != 6 {
		t.Errorf("lost %d", lost)
	}
	q.release(sizeOf(got[:1]))
	q.add(kindAlert, make([]byte, 10), false)
	if queued, taken, lost := q.state(); lost != 6 || queued != 15 || taken != 9*15 {
		t.Error(queued, taken, lost)
	}
}

func TestQueueDoesNotAllocate(t *testing.T) {
	q := newQueue(1<<20, 1<<10)
	line, empty := make([]byte, 300), make([]byte, 0, 1<<20)
	q.buf = make([]byte, 0, 1<<20)
	if n := testing.AllocsPerRun(100, func() {
		for range 100 {
			q.add(kindEvent, line, false)
		}
		b := q.take(empty)
		q.release(len(b))
		empty = b
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestQueueWaits(t *testing.T) {
	q := newQueue(100, 50)
	q.add(kindEvent, make([]byte, 90), true)
	added := make(chan bool)
	go func() {
		q.add(kindEvent, make([]byte, 90), true)
		q.add(kindEvent, make([]byte, 90), true)
		added <- true
	}()
	q.release(len(q.take(nil)))
	for queued := 0; queued == 0; queued, _, _ = q.state() {
	}
	q.close() // ends the wait of the last
	<-added
	if _, _, lost := q.state(); lost != 1 {
		t.Error(lost)
	}
}
