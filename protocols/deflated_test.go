package protocols

import (
	"bytes"
	"compress/flate"
	"testing"

	"mailsensor/capture"
)

// zipper says COMPRESS at once and then counts.
type zipper struct{ begun bool }

func (p *zipper) Parse(_ capture.Dir, _ int64, b []byte, _ Sink) (int, Action) {
	if !p.begun {
		p.begun = true
		return 1, Compressed
	}
	return len(b), Continue
}
func (*zipper) Gap(capture.Dir, int64, int, Sink) {}
func (*zipper) Close(int64, Sink)                 {}
func (p *zipper) Reset(capture.Conn)              { p.begun = false }

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, 9)
	w.Write(b)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zippers() *Driver {
	return NewDriver([]Protocol{{Name: "zip", Probe: func(Probe) Verdict { return Accept }, New: func() Parser { return new(zipper) }}})
}

func octets(e *ConnEnd) uint64 { return e.Visible[Deflated][0] + e.Visible[Deflated][1] }

// The octets of the ledger are those of the connection, not what they became.
func TestDeflatedOctetsAreTheWires(t *testing.T) {
	dr := zippers()
	s := dr.Open(capture.Conn{Handshake: true})
	b := append([]byte("!"), zipped(t, bytes.Repeat([]byte("mail "), 10_000))...)
	s.Data(capture.ToServer, 1, b)
	var tot capture.Totals
	tot.Half[0].Bytes = uint64(len(b))
	s.Close(2, tot)
	e := dr.Batch.Events[1].(*ConnEnd)
	if octets(e) != uint64(len(b)-1) || e.Visible[Cleartext][0] != 1 || e.GaveUp != "" {
		t.Errorf("%v, gave up %q, of %d octets", e.Visible, e.GaveUp, len(b))
	}
	if dr.room.used != 0 {
		t.Errorf("%d octets of the room are still taken", dr.room.used)
	}
}

// A bomb is left to itself, and what it was is said.
func TestDeflateBomb(t *testing.T) {
	dr := zippers()
	s := dr.Open(capture.Conn{Handshake: true})
	if more := s.Data(capture.ToClient, 1, append([]byte("!"), zipped(t, make([]byte, 64<<20))...)); more {
		t.Error("more is wanted of it")
	}
	if out := s.driver.Batch.Events; len(out) != 2 || out[1].(*Anomaly).Kind != "deflate_bomb" {
		t.Errorf("%d events", len(out))
	}
	if s.gaveUp != becauseCompressed || dr.room.used != 0 {
		t.Errorf("gave up: %q, %d octets taken", reasons[s.gaveUp], dr.room.used)
	}
}

// A shard has room for so many compressed connections; the rest are counted, and
// that is counted.
func TestRoomIsBounded(t *testing.T) {
	dr := zippers()
	body := append([]byte("!"), zipped(t, bytes.Repeat([]byte("0123456789abcdef mail "), 4000))...)
	refused := 0
	var open []*Stream
	for range 200 {
		s := dr.Open(capture.Conn{Handshake: true})
		if !s.Data(capture.ToClient, 1, body) {
			refused++
		}
		open = append(open, s)
		if dr.room.used > maxRoom+64<<10 {
			t.Fatalf("%d octets", dr.room.used)
		}
	}
	if refused == 0 || uint64(refused) != dr.Counters.InflateRefused {
		t.Errorf("%d refused, %d counted", refused, dr.Counters.InflateRefused)
	}
	for _, s := range open {
		s.Close(2, capture.Totals{})
	}
	if dr.room.used != 0 || len(dr.deflated) > keepDeflated {
		t.Errorf("%d octets left, %d kept", dr.room.used, len(dr.deflated))
	}
}
