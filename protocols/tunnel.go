package protocols

import "mailsensor/capture"

// maxTunnels bounds how deep tunnels may lie in one another on one connection.
const maxTunnels = 8

// dig begins anew behind the word of a proxy: what comes now, in both directions, is
// identified as a connection of its own. The outer parser is done; what it left of
// the other direction was sent too early to be its, and comes first.
func (s *Stream) dig(d capture.Dir, t int64) {
	s.parser.Close(t, s)
	s.driver.release(s)
	s.era++
	if s.more().tunnels++; s.extra.tunnels > maxTunnels {
		s.giveUp("too_deep")
		return
	}
	s.turn(Unidentified)
	s.proto, s.state, s.midstream = none, probing, false
	s.account = s.account[:0]
	o := d.Other()
	if early := s.tail[o]; early != nil {
		s.tail[o] = nil // not for reuse: it is still to be read
		s.feed(o, t, early)
	}
}
