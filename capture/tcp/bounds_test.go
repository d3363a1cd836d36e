package tcp

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"mailsensor/capture"
)

func TestOneSided(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()[0], hello()[2])
	for i := range 300 { // every command acknowledges another reply that is not there
		r.send(c(uint32(i), uint32(10*i), "x"))
		if i == 60 && (len(r.conns) != 1 || len(r.conns[0].data[toS]) != 61) {
			t.Fatal("commands still wait for replies that nobody captured")
		}
	}
	r.end()
	rec := r.one(t)
	if len(rec.data[toS]) != 300 || rec.lost != [2]int{} || !rec.tot.OneSided() || r.Stats().OneSided != 1 {
		t.Errorf("%d octets, lost %v, %+v", len(rec.data[toS]), rec.lost, r.Stats())
	}
}

func TestOneSidedLoss(t *testing.T) {
	r := newRig(Options{})
	r.send(s(0, 0, "A"), s(5, 0, "B"))
	r.send(repeat(onePackets+1, func(i int) capture.Segment { return s(uint32(6+i), 0, "C") })...)
	rec := r.one(t)
	if rec.lost[toC] != 4 || len(rec.data[toC]) < onePackets {
		t.Errorf("lost %v, %d octets", rec.lost, len(rec.data[toC]))
	}
}

func TestSilentSide(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	r.send(s(0, 0, "HELLO"))
	for i := range 500 {
		r.send(c(uint32(i), uint32(5+10*i), "x"))
	}
	rec := r.one(t)
	if held := r.Stats().Held; len(rec.data[toS]) != 500 || held > 4*gapPackets || rec.lost[toC] != 4990 {
		t.Errorf("%d octets, %d held, lost %v", len(rec.data[toS]), held, rec.lost)
	}
	r.send(s(5000-5, 500, "BACK")) // and it is heard again
	if !strings.HasSuffix(rec.log[len(rec.log)-1], "BACK") {
		t.Errorf("last: %s", rec.log[len(rec.log)-1])
	}
}

func TestPatienceInTime(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	r.send(c(0, 5, "QUIT"))
	if r.Advance(r.time + gapTime - 1); len(r.conns) != 0 {
		t.Fatal("given up too early")
	}
	if r.Advance(r.time + gapTime); len(r.conns) != 1 {
		t.Fatal("still waits")
	}
	if got := strings.Join(r.conns[0].log, ", "); got != "s2c gap 5, c2s QUIT" {
		t.Error(got)
	}
}

func TestTimeouts(t *testing.T) {
	r := newRig(Options{IdleTimeout: time.Minute, HalfOpenTimeout: time.Second, ClosedLinger: 2 * time.Second})
	r.send(hello()[0])
	if r.Advance(r.time + int64(time.Second)); r.Flows() != 0 || r.Stats().HalfOpenAged != 1 {
		t.Errorf("half-open: %d flows, %+v", r.Flows(), r.Stats())
	}
	r.time = r.now
	r.send(hello()...)
	r.send(c(0, 0, "A"))
	r.time += int64(50 * time.Second)
	r.Advance(r.time)
	r.send(c(1, 0, "B"))
	if r.Advance(r.time + int64(59*time.Second)); r.Flows() != 1 {
		t.Error("an active flow timed out")
	}
	if r.Advance(r.time + int64(62*time.Second)); r.Flows() != 0 || r.conns[0].tot.End != capture.EndIdle {
		t.Errorf("idle: %d flows", r.Flows())
	}
	r.time = r.now
	r.send(hello()...)
	r.send(c(0, 0, "QUIT"), s(0, 4, "HELLO"))
	r.send(bye()...)
	if r.Advance(r.time + int64(time.Second)); r.Flows() != 1 {
		t.Error("a closed flow does not linger")
	}
	if r.Advance(r.time + int64(3*time.Second)); r.Flows() != 0 {
		t.Error("a closed flow stays")
	}
}

func TestWrongTimestamp(t *testing.T) {
	r := newRig(Options{})
	r.send(hello()...)
	r.send(c(0, 0, "A"))
	x := c(1, 0, "B")
	x.Time = r.time + int64(100*365*24*time.Hour)
	r.send(x)
	r.Advance(r.time + int64(10*time.Second))
	if r.Flows() != 1 || r.conns[0].closed != 0 {
		t.Error("one wrong time stamp ended a connection")
	}
}

func TestFlood(t *testing.T) {
	r := newRig(Options{MaxFlows: 100, MaxHalfOpen: 40})
	r.send(hello()...)
	r.send(s(0, 0, "HELLO"))
	for i := range 10_000 {
		x := seg(toS, syn, uint32(i), 0, "payload in SYN")
		x.Key = manyKey(i + 100)
		x.Hash = x.Key.Hash(1)
		r.send(x)
	}
	st := r.Stats()
	if r.Flows() != 41 || st.EvictedHalf+st.HalfOpenAged != 10_000-40 || st.EvictedOpen != 0 {
		t.Errorf("%d flows, %+v", r.Flows(), st)
	}
	r.send(c(0, 5, "QUIT"))
	r.send(bye()...)
	r.end()
	if got := strings.Join(r.one(t).log, ", "); got != "s2c HELLO, c2s QUIT, close fin" {
		t.Error(got)
	}
}

func TestEviction(t *testing.T) {
	r := newRig(Options{MaxFlows: 10})
	for i := range 25 {
		x := s(0, 0, "HELLO")
		x.Key = manyKey(i + 1)
		x.Hash = x.Key.Hash(1)
		r.send(x)
	}
	if st := r.Stats(); r.Flows() != 10 || st.EvictedOpen != 15 || len(r.conns) != 15 || r.conns[14].tot.End != capture.EndEvicted {
		t.Errorf("%d flows, %+v", r.Flows(), st)
	}
}

func TestPageBounds(t *testing.T) {
	r := newRig(Options{MaxPages: 8, MaxFlowPages: 4})
	r.send(hello()...)
	for i := range 40 {
		r.send(c(uint32(10+2*i), 0, "x"))
		if r.pool.used > 4 {
			t.Fatalf("%d pages", r.pool.used)
		}
	}
	r.send(c(200, 0, strings.Repeat("y", 60_000))) // more than all pages hold
	r.end()
	rec := r.one(t)
	if n := rec.tot.Half[toS].Bytes; n != 40+60_000 || r.Stats().ForcedGaps == 0 || len(rec.data[toS]) != 60_200 {
		t.Errorf("%d octets of %d, %+v", n, len(rec.data[toS]), r.Stats())
	}
}

func TestStopped(t *testing.T) {
	r := newRig(Options{})
	r.stop = [2]int{1, 1}
	r.send(hello()...)
	r.send(c(3, 0, "DE"), c(0, 0, "ABC"), c(7, 0, "HI"), c(5, 0, "FG"), c(5, 0, "FG"), c(10, 0, "KL"), s(0, 12, "HELLO"))
	r.send(with(c(12, 5, ""), fin), with(s(5, 13, ""), fin))
	r.end()
	rec := r.one(t)
	h := rec.tot.Half[toS]
	if len(rec.data[toS]) != 3 || h.Bytes != 11 || h.GapBytes != 1 || h.Gaps != 1 || h.Retransmitted != 2 || rec.tot.End != capture.EndFIN {
		t.Errorf("%d handed on, %+v, %s", len(rec.data[toS]), h, rec.tot.End)
	}
	if st := r.Stats(); st.Gaps != 1 || st.GapBytes != 1 {
		t.Errorf("%+v", st)
	}
}

// The same packet again: with an identification at any time, without one only
// at once, and acknowledgements never.
func TestDuplicates(t *testing.T) {
	tests := []struct {
		name  string
		first capture.Segment
		id    uint32
		later time.Duration
		want  uint64
	}{
		{"payload", c(0, 0, "A"), 9, time.Second, 1},
		{"payload, no id, at once", c(0, 0, "A"), 0, time.Millisecond, 1},
		{"payload, no id, later", c(0, 0, "A"), 0, 200 * time.Millisecond, 0},
		{"acknowledgement", c(0, 0, ""), 9, time.Millisecond, 1},
		{"acknowledgement, no id", c(0, 0, ""), 0, time.Millisecond, 0},
		{"waiting payload", c(5, 0, "A"), 9, time.Millisecond, 1},
	}
	for _, tt := range tests {
		r := newRig(Options{})
		r.send(hello()...)
		x := tt.first
		x.ID, x.Time, x.Index = tt.id, r.time, 10
		r.Segment(&x)
		x.TTL--
		x.Time += int64(tt.later)
		r.Segment(&x)
		if got := r.Stats().Duplicates; got != tt.want {
			t.Errorf("%s: %d duplicates, want %d", tt.name, got, tt.want)
		}
	}
}

func TestWhoIsClient(t *testing.T) {
	tests := []struct {
		low, high uint16
		lowClient bool
	}{
		{40000, 25, true}, {25, 40000, false}, {143, 20, false}, {20, 143, true},
		{40000, 8080, true}, {8080, 40000, false}, {25, 587, false}, {587, 25, true},
	}
	for _, tt := range tests {
		k := key(tt.low, tt.high)
		if lowIsClient(&k) != tt.lowClient {
			t.Errorf("%d and %d: low is client: %v", tt.low, tt.high, !tt.lowClient)
		}
	}
}

func TestRolesByHandshake(t *testing.T) {
	r := newRig(Options{}) // the side with the mail port opens the connection
	r.send(seg(toC, syn, isnS, 0, ""), seg(toS, syn|ack, isnC, isnS+1, ""), s(0, 0, "GET"))
	if c := r.one(t); c.conn.Client.Port() != 25 || !slices.Equal(c.log, []string{"c2s GET"}) {
		t.Errorf("client %s, %v", c.conn.Client, c.log)
	}
}

func TestFlowSize(t *testing.T) {
	if n := unsafe.Sizeof(flow{}); n > 360 {
		t.Errorf("a flow is %d octets", n)
	}
}

func TestNoAllocation(t *testing.T) {
	table, segs := established(Options{}, 1)
	x := &segs[0]
	inOrder := func() {
		table.Segment(x)
		x.Seq += 1000
	}
	swapped := func() {
		x.Seq += 1000
		table.Segment(x)
		x.Seq -= 1000
		table.Segment(x)
		x.Seq += 2000
	}
	swapped()
	for name, f := range map[string]func(){"in order": inOrder, "swapped": swapped} {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if st := table.Stats(); st.Gaps != 0 || st.OutOfOrder == 0 {
		t.Errorf("%+v", st)
	}
}
