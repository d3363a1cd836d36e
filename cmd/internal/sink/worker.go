package sink

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
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
	s.events.Store(contains(c.Send, "events"))
	s.alerts.Store(contains(c.Send, "alerts"))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
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

// send tries to deliver a batch, from the spool first. Where that fails it keeps
// what is left, and waits.
func (s *sink) send() {
	if s.spool != nil && !s.spool.empty() {
		s.sendSpooled()
		return
	}
	n, size := 0, 0
	for n < len(s.pending) && n < batchLines && (n == 0 || size+s.pending[n].size() <= batchOctets) {
		size += s.pending[n].size()
		n++
	}
	batch := s.pending[:n]
	s.flying = n
	again, err := s.attempt(batch)
	if s.flying == 0 { // went into the spool meanwhile
		if len(again) == 0 {
			s.acknowledge(n)
		}
	} else {
		s.flying = 0
		s.keep(n, again)
	}
	s.outcome(again, err)
}

// keep leaves of the first n pending records only those again.
func (s *sink) keep(n int, again []record) {
	if len(again) == n { // the output may not be done with them
		return
	}
	size := sizeOf(s.pending[:n]) - sizeOf(again)
	copy(s.pending[n-len(again):n], again)
	s.pending = s.pending[n-len(again):]
	s.q.release(size)
}

// sendSpooled delivers the first records of the spool.
func (s *sink) sendSpooled() {
	if len(s.rest) == 0 {
		s.rest = s.spool.next(batchOctets, batchLines)
		s.batch = len(s.rest)
		s.publish()
		if s.batch == 0 { // all that was left was damaged
			return
		}
	}
	again, err := s.attempt(s.rest)
	if s.rest = again; len(again) == 0 {
		s.acknowledge(s.batch)
	}
	s.outcome(again, err)
}

// acknowledge takes the first n records from the spool.
func (s *sink) acknowledge(n int) {
	for n > 0 {
		got := len(s.spool.next(math.MaxInt, n))
		if got == 0 {
			break
		}
		if err := s.spool.ack(got); err != nil {
			s.spoolFailed(err)
		}
		n -= got
	}
	s.publish()
}

// outcome notes how an attempt went, and waits if it has to be repeated.
func (s *sink) outcome(again []record, err error) {
	if len(again) == 0 {
		s.lastDeliveryNanos.Store(time.Now().UnixNano())
		if s.fails = 0; s.failing.CompareAndSwap(true, false) {
			s.log.Info("takes lines again")
		}
		return
	}
	if err == nil {
		err = errors.New("some lines were not taken")
	}
	s.errors.Add(1)
	if s.ctx.Err() != nil {
		return
	}
	if s.failing.CompareAndSwap(false, true) {
		s.log.Warn("does not take lines: they wait", "error", err)
	}
	s.spill()
	if queued, taken, _ := s.q.state(); s.spool != nil && queued+taken == 0 && s.stopping() {
		s.cancel() // all is on the disk: no need to wait
		return
	}
	s.pause(s.retry.delay(s.fails, err))
	s.fails++
}

type result struct {
	again []record
	err   error
}

// attempt has the output deliver, and keeps the queue from running over meanwhile.
func (s *sink) attempt(batch []record) ([]record, error) {
	ended := make(chan result, 1)
	out, rejected := s.out, s.rejected.Load()
	go func() {
		again, err := out.deliver(s.ctx, batch)
		ended <- result{again, err}
	}()
	over := s.ctx.Done()
	var grace <-chan time.Time
	for {
		select {
		case r := <-ended:
			s.lines.Add(uint64(len(batch)-len(r.again)) - (s.rejected.Load() - rejected))
			return r.again, r.err
		case <-s.q.wake:
			s.relieve()
		case <-s.tick.C:
			s.relieve()
		case <-over:
			over, grace = nil, time.After(100*time.Millisecond)
		case <-grace: // what does not end, like a write to a pipe that nobody reads
			s.stuck = true
			return batch, s.ctx.Err()
		}
	}
}

// pause waits before the next attempt, and keeps the queue from running over.
func (s *sink) pause(d time.Duration) {
	end := time.NewTimer(d)
	defer end.Stop()
	stop := s.stop
	if s.stopping() {
		stop = nil
		end.Reset(min(d, 200*time.Millisecond))
	}
	for {
		select {
		case <-end.C:
			return
		case <-s.q.wake:
			s.relieve()
		case <-s.tick.C:
			s.relieve()
		case <-s.poke:
			s.adopt()
			return
		case <-s.ctx.Done():
			return
		case <-stop: // one more attempt
			return
		}
	}
}

// sayLost is how often it is said that lines are lost.
const sayLost = time.Minute

// relieve moves lines to the spool when they may have to wait for long.
func (s *sink) relieve() {
	queued, _, lost := s.q.state()
	if lost > s.said && time.Since(s.saidAt) >= sayLost {
		s.log.Error("lines are lost: there is no room left for them", "lines", lost-s.said)
		s.said, s.saidAt = lost, time.Now()
	}
	if s.spool == nil {
		return
	}
	if s.failing.Load() || !s.spool.empty() || queued >= s.q.limit/2 {
		s.spill()
	}
	if err := s.spool.sync(); err != nil {
		s.spoolFailed(err)
	}
}

// spill moves what is pending and queued to the spool, as far as it has room.
func (s *sink) spill() {
	if s.spool == nil || s.flying > 0 && !s.spool.fits(s.pending[:s.flying]) {
		return
	}
	for range 2 {
		if len(s.pending) == 0 {
			s.refill()
		}
		n, err := s.spool.append(s.pending)
		if err != nil {
			s.spoolFailed(err)
		}
		if s.flying > 0 {
			if n < s.flying { // a disk that fails: what is there already comes twice
				return
			}
			s.flying, s.buf = 0, nil
		}
		s.q.release(sizeOf(s.pending[:n]))
		if s.pending = s.pending[n:]; len(s.pending) > 0 {
			break
		}
	}
	s.publish()
}

func (s *sink) spoolFailed(err error) {
	if s.spoolErrors.Add(1) == 1 {
		s.log.Error("the spool cannot be written: lines wait in memory alone", "error", err)
	}
}

// publish shows how the spool is doing.
func (s *sink) publish() {
	if s.spool != nil {
		s.spoolBytes.Store(s.spool.bytes)
		s.spoolLines.Store(s.spool.records)
		s.damaged.Store(s.spool.damaged)
	}
}

// finish says what becomes of what could not be delivered.
func (s *sink) finish() {
	s.q.close()
	s.flying = 0
	s.spill()
	s.buf = nil
	s.refill()
	if n := len(s.pending); n > 0 {
		s.lost.Add(uint64(n))
		s.log.Error("lines are lost: they could not be delivered in time", "lines", n)
	}
	if s.spool != nil {
		if n := s.spool.records; n > 0 {
			s.log.Warn("lines stay in the spool for the next start", "lines", n, "bytes", s.spool.bytes)
		}
		if err := s.spool.close(); err != nil {
			s.spoolFailed(err)
		}
	}
	if !s.stuck { // else it is in use
		if err := s.out.close(); err != nil && s.ctx.Err() == nil {
			s.log.Error("cannot be closed", "error", err)
		}
	}
	s.cancel()
}

// end lets the sink deliver what it has, for so long at most.
func (s *sink) end(deadline time.Time) {
	close(s.stop)
	t := time.AfterFunc(time.Until(deadline), s.cancel)
	defer t.Stop()
	<-s.done
}

// backoff is how long to wait after the first failure, and at most.
type backoff struct{ first, most time.Duration }

// maxLater bounds for how long a receiver may want to be left alone.
const maxLater = time.Hour

// delay doubles with every failure, less up to a half by chance so that many sensors
// do not come back at once. A receiver that says when is asked then.
func (b backoff) delay(fails int, err error) time.Duration {
	d := b.most
	if fails < 20 {
		d = min(b.first<<fails, b.most)
	}
	d -= rand.N(d/2 + 1)
	var l later
	if errors.As(err, &l) {
		d = max(d, min(l.after, maxLater))
	}
	return d
}
