package protocols

import (
	"slices"

	"mailsensor/capture"
)

// Counters are the driver's own health figures; each limit has one.
type Counters struct {
	Panics       uint64 // parsers that panicked; their connection was only counted from there on
	TailDropped  uint64 // times a token outgrew MaxToken
	Unidentified uint64 // connections with payload that no protocol wanted
	ProbeWindows uint64 // mid-stream windows that were dropped without finding a place to begin
	// InflateRefused counts compressed connections that were only counted from
	// where their shard had no room for another window.
	InflateRefused uint64
	// WaitRefused counts connections that were only counted from where their shard had
	// no room for octets that wait.
	WaitRefused uint64
}

// Add adds o to c.
func (c *Counters) Add(o Counters) {
	c.Panics += o.Panics
	c.TailDropped += o.TailDropped
	c.Unidentified += o.Unidentified
	c.ProbeWindows += o.ProbeWindows
	c.InflateRefused += o.InflateRefused
	c.WaitRefused += o.WaitRefused
}

// Driver makes Streams for one worker and recycles what they need. Nothing in it
// influences what a Stream reports, so the number of workers does not either.
type Driver struct {
	// Batch receives the events. It may be exchanged between calls.
	Batch *Batch
	// Counters are this worker's.
	Counters Counters
	// Unguarded lets a parser's panic pass, for tests and fuzzing.
	Unguarded bool

	protocols []Protocol
	tls       int // of protocols, the one that follows STARTTLS; or none
	streams   []*Stream
	fresh     []Stream   // allocated, never used
	parsers   [][]Parser // free ones, by index of the protocol
	probes    []*window
	tails     [][]byte
	deflated  []*deflated
	room      Room // of connections that have none of their own
}

// NewDriver returns a driver that tries protocols in the order given.
func NewDriver(list []Protocol) *Driver {
	tls := slices.IndexFunc(list, func(p Protocol) bool { return p.Visible == ImplicitTLS })
	return &Driver{Batch: new(Batch), protocols: list, tls: tls, parsers: make([][]Parser, len(list))}
}

// How much a driver keeps for reuse.
const (
	keepStreams = 4096
	keepParsers = 1024
	keepWindows = 256
	keepTails   = 1024

	keepDeflated = 32
)

// Streams are allocated together, each with room for an ordinary account name.
const (
	streamChunk = 14 // fill 4 KiB
	accountRoom = 32
)

// Open returns the handler for a new connection, with the driver's own room.
func (dr *Driver) Open(c capture.Conn) *Stream { return dr.OpenIn(c, &dr.room) }

// OpenIn returns the handler for a new connection of the shard that room is for.
func (dr *Driver) OpenIn(c capture.Conn, room *Room) *Stream {
	var s *Stream
	if n := len(dr.streams); n > 0 {
		s = dr.streams[n-1]
		dr.streams = dr.streams[:n-1]
		account := s.account[:0]
		*s = Stream{account: account}
	} else {
		if len(dr.fresh) == 0 {
			dr.fresh = make([]Stream, streamChunk)
			names := make([]byte, streamChunk*accountRoom)
			for i := range dr.fresh {
				dr.fresh[i].account = names[i*accountRoom : i*accountRoom : (i+1)*accountRoom]
			}
		}
		s, dr.fresh = &dr.fresh[0], dr.fresh[1:]
	}
	s.driver, s.conn, s.proto, s.room = dr, c, none, room
	s.seen = Unidentified
	s.midstream = !c.Handshake
	return s
}

func (dr *Driver) recycle(s *Stream) {
	dr.dropTail(s, capture.ToServer)
	dr.dropTail(s, capture.ToClient)
	dr.dropWindow(s)
	dr.dropDeflated(s)
	s.unweigh()
	dr.release(s)
	if len(dr.streams) < keepStreams {
		dr.streams = append(dr.streams, s)
	}
}

// release takes the parsers back.
func (dr *Driver) release(s *Stream) {
	own := s.parser
	if s.before != nil {
		own = s.before
		dr.keep(dr.tls, s.parser, s.broken)
	}
	if own != nil {
		dr.keep(int(s.proto), own, s.broken)
	}
	s.parser, s.before = nil, nil
}

func (dr *Driver) keep(i int, p Parser, broken bool) {
	if len(dr.parsers[i]) < keepParsers && !broken {
		dr.parsers[i] = append(dr.parsers[i], p)
	}
}

func (dr *Driver) parser(i int, c capture.Conn) Parser {
	var p Parser
	if free := dr.parsers[i]; len(free) > 0 {
		p = free[len(free)-1]
		dr.parsers[i] = free[:len(free)-1]
	} else {
		p = dr.protocols[i].New()
	}
	p.Reset(c)
	return p
}

func (dr *Driver) dropTail(s *Stream, d capture.Dir) {
	if t := s.tail[d]; t != nil {
		s.tail[d] = nil
		if len(dr.tails) < keepTails {
			dr.tails = append(dr.tails, t[:0])
		}
	}
}

func (dr *Driver) newTail() []byte {
	if n := len(dr.tails); n > 0 {
		t := dr.tails[n-1]
		dr.tails = dr.tails[:n-1]
		return t
	}
	return make([]byte, 0, 256)
}

func (dr *Driver) newWindow() *window {
	if n := len(dr.probes); n > 0 {
		w := dr.probes[n-1]
		dr.probes = dr.probes[:n-1]
		return w
	}
	return new(window)
}

func (dr *Driver) dropWindow(s *Stream) {
	if w := s.window; w != nil {
		s.window = nil
		dr.keepWindow(w)
	}
}

func (dr *Driver) keepWindow(w *window) {
	w.reset()
	if len(dr.probes) < keepWindows {
		dr.probes = append(dr.probes, w)
	}
}

// identify asks every protocol about the window. The protocols whose port the
// server has are asked first; final takes a Maybe. swap says that the roles of
// the two sides are the other way round.
func (dr *Driver) identify(s *Stream, final bool) (proto int, swap, more bool) {
	p := Probe{ToServer: s.window.buf[capture.ToServer], ToClient: s.window.buf[capture.ToClient], Midstream: s.midstream}
	maybe := none
	var maybeSwap bool
	try := func(i int, p Probe, swapped bool) bool {
		switch dr.protocols[i].Probe(p) {
		case Accept:
			proto, swap = i, swapped
			return true
		case Maybe:
			if maybe == none {
				maybe, maybeSwap = i, swapped
			}
			more = true
		case NeedMore:
			more = true
		}
		return false
	}
	for _, wanted := range [2]bool{true, false} {
		for i := range dr.protocols {
			if slices.Contains(dr.protocols[i].Ports, s.conn.Server.Port()) == wanted && try(i, p, false) {
				return proto, swap, true
			}
		}
	}
	if s.midstream {
		back := Probe{ToServer: p.ToClient, ToClient: p.ToServer, Midstream: true}
		for i := range dr.protocols {
			if try(i, back, true) {
				return proto, swap, true
			}
		}
	}
	if final && maybe != none {
		return maybe, maybeSwap, false
	}
	return none, false, more
}

// Window bounds.
const (
	maxWindow    = 4 << 10   // first bytes kept per direction while identifying
	maxMidstream = 256 << 10 // how much of a mid-stream connection is searched for a place to begin
	keepLine     = 512       // carried over when a mid-stream window is dropped
)

// window holds the first bytes of a connection until a protocol is found.
type window struct {
	buf    [2][]byte
	chunks []chunk
}

type chunk struct {
	dir capture.Dir
	n   int
	t   int64
}

func (w *window) add(d capture.Dir, t int64, b []byte) (rest []byte) {
	n := min(len(b), maxWindow-len(w.buf[d]))
	if n == 0 {
		return b
	}
	w.buf[d] = append(w.buf[d], b[:n]...)
	if k := len(w.chunks); k > 0 && w.chunks[k-1].dir == d {
		w.chunks[k-1].n += n
	} else {
		w.chunks = append(w.chunks, chunk{d, n, t})
	}
	return b[n:]
}

// slide drops what was collected but for the last bytes of direction d, which
// may be the beginning of the line to start from.
func (w *window) slide(d capture.Dir) (dropped int) {
	keep := w.buf[d][max(0, len(w.buf[d])-keepLine):]
	dropped = len(w.buf[0]) + len(w.buf[1]) - len(keep)
	t := w.chunks[len(w.chunks)-1].t
	copy(w.buf[d], keep)
	w.buf[d] = w.buf[d][:len(keep)]
	w.buf[d.Other()] = w.buf[d.Other()][:0]
	w.chunks = append(w.chunks[:0], chunk{d, len(keep), t})
	return dropped
}

func (w *window) full() bool {
	return len(w.buf[0]) >= maxWindow || len(w.buf[1]) >= maxWindow
}

func (w *window) reset() {
	w.buf[0], w.buf[1], w.chunks = w.buf[0][:0], w.buf[1][:0], w.chunks[:0]
}
