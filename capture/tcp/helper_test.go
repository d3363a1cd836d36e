package tcp

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mailsensor/capture"
)

// recorder is a handler that keeps what it is given.
type recorder struct {
	conn   capture.Conn
	data   [2][]byte // gaps are filled with zeros
	lost   [2]int
	log    []string
	tot    capture.Totals
	closed int
	stop   [2]int // stop after so many octets; 0: never
	quiet  bool
	times  []int64
}

func (r *recorder) more(d capture.Dir) bool { return r.stop[d] == 0 || len(r.data[d]) < r.stop[d] }

func (r *recorder) Data(d capture.Dir, t int64, b []byte) bool {
	if len(b) == 0 || r.closed > 0 {
		panic("no data, or data behind the end")
	}
	r.data[d] = append(r.data[d], b...)
	if !r.quiet {
		r.log = append(r.log, fmt.Sprintf("%s %s", d, b))
		r.times = append(r.times, t)
	}
	return r.more(d)
}

func (r *recorder) Gap(d capture.Dir, t int64, n int) bool {
	if n <= 0 || r.closed > 0 {
		panic("empty gap, or gap behind the end")
	}
	r.lost[d] += n
	if n < 1<<20 {
		r.data[d] = append(r.data[d], make([]byte, n)...)
	}
	if !r.quiet {
		r.log = append(r.log, fmt.Sprintf("%s gap %d", d, n))
		r.times = append(r.times, t)
	}
	return r.more(d)
}

func (r *recorder) Close(t int64, tot capture.Totals) {
	r.closed++
	r.tot = tot
	r.log = append(r.log, "close "+tot.End.String())
	r.times = append(r.times, t)
}

// rig is a table whose connections are recorded.
type rig struct {
	*Table
	conns []*recorder
	quiet bool
	stop  [2]int
	time  int64
	index uint64
}

func newRig(opt Options) *rig {
	r := &rig{time: 1e18}
	r.Table = New(opt, func(c capture.Conn) capture.StreamHandler {
		rec := &recorder{conn: c, quiet: r.quiet, stop: r.stop}
		r.conns = append(r.conns, rec)
		return rec
	})
	return r
}

func key(client, server uint16) capture.Key {
	k := capture.Key{LowPort: client, HighPort: server}
	k.Low = netip.MustParseAddr("10.0.0.1").As16()
	k.High = netip.MustParseAddr("10.0.0.2").As16()
	return k
}

// seg makes a segment; the client is the low side.
func seg(d capture.Dir, flags uint8, seq, ack uint32, payload string) capture.Segment {
	k := key(40000, 25)
	return capture.Segment{
		Key: k, Hash: k.Hash(1), FromLow: d == capture.ToServer,
		Flags: flags, Seq: seq, Ack: ack, Payload: []byte(payload),
	}
}

// send gives the segments to the table, a millisecond apart, each with an
// identification of its own unless it has one.
func (r *rig) send(segs ...capture.Segment) {
	for _, s := range segs {
		r.time += int64(time.Millisecond)
		r.index++
		if s.Time == 0 {
			s.Time = r.time
		}
		if s.ID == 0 {
			s.ID = uint32(r.index)
		}
		s.Index = r.index
		p := bytes.Clone(s.Payload)
		s.Payload = p
		r.Segment(&s)
		for i := range p { // borrowed: gone after the call
			p[i] = 0xEE
		}
	}
}

func (r *rig) end() {
	for r.Flush(r.time, 7) {
	}
}

func (r *rig) one(t *testing.T) *recorder {
	t.Helper()
	if len(r.conns) != 1 {
		t.Fatalf("%d connections, want 1", len(r.conns))
	}
	return r.conns[0]
}

const (
	syn  = capture.SYN
	ack  = capture.ACK
	fin  = capture.FIN
	rst  = capture.RST
	toS  = capture.ToServer
	toC  = capture.ToClient
	isnC = 1000
	isnS = 5000
)

func hello() []capture.Segment {
	return []capture.Segment{
		seg(toS, syn, isnC, 0, ""),
		seg(toC, syn|ack, isnS, isnC+1, ""),
		seg(toS, ack, isnC+1, isnS+1, ""),
	}
}

func c(at, ackAt uint32, p string) capture.Segment {
	return seg(toS, ack, isnC+1+at, isnS+1+ackAt, p)
}
func s(at, ackAt uint32, p string) capture.Segment {
	return seg(toC, ack, isnS+1+at, isnC+1+ackAt, p)
}
func with(x capture.Segment, flags uint8) capture.Segment { x.Flags |= flags; return x }
