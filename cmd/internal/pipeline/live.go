package pipeline

import (
	"context"
	"sync"

	"mailsensor/capture/tcp"
	"mailsensor/protocols"
)

// Live is what a capture needs that does not end.
type Live struct {
	// Now is the wall clock, in Unix nanoseconds: event time goes on by it while
	// nothing comes, so that what is due is not kept waiting for a packet.
	Now func() int64
	// Pressure says how full the source is, from 0 to 1. Above some level flows are
	// shed, see shedder. nil: none are.
	Pressure func() float64
	// Progress, where set, is kept up to date once a second of event time.
	Progress *Progress
	// Tick, where set, is told event time once a second of it, behind the events of
	// that time and on the goroutine of Observe.
	Tick func(now int64)
}

// idleLag is how far event time stays behind the clock while nothing comes:
// frames that the kernel has not handed over yet are younger.
const idleLag = int64(1e9)

// maxBack is how far the clock may be behind event time before it counts as set
// back.
const maxBack = int64(300e9)

// idle lets event time go on without a packet.
func (r *reader) idle() {
	if r.opt.Live == nil {
		return
	}
	if t := r.opt.Live.Now() - idleLag; t > r.clock.now && r.clock.see(t) {
		r.tick(tick{now: r.clock.now, index: r.index()})
	}
}

// back follows a clock that was set back: event time would stand still until it is
// as late again. What is due in the flow tables waits for that all the same.
func (r *reader) back() {
	if r.opt.Live == nil {
		return
	}
	if t := r.opt.Live.Now() - idleLag; t < r.clock.now-maxBack {
		r.clock.now = t
		r.clock.Jumps++
	}
}

// drainFor is how long the kernel may take to hand over what it has.
const drainFor = int64(100e6)

// over reports whether reading is to end behind a frame of time at. A live source
// is read up to when it was told to end.
func (r *reader) over(ctx context.Context, at int64) bool {
	return ctx.Err() != nil && (r.opt.Live == nil || at >= r.told())
}

// drained reports whether reading is to end where there is no frame.
func (r *reader) drained(ctx context.Context) bool {
	return ctx.Err() != nil && (r.opt.Live == nil || r.opt.Live.Now() >= r.told()+drainFor)
}

func (r *reader) told() int64 {
	if r.until == 0 {
		r.until = r.opt.Live.Now()
	}
	return r.until
}

// Progress shows from outside how a run is doing.
type Progress struct {
	mu      sync.Mutex
	reader  Result
	workers []share
}

// share is a worker's part of a Result.
type share struct {
	tcp    tcp.Stats
	driver protocols.Counters
}

// Result is what was read so far, at most a second of event time ago.
func (p *Progress) Result() Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	res := p.reader
	for i := range p.workers {
		res.TCP.Add(p.workers[i].tcp)
		res.Driver.Add(p.workers[i].driver)
	}
	return res
}

func (p *Progress) begin(workers int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader, p.workers = Result{}, make([]share, workers)
}

// publish is called by the reader when event time has crossed a second.
func (r *reader) publish() {
	if p := r.opt.progress(); p != nil && len(r.round.ticks) > 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.reader = r.result()
	}
}

// publish is called by a worker that has done its lane of such a round.
func (w *worker) publish(l *lane) {
	if w.progress == nil || len(l.round.ticks) == 0 {
		return
	}
	s := share{driver: w.driver.Counters}
	for _, t := range w.tables {
		s.tcp.Add(t.Stats())
	}
	w.progress.mu.Lock()
	defer w.progress.mu.Unlock()
	w.progress.workers[w.first] = s
}

func (o *Options) progress() *Progress {
	if o.Live == nil {
		return nil
	}
	return o.Live.Progress
}

func (o *Options) tick() func(now int64) {
	if o.Live == nil {
		return nil
	}
	return o.Live.Tick
}
