package sink

import (
	"errors"
	"math"
	"time"
)

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
