package sink

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// Bounds of a batch, and how long lines may wait for more of them.
const (
	batchOctets = 512 << 10
	batchLines  = 1000
	lingerFor   = 500 * time.Millisecond
)

// sink takes lines for one output. Only append is for other goroutines.
//
// Records go from the queue to pending, and from there to the output, as long as
// all goes well. When the output fails or is slow, they go from pending and queue to
// the spool, and from there to the output, until the spool is empty again. So there
// is one order: what is in the spool is older than what is pending, and that is
// older than what is queued.
type sink struct {
	name   string
	config Config // as it is now; for Reload alone
	log    *slog.Logger
	events atomic.Bool
	alerts atomic.Bool
	wait   bool // append waits for room

	q      *queue
	spool  *spool // nil: none
	most   int64  // octets of it; 0: none
	out    output
	swap   atomic.Pointer[output] // the next out
	anew   atomic.Bool            // out is to be reopened
	poke   chan struct{}          // look at swap and anew
	retry  backoff
	linger time.Duration
	counters

	pending []record
	buf     []byte   // a buffer of the queue that nothing points into once pending is empty
	flying  int      // records of pending that the output has
	fails   int      // attempts in a row
	stuck   bool     // the output did not come back
	batch   int      // records of the spool that are being delivered
	rest    []record // those of them that were not yet
	tick    *time.Ticker

	said   uint64    // lost lines that were told
	saidAt time.Time // when

	stop   chan struct{}
	ctx    context.Context // ends when no more can be waited for
	cancel context.CancelFunc
	done   chan struct{}
}

func newSink(c Config, out output, log *slog.Logger, wait bool) *sink {
	s := &sink{name: c.Name, config: c, log: log.With("sink", c.Name), wait: wait, out: out, retry: backoff{time.Second, time.Minute}, linger: lingerFor,
		q: newQueue(c.QueueMiB<<20, batchOctets), poke: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if c.Spool != nil {
		s.most = int64(c.Spool.MiB) << 20
	}
	s.choose(c)
	return s
}

// choose takes over what is to be sent.
func (s *sink) choose(c Config) {
	s.events.Store(slices.Contains(c.Send, "events"))
	s.alerts.Store(slices.Contains(c.Send, "alerts"))
}

// start opens the spool and sets off.
func (s *sink) start() error {
	if c := s.config.Spool; c != nil {
		var err error
		if s.spool, err = openSpool(c.Folder, s.most); err != nil {
			return err
		}
		s.publish()
		if n := s.spool.records; n > 0 {
			s.log.Info("lines are left in the spool from before", "lines", n, "bytes", s.spool.bytes)
		}
	}
	s.tick = time.NewTicker(time.Second)
	go s.run()
	return nil
}

func (s *sink) run() {
	defer close(s.done)
	defer s.tick.Stop()
	for s.fill() {
		s.adopt()
		s.send()
	}
	s.finish()
}

// stopping reports whether no more lines come.
func (s *sink) stopping() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// fill waits for something to send. It returns false when there will be nothing,
// or no time.
func (s *sink) fill() bool {
	var lingering <-chan time.Time
	for s.ctx.Err() == nil {
		if len(s.pending) > 0 || s.spool != nil && !s.spool.empty() {
			return true
		}
		queued, _, _ := s.q.state()
		stopping := s.stopping()
		switch {
		case queued >= s.q.mark || stopping && queued > 0:
			s.refill()
			return true
		case stopping:
			return false
		case queued > 0 && lingering == nil:
			lingering = time.After(s.linger)
		}
		select {
		case <-s.q.wake:
		case <-lingering:
			s.refill()
			return true
		case <-s.poke:
			s.adopt()
		case <-s.stop:
		case <-s.ctx.Done():
		}
	}
	return false
}

// refill moves what is queued to pending.
func (s *sink) refill() {
	var empty []byte
	reuse := len(s.pending) == 0
	if reuse {
		empty, s.pending = s.buf, s.pending[:0]
	}
	got := s.q.take(empty)
	s.pending = split(s.pending, got)
	if s.buf = nil; reuse {
		s.buf = got
	}
}

// adopt takes over an output that was exchanged, or opens it anew.
func (s *sink) adopt() {
	if next := s.swap.Swap(nil); next != nil {
		if err := s.out.close(); err != nil {
			s.log.Warn("the old output could not be closed", "error", err)
		}
		s.out, s.fails = *next, 0
	}
	if s.anew.CompareAndSwap(true, false) {
		if err := s.out.reopen(); err != nil {
			s.log.Error("cannot be opened anew", "error", err)
		}
	}
}

// end lets the sink deliver what it has, for so long at most.
func (s *sink) end(deadline time.Time) {
	close(s.stop)
	t := time.AfterFunc(time.Until(deadline), s.cancel)
	defer t.Stop()
	<-s.done
}
