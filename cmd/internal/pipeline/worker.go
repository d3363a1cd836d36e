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
	more        bool      // the last flush did not close all
	progress    *Progress // nil: nobody looks
	done        chan struct{}
}

func newWorker(i, n int, opt Options) *worker {
	w := &worker{
		first:  i,
		step:   n,
		driver: protocols.NewDriver(opt.Protocols),
		in:     make(chan *lane, roundsInFlight),
		done:   make(chan struct{}),

		progress: opt.progress(),
	}
	for s := i; s < Shards; s += n {
		room := &protocols.Room{Limit: opt.Room}
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
		w.publish(l)
		l.round.pending.Done()
	}
}

// work takes one shard after the other: the state of its flows then stays in the
// cache from one of their segments to the next. The events are put back into the
// order of the capture.
func (w *worker) work(l *lane) {
	w.driver.Batch = &l.events
	for i, table := range w.tables {
		w.shard(l, table, w.first+i*w.step)
	}
	if l.flush >= 0 {
		l.events.At(l.end.index, uint16(l.flush))
		w.more = w.tables[l.flush/w.step].Flush(l.end.now, flushLimit)
		l.flush = -1
	}
	l.events.Sort()
}

func (w *worker) shard(l *lane, table *tcp.Table, shard int) {
	ticks := l.round.ticks
	for _, c := range l.round.queues[shard].chunks {
		for i := range c.segments[:c.n] {
			s := &c.segments[i]
			for len(ticks) > 0 && ticks[0].index <= s.Index {
				l.events.At(ticks[0].index, uint16(shard))
				table.Advance(ticks[0].now)
				ticks = ticks[1:]
			}
			l.events.At(s.Index, protocols.PacketShard)
			table.Segment(s)
		}
	}
	for _, t := range ticks {
		l.events.At(t.index, uint16(shard))
		table.Advance(t.now)
	}
}
