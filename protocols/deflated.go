package protocols

import (
	"mailsensor/capture"
	"mailsensor/protocols/inflate"
)

// deflateLimits let a mailbox through and stop a bomb: DEFLATE makes 1,032 octets
// of one, mail even of the dullest kind some dozens.
var deflateLimits = inflate.Limits{Ratio: 200, Slack: 4 << 20}

// deflated is the two streams of a connection with COMPRESS=DEFLATE (RFC 4978).
type deflated struct {
	half [2]inflate.Inflater
	lost [2]bool // octets are missing: what follows in this direction cannot be read
	size int     // what it takes of the room
}

func (dr *Driver) newDeflated() *deflated {
	if n := len(dr.deflated); n > 0 {
		z := dr.deflated[n-1]
		dr.deflated = dr.deflated[:n-1]
		return z
	}
	return new(deflated)
}

func (dr *Driver) dropDeflated(s *Stream) {
	z := s.deflated
	if z == nil {
		return
	}
	s.deflated = nil
	s.room.used -= z.size
	if len(dr.deflated) < keepDeflated {
		dr.deflated = append(dr.deflated, z)
	}
}

// compress puts an inflater before both directions: t completed the command that
// direction d ended. What the other side sent meanwhile is compressed already.
func (s *Stream) compress(d capture.Dir, t int64) {
	s.turn(Deflated)
	z := s.driver.newDeflated()
	z.half[0].Reset(inflate.Raw, deflateLimits)
	z.half[1].Reset(inflate.Raw, deflateLimits)
	z.lost, z.size = [2]bool{}, 0
	s.deflated, s.state = z, inflating
	if !s.takeRoom() {
		return
	}
	if waiting := s.tail[d.Other()]; waiting != nil {
		s.tail[d.Other()] = nil
		s.inflate(d.Other(), t, waiting)
	}
}

// takeRoom accounts for what the inflaters take by now. Where the shard has no
// more, the connection is only counted from here on.
func (s *Stream) takeRoom() bool {
	z := s.deflated
	size := z.half[0].Size() + z.half[1].Size()
	s.room.used += size - z.size
	z.size = size
	if s.room.used <= s.room.limit() {
		return true
	}
	s.driver.Counters.InflateRefused++
	s.giveUp(becauseCompressed)
	return false
}

// inflate gives the parser what b was compressed from.
func (s *Stream) inflate(d capture.Dir, t int64, b []byte) {
	z := s.deflated
	if z.lost[d] {
		return
	}
	consumed := s.consumed // of the connection's octets, not of what they were made from
	consumed[d] += uint64(len(b))
	for s.state == inflating {
		out, n, st := z.half[d].Next(b)
		b = b[n:]
		if len(out) > 0 {
			s.parse(d, t, out)
			continue
		}
		if n == 0 && (st == inflate.More || st == inflate.Done && len(b) == 0) {
			break // servers end their stream with the connection
		}
		if n == 0 {
			s.spoilt(t, st)
		}
	}
	s.consumed = consumed
	if s.state == inflating {
		s.takeRoom()
	}
}

// spoilt ends the reading of a stream that is no deflate, that goes on behind its
// end, or that grew out of proportion.
func (s *Stream) spoilt(t int64, st inflate.Status) {
	switch st {
	case inflate.Corrupt:
		s.Anomaly(t, "deflate_corrupt", nil)
	case inflate.TooLarge:
		s.Anomaly(t, "deflate_bomb", nil)
	}
	s.giveUp(becauseCompressed)
}

// deflateGap says that n octets of direction d are lost, and with them all that
// follows in it: later copies reach back into what is not known. The other
// direction is read on.
func (s *Stream) deflateGap(d capture.Dir, t int64, n int) {
	z := s.deflated
	if !z.lost[d] {
		z.lost[d] = true
		n += len(s.tail[d])
		s.driver.dropTail(s, d)
		s.parser.Gap(d, t, n, s)
	}
	s.gaveUp = becauseCompressed
	if z.lost[d.Other()] {
		s.giveUp(becauseCompressed)
	}
}
