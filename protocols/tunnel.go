package protocols

import (
	"bytes"

	"mailsensor/capture"
)

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
		s.giveUp(becauseTooDeep)
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

// open tells what the connection begins with, as far as it lies in the window.
func (s *Stream) open(p *Protocol) {
	w := s.window
	e := s.Opening(w.chunks[0].t)
	e.Fingerprint = fingerprint(w, p.Visible == ImplicitTLS)
}

// The random of a ClientHello stands behind the headers of record and handshake and
// the version (RFC 8446, section 4.1.2).
const (
	randomAt  = 5 + 4 + 2
	randomEnd = randomAt + 32
)

// fingerprint is what both legs of a tunnelled connection begin with: the random of
// a ClientHello, the greeting of a server that speaks first, or the first line. It is
// 0 where that did not come whole yet.
func fingerprint(w *window, tls bool) uint64 {
	c, g := w.buf[capture.ToServer], w.buf[capture.ToClient]
	switch {
	case tls && len(c) >= randomEnd:
		return NameID(c[randomAt:randomEnd])
	case tls:
		return 0
	case len(g) > 0:
		c = g
	}
	if i := bytes.IndexByte(c, '\n'); i >= 0 {
		return NameID(c[:i])
	}
	return 0
}
