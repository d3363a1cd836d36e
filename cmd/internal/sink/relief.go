package sink

import (
	"time"
)

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
