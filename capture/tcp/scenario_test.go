package tcp

import (
	"slices"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
)

func repeat(n int, f func(i int) capture.Segment) (out []capture.Segment) {
	for i := range n {
		out = append(out, f(i))
	}
	return out
}

func bye() []capture.Segment {
	return []capture.Segment{with(c(4, 5, ""), fin), with(s(5, 5, ""), fin)}
}

// TestScenarios gives a connection's segments in the order of the capture, and
// says what its handler is told.
func TestScenarios(t *testing.T) {
	big := func(d capture.Dir, seq, ackNo uint32, p string) capture.Segment { return seg(d, ack, seq, ackNo, p) }
	tests := []struct {
		name string
		segs [][]capture.Segment
		want string
	}{
		{"plain", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"reply before command", [][]capture.Segment{hello(), {s(0, 4, "HELLO"), c(0, 0, "QUIT")}, bye()},
			"c2s QUIT, s2c HELLO, close fin"},
		{"banner behind what answers it, SYN-ACK late",
			[][]capture.Segment{{hello()[0], hello()[2], c(0, 5, "QUIT"), hello()[1], s(0, 0, "HELLO")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"SYN-ACK before SYN", [][]capture.Segment{{hello()[1], hello()[0], s(0, 0, "HELLO"), c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"data before its SYN", [][]capture.Segment{{s(0, 0, "HELLO"), hello()[1], hello()[0], c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"out of order", [][]capture.Segment{hello(), {c(2, 0, "IT"), c(0, 0, "QU"), s(0, 4, "HELLO")}, bye()},
			"c2s QU, c2s IT, s2c HELLO, close fin"},
		{"partial overlap, first wins", [][]capture.Segment{hello(), {c(0, 0, "QU"), c(1, 0, "xIT"), s(0, 4, "HELLO")}, bye()},
			"c2s QU, c2s IT, s2c HELLO, close fin"},
		{"overlap of what waits, first wins", [][]capture.Segment{hello(), {c(2, 0, "IT"), c(0, 0, "QUxx"), s(0, 4, "HELLO")}, bye()},
			"c2s QU, c2s IT, s2c HELLO, close fin"},
		{"keep-alives", [][]capture.Segment{hello(), {c(0, 0, "QUIT"), c(3, 0, ""), c(3, 0, "x"), s(0, 4, "HELLO"), s(4, 4, "y")}, bye()},
			"c2s QUIT, s2c HELLO, close fin"},
		{"zero-window probe brings the next octet", [][]capture.Segment{hello(), {c(0, 0, "QUI"), c(3, 0, "T"), c(3, 0, "T"), s(0, 4, "HELLO")}, bye()},
			"c2s QUI, c2s T, s2c HELLO, close fin"},
		{"data in SYN", [][]capture.Segment{{seg(toS, syn, isnC, 0, "QU"), seg(toC, syn|ack, isnS, isnC+3, ""), c(2, 0, "IT"), s(0, 4, "HELLO")}, bye()},
			"c2s QU, c2s IT, s2c HELLO, close fin"},
		{"data in SYN refused and sent again", [][]capture.Segment{{seg(toS, syn, isnC, 0, "QU"), hello()[1], c(0, 0, "QUIT"), s(0, 4, "HELLO")}, bye()},
			"c2s QU, c2s IT, s2c HELLO, close fin"},
		{"data in SYN-ACK", [][]capture.Segment{{hello()[0], seg(toC, syn|ack, isnS, isnC+1, "HELLO"), c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"simultaneous open", [][]capture.Segment{{hello()[0], seg(toC, syn, isnS, 0, ""), seg(toC, syn|ack, isnS, isnC+1, ""), seg(toS, syn|ack, isnC, isnS+1, ""), s(0, 0, "HELLO"), c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"mid-stream", [][]capture.Segment{{s(0, 0, "HELLO"), c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"mid-stream, reordered", [][]capture.Segment{{s(5, 0, "WORLD"), s(0, 0, "HELLO")}},
			"s2c HELLO, s2c WORLD, close capture_end"},
		{"FIN before the last data", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), with(c(4, 5, ""), fin), with(s(5, 5, ""), fin), c(0, 5, "QUIT")}},
			"s2c HELLO, c2s QUIT, close fin"},
		{"data behind FIN", [][]capture.Segment{hello(), {with(c(0, 0, "QUIT"), fin), c(5, 0, "more"), c(0, 0, "QUITmore"), s(0, 5, "HELLO"), with(s(5, 5, ""), fin)}},
			"c2s QUIT, s2c HELLO, close fin"},
		{"late packets of a closed connection", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), c(0, 5, "QUIT")}, bye(), {c(5, 6, ""), with(c(4, 5, ""), fin), c(0, 5, "QUIT"), hello()[0]}},
			"s2c HELLO, c2s QUIT, close fin"},
		{"reset", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), seg(toS, rst, isnC+1, 0, ""), s(5, 0, "late")}},
			"s2c HELLO, close rst"},
		{"blind reset", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), seg(toS, rst, isnC+1<<30, 0, ""), c(0, 5, "QUIT")}, bye()},
			"s2c HELLO, c2s QUIT, close fin"},
		{"reset before the data it follows", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), seg(toS, rst|ack, isnC+5, isnS+6, ""), c(0, 5, "QUIT")}},
			"s2c HELLO, c2s QUIT, close rst"},
		{"reset of a connection without handshake", [][]capture.Segment{{s(0, 0, "HELLO"), seg(toS, rst, isnC+1, 0, "")}},
			"s2c HELLO, close rst"},
		{"loss that the peer acknowledged", [][]capture.Segment{hello(), {c(0, 0, "QU"), c(4, 0, "IT")}, repeat(gapPackets+1, func(int) capture.Segment { return s(0, 6, "") })},
			"c2s QU, c2s gap 2, c2s IT, close capture_end"},
		{"loss seen by the answer only", [][]capture.Segment{hello(), {s(0, 4, "HELLO")}, repeat(gapPackets+1, func(int) capture.Segment { return s(5, 4, "") })},
			"c2s gap 4, s2c HELLO, close capture_end"},
		{"hole that is not acknowledged waits", [][]capture.Segment{hello(), {c(4, 0, "B")}, repeat(400, func(int) capture.Segment { return s(0, 0, "") }), {c(0, 0, "AAAA")}},
			"c2s AAAA, c2s B, close capture_end"},
		{"loss at the end", [][]capture.Segment{hello(), {c(0, 0, "QU"), s(0, 9, "")}},
			"c2s QU, c2s gap 7, close capture_end"},
		{"jump that is foreign", [][]capture.Segment{hello(), {c(0, 0, "QUIT"), c(1<<30, 0, "foreign"), s(0, 4, "HELLO")}, bye()},
			"c2s QUIT, s2c HELLO, close fin"},
		{"jump that lasts", [][]capture.Segment{hello(), {c(0, 0, "QUIT")}, repeat(4, func(i int) capture.Segment { return c(1<<30+uint32(i), 0, string(rune('a'+i))) })},
			"c2s QUIT, c2s gap 1073741823, c2s d, close capture_end"},
		{"wrap", [][]capture.Segment{{seg(toS, syn, 0xFFFFFFFD, 0, ""), seg(toC, syn|ack, isnS, 0xFFFFFFFE, ""), big(toS, 1, isnS+1, "DEF"), big(toS, 0xFFFFFFFE, isnS+1, "ABC")}},
			"c2s ABC, c2s DEF, close capture_end"},
		{"wrap at FIN", [][]capture.Segment{{seg(toS, syn, 0xFFFFFFFD, 0, ""), seg(toC, syn|ack, isnS, 0xFFFFFFFE, ""), big(toS, 0xFFFFFFFE, isnS+1, "A"), seg(toS, ack|fin, 0xFFFFFFFF, isnS+1, ""), seg(toC, ack|fin, isnS+1, 0, "")}},
			"c2s A, close fin"},
		{"new connection on the ports", [][]capture.Segment{hello(), {c(0, 0, "QUIT"), seg(toS, syn, 900000, 0, ""), seg(toC, syn|ack, 70, 900001, ""), big(toS, 900001, 71, "EHLO")}},
			"c2s QUIT, close reused; c2s EHLO, close capture_end"},
		{"new connection behind a closed one", [][]capture.Segment{hello(), {s(0, 0, "HELLO"), c(0, 5, "QUIT")}, bye(), {seg(toS, syn, 900000, 0, ""), seg(toC, syn|ack, 70, 900001, ""), big(toS, 900001, 71, "EHLO")}},
			"s2c HELLO, c2s QUIT, close fin; c2s EHLO, close capture_end"},
		{"old SYN again", [][]capture.Segment{hello(), {c(0, 0, "QUIT"), hello()[0], hello()[1], s(0, 4, "HELLO")}, bye()},
			"c2s QUIT, s2c HELLO, close fin"},
		{"each waits for the other", [][]capture.Segment{hello(), {c(0, 1, "A"), s(0, 1, "B")}},
			"c2s A, s2c B, close capture_end"},
		{"scan", [][]capture.Segment{{hello()[0], seg(toC, rst|ack, 0, isnC+1, "")}}, ""},
		{"handshake only", [][]capture.Segment{hello(), {with(c(0, 0, ""), fin), with(s(0, 1, ""), fin)}}, ""},
		{"ghosts", [][]capture.Segment{{c(0, 0, ""), with(c(0, 0, ""), fin), seg(toS, rst, 1, 0, "")}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(Options{})
			r.send(slices.Concat(tt.segs...)...)
			r.end()
			var got []string
			for _, rec := range r.conns {
				got = append(got, strings.Join(rec.log, ", "))
				if rec.conn.Server.Port() != 25 || rec.closed != 1 {
					t.Errorf("server %s, closed %d times", rec.conn.Server, rec.closed)
				}
			}
			if g := strings.Join(got, "; "); g != tt.want {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
			if r.Flows() != 0 || r.pool.used != 0 || r.waiting.n != 0 {
				t.Errorf("%d flows, %d pages, %d waiting left", r.Flows(), r.pool.used, r.waiting.n)
			}
		})
	}
}

// Payload that the capture has before its handshake is not mid-stream.
func TestHandshakeBehindData(t *testing.T) {
	r := newRig(Options{})
	r.send(s(0, 0, "HELLO"), hello()[1], hello()[0], c(0, 5, "QUIT"))
	if rec := r.one(t); !rec.conn.Handshake || len(rec.log) != 2 {
		t.Errorf("%+v %v", rec.conn, rec.log)
	}
}

func TestForgedEnd(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	r.send(c(0, 0, "A"), seg(toS, rst, isnC+2, 0, ""))
	r.send(repeat(20, func(i int) capture.Segment { return c(uint32(1+i), 0, "B") })...)
	r.end()
	if len(r.conns) != 2 || r.Stats().Revived != 1 || len(r.conns[1].data[toS]) != 20-reviveAfter+1 {
		t.Fatalf("%d connections, %d revived", len(r.conns), r.Stats().Revived)
	}
}

func TestCut(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	x, y, z := c(0, 0, "AB"), c(8, 0, "CD"), c(14, 0, "")
	x.Cut, y.Cut, z.Cut = 6, 4, 3
	r.send(y, x, z, c(17, 0, "EF"))
	r.end()
	want := "c2s AB, c2s gap 6, c2s CD, c2s gap 4, c2s gap 3, c2s EF, close capture_end"
	if got := strings.Join(r.one(t).log, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if h := r.one(t).tot.Half[toS]; h.Bytes != 6 || h.GapBytes != 13 {
		t.Errorf("%+v", h)
	}
}

func TestTimesAreOfTheirSegments(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	r.send(c(2, 0, "IT"), c(0, 0, "QU"))
	rec := r.one(t)
	if rec.times[0] != r.time || rec.times[1] != r.time-int64(time.Millisecond) {
		t.Errorf("times %v, last packet %d", rec.times, r.time)
	}
}

func TestTotals(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	x := c(2, 0, "IT")
	x.ID = 77
	r.send(x, x, c(0, 0, "QUxx"), c(0, 0, "QUIT"), s(0, 4, "HELLO"))
	r.send(bye()...)
	r.end()
	tot := r.one(t).tot
	want := capture.HalfTotals{Packets: 6, Bytes: 4, Retransmitted: 6, OutOfOrder: 1, Conflicts: 1, Duplicates: 1, SYN: true, FIN: true}
	if tot.Half[toS] != want {
		t.Errorf("got  %+v\nwant %+v", tot.Half[toS], want)
	}
	if !r.one(t).conn.Handshake || tot.OneSided() {
		t.Errorf("%+v %+v", r.one(t).conn, tot)
	}
}
