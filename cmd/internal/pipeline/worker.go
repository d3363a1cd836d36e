package pipeline

import (
	"mailsensor/capture"
	"mailsensor/capture/tcp"
	"mailsensor/protocols"
)

// worker reassembles and parses the flows of its shards: i, i+n, i+2n …
type worker struct {
	first, step int
	tables      []*tcp.Table // of its shards, in ascending order
	driver      *protocols.Driver
	in          chan *lane
	more        bool // the last flush did not close all
	done        chan struct{}
}

func newWorker(i, n int, opt Options) *worker {
	w := &worker{
		first:  i,
		step:   n,
		driver: protocols.NewDriver(opt.Protocols),
		in:     make(chan *lane, roundsInFlight),
		done:   make(chan struct{}),
	}
	for s := i; s < Shards; s += n {
		room := new(protocols.Room)
		open := func(c capture.Conn) capture.StreamHandler { return w.driver.OpenIn(c, room) }
		w.tables = append(w.tables, tcp.New(opt.TCP, open))
	}
	return w
}

// shardOf is the shard of a flow, by the upper bits of its hash: the lower ones
// place it within the table.
func shardOf(hash uint64) int { return int(hash >> 58) }

func (w *worker) run() {
	defer close(w.done)
	for l := range w.in {
		w.work(l)
		l.release()
		l.round.pending.Done()
	}
}

func (w *worker) work(l *lane) {
	w.driver.Batch = &l.events
	ticks := l.ticks
	for i := range l.segments {
		for len(ticks) > 0 && ticks[0].at == i {
			w.advance(l, ticks[0])
			ticks = ticks[1:]
		}
		s := &l.segments[i]
		l.events.At(s.Index, protocols.PacketShard)
		w.tables[shardOf(s.Hash)/w.step].Segment(s)
	}
	for _, t := range ticks {
		w.advance(l, t)
	}
	if l.flush >= 0 {
		l.events.At(l.end.index, uint16(l.flush))
		w.more = w.tables[l.flush/w.step].Flush(l.end.now, flushLimit)
	}
}

func (w *worker) advance(l *lane, t tick) {
	for i, table := range w.tables {
		l.events.At(t.index, uint16(w.first+i*w.step))
		table.Advance(t.now)
	}
}
