package protocols

import (
	"bytes"

	"mailsensor/capture"
)

type state uint8

const (
	probing   state = iota // collecting first bytes
	parsing                // a parser is attached
	sniffing               // STARTTLS was accepted: TLS or, in a decrypted mirror, text
	inflating              // as parsing, behind an inflater
	counting               // only counting
)

const none = -1 // no protocol

// Stream drives one connection: it identifies the protocol, feeds the parser,
// keeps the tail of a token that straddles segments, and stamps events. It is
// both the capture.StreamHandler of the connection and the Sink of its parser.
type Stream struct {
	// What every segment touches comes first, in two cache lines.
	driver    *Driver
	parser    Parser
	consumed  [2]uint64 // octets that the parser consumed in the present form
	proto     int32     // index in driver.protocols, or none
	state     state
	seen      Visibility // of the bytes that come now
	swapped   bool       // the server turned out to be the client
	midstream bool
	broken    bool  // the parser panicked
	era       uint8 // changes when the parser does
	held      int32 // octets that wait, as the room knows
	tail      [2][]byte

	conn     capture.Conn
	window   *window
	account  []byte // who logged in last
	left     bool   // and is logged in no more
	gaveUp   reason
	searched int32                    // octets of dropped windows
	via      *Via                     // how the connection came here; nil: directly
	earlier  *[Visibilities][2]uint64 // octets consumed in earlier forms; nil: none
	deflated *deflated                // while inflating
	room     *Room
	before   Parser // the one that STARTTLS was said to, while parser reads TLS
	extra    *extra // what few connections have; nil: nothing
}

// reason is why the rest of a connection is only counted.
type reason uint8

const (
	readOn reason = iota // it is not
	becauseUnidentified
	becauseEncrypted
	becauseCompressed
	becauseStopped
	becauseTooDeep
	becauseNoMemory
	becausePanicked
)

var reasons = [...]string{"", "unidentified", "encrypted", "compressed", "stopped", "too_deep", "memory", "panic"}

// extra is what the end of a connection tells beside its octets.
type extra struct {
	remote   string
	service  []byte
	requests uint64
	tunnels  int
}

func (s *Stream) more() *extra {
	if s.extra == nil {
		s.extra = new(extra)
	}
	return s.extra
}

func (s *Stream) dir(d capture.Dir) capture.Dir {
	if s.swapped {
		return d.Other()
	}
	return d
}

func (s *Stream) name() string {
	if s.proto == none {
		return "unknown"
	}
	return s.driver.protocols[s.proto].Name
}

// guard is the one place where a panic of a parser ends.
func (s *Stream) guard() {
	if s.driver.Unguarded {
		return
	}
	if recover() != nil { // the value may hold bytes of the stream: it is not kept
		s.driver.Counters.Panics++
		s.broken = true
		s.giveUp(becausePanicked)
	}
}

// turn books what was consumed so far; what comes now is of the form v.
func (s *Stream) turn(v Visibility) {
	if s.consumed != [2]uint64{} {
		if s.earlier == nil {
			s.earlier = new([Visibilities][2]uint64)
		}
		s.earlier[s.seen][0] += s.consumed[0]
		s.earlier[s.seen][1] += s.consumed[1]
		s.consumed = [2]uint64{}
	}
	s.seen = v
}

// visible accounts for all octets of the connection by form. What no parser
// consumed is of the last form.
func (s *Stream) visible(tot *capture.Totals) (v [Visibilities][2]uint64) {
	if s.earlier != nil {
		v = *s.earlier
	}
	for d := range tot.Half {
		left := tot.Half[d].Bytes
		for form := range v {
			left -= min(left, v[form][d])
		}
		v[s.seen][d] += left
	}
	return v
}

func (s *Stream) giveUp(why reason) {
	s.state, s.gaveUp = counting, why
	s.driver.dropTail(s, capture.ToServer)
	s.driver.dropTail(s, capture.ToClient)
	s.driver.dropWindow(s)
	s.driver.dropDeflated(s)
}

// Data implements capture.StreamHandler.
func (s *Stream) Data(d capture.Dir, t int64, b []byte) (more bool) {
	defer s.guard()
	d = s.dir(d)
	s.feed(d, t, b)
	s.weigh(t)
	return s.state != counting
}

// Gap implements capture.StreamHandler.
func (s *Stream) Gap(d capture.Dir, t int64, n int) (more bool) {
	defer s.guard()
	if s.state == probing {
		s.midstream = true
		if s.window != nil { // what was said before the gap is identified on its own
			if proto, swap, _ := s.driver.identify(s, true); proto != none {
				s.attach(proto, swap)
			} else {
				s.driver.dropWindow(s)
			}
		}
	}
	switch d := s.dir(d); s.state {
	case inflating:
		s.deflateGap(d, t, n)
	case parsing, sniffing:
		n += len(s.tail[d]) // what waits for the rest of its token is lost with it
		s.driver.dropTail(s, d)
		s.parser.Gap(d, t, n, s)
	}
	return s.state != counting
}

// Close implements capture.StreamHandler.
func (s *Stream) Close(t int64, tot capture.Totals) {
	s.finish(t)
	if s.swapped {
		tot.Half[0], tot.Half[1] = tot.Half[1], tot.Half[0]
	}
	if s.proto == none {
		s.driver.Counters.Unidentified++
	}
	if s.gaveUp == readOn && (s.seen == ImplicitTLS || s.seen == AfterStartTLS) {
		s.gaveUp = becauseEncrypted // its records were watched to the end
	}
	e := add[ConnEnd](s.driver.Batch, &s.driver.Batch.ends)
	s.left = false // whose connection it was, a refusal at its end aside
	*e = ConnEnd{Head: s.driver.Batch.head(s, t), Totals: tot, Visible: s.visible(&tot), GaveUp: reasons[s.gaveUp]}
	if tot.Half[0].GapBytes+tot.Half[1].GapBytes > 0 {
		e.Confidence = LowerBound
	}
	if x := s.extra; x != nil {
		e.Remote, e.Service, e.Requests = x.remote, s.Copy(x.service), x.requests
	}
	if c := tot.Half[0].Conflicts + tot.Half[1].Conflicts; c > 0 {
		s.Anomaly(t, "tcp_overlap_conflict", nil)
	}
	s.driver.recycle(s)
}

func (s *Stream) finish(t int64) {
	defer s.guard()
	if s.before != nil {
		s.before.Close(t, s)
	}
	if s.state == probing && s.window != nil {
		if proto, swap, _ := s.driver.identify(s, true); proto != none {
			s.attach(proto, swap)
		}
	}
	if s.parser != nil && !s.broken {
		s.parser.Close(t, s)
	}
}

// probe collects first bytes until a protocol takes them or none wants them.
func (s *Stream) probe(d capture.Dir, t int64, b []byte) {
	if s.window == nil {
		s.window = s.driver.newWindow()
	}
	for {
		rest := s.window.add(d, t, b)
		full := len(rest) > 0 || s.window.full()
		proto, swap, more := s.driver.identify(s, full)
		switch {
		case proto != none:
			s.attach(proto, swap)
			if swap {
				d = d.Other()
			}
			s.feed(d, t, rest)
			return
		case more && !full:
			return
		case !s.midstream || s.searched > maxMidstream:
			s.giveUp(becauseUnidentified)
			return
		}
		s.searched += int32(s.window.slide(d))
		s.driver.Counters.ProbeWindows++
		if len(rest) == 0 {
			return
		}
		b = rest
	}
}

// attach gives the connection to a protocol and replays what was collected.
func (s *Stream) attach(proto int, swap bool) {
	s.proto, s.state = int32(proto), parsing
	p := &s.driver.protocols[proto]
	if swap {
		s.swapped = !s.swapped
		s.conn.Client, s.conn.Server = s.conn.Server, s.conn.Client
	}
	s.turn(p.Visible)
	s.parser = s.driver.parser(proto, s.conn)
	s.open(p)
	w := s.window
	s.window = nil
	var at [2]int
	for _, c := range w.chunks {
		b := w.buf[c.dir][at[c.dir] : at[c.dir]+c.n]
		at[c.dir] += c.n
		d := c.dir
		if swap {
			d = d.Other()
		}
		s.feed(d, c.t, b)
	}
	s.driver.keepWindow(w) // s may have another by now: of what a tunnel holds
}

func (s *Stream) feed(d capture.Dir, t int64, b []byte) {
	if len(b) == 0 {
		return
	}
	switch s.state {
	case parsing:
		s.parse(d, t, b)
	case probing:
		s.probe(d, t, b)
	case sniffing:
		s.sniff(d, t, b)
	case inflating:
		s.inflate(d, t, b)
	}
}

// parse gives b to the parser, behind the tail that waits.
func (s *Stream) parse(d capture.Dir, t int64, b []byte) {
	state, era := s.state, s.era
	for s.tail[d] != nil { // complete the token that straddles with as little copying as its end allows
		n := bytes.IndexByte(b, '\n') + 1
		if n == 0 {
			n = len(b)
		}
		n = min(n, MaxToken-len(s.tail[d]))
		tail := append(s.tail[d], b[:n]...)
		s.tail[d] = tail
		b = b[n:]
		used := s.run(d, t, tail)
		switch {
		case s.state != state || s.era != era:
			s.tail[d] = nil // not for reuse: what is left of it is still to be read
			s.feed(d, t, tail[used:])
			s.feed(d, t, b)
			return
		case used == len(tail):
			s.driver.dropTail(s, d)
		case used == 0 && len(tail) >= MaxToken: // against the contract: the parser has to cope as with a loss
			s.driver.Counters.TailDropped++
			s.driver.dropTail(s, d)
			s.parser.Gap(d, t, len(tail), s)
		default:
			s.tail[d] = append(tail[:0], tail[used:]...)
		}
		if len(b) == 0 {
			return
		}
	}
	used := s.run(d, t, b)
	b = b[used:]
	if s.state != state || s.era != era {
		s.feed(d, t, b)
		return
	}
	for len(b) > MaxToken {
		s.driver.Counters.TailDropped++
		s.parser.Gap(d, t, MaxToken, s)
		b = b[MaxToken:]
	}
	if len(b) > 0 {
		s.tail[d] = append(s.driver.newTail(), b...)
	}
}

// run lets the parser consume as much of b as it can.
func (s *Stream) run(d capture.Dir, t int64, b []byte) (used int) {
	for used < len(b) {
		n, act := s.parser.Parse(d, t, b[used:], s)
		used += n
		s.consumed[d] += uint64(n)
		switch act {
		case Continue:
			if n == 0 {
				return used
			}
		case StartTLS:
			if s.state == inflating { // TLS then is the outer one (RFC 4978, section 3) and what is in it can no longer be told
				s.giveUp(becauseCompressed)
				return used
			}
			s.state, s.account = sniffing, s.account[:0]
			return used
		case Compressed:
			s.compress(d, t)
			return used
		case Tunnelled:
			s.dig(d, t)
			return used
		case Stop:
			why := becauseStopped
			if s.seen == ImplicitTLS || s.seen == AfterStartTLS {
				why = becauseEncrypted
			} else {
				s.turn(Unidentified)
			}
			s.giveUp(why)
			return used
		}
	}
	return used
}

// sniff decides by the first byte behind an accepted STARTTLS whether TLS
// follows, or plain text, because the mirror was decrypted on its way here.
func (s *Stream) sniff(d capture.Dir, t int64, b []byte) {
	if c := b[0]; c >= ' ' && c < 0x7f || c == '\r' || c == '\n' || c == '\t' {
		s.turn(Decrypted)
		s.state = parsing
		s.parse(d, t, b)
		return
	}
	s.turn(AfterStartTLS)
	if s.driver.tls == none {
		s.TLSStart(t)
		s.giveUp(becauseEncrypted)
		return
	}
	s.before, s.parser = s.parser, s.driver.parser(s.driver.tls, s.conn)
	s.state = parsing
	s.parse(d, t, b)
}
