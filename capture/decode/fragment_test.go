package decode

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"mailsensor/capture"
)

// datagramOf is a TCP segment in one raw IP packet without options.
type datagramOf struct {
	v6   bool
	id   uint32
	body []byte // TCP header and payload
}

func newDatagram(r *rand.Rand, payload int) datagramOf {
	body := append(make([]byte, tcpLen), randomBytes(r, payload)...)
	binary.BigEndian.PutUint32(body[4:], r.Uint32())
	body[12] = 5 << 4
	return datagramOf{v6: r.IntN(2) == 0, id: r.Uint32(), body: body}
}

// fragment is the raw IP packet that carries body[from:to].
func (d datagramOf) fragment(from, to int, body []byte) []byte {
	more := to < len(d.body)
	data := body[from:to]
	if !d.v6 {
		b := make([]byte, ipv4Len)
		b[0], b[8], b[9] = 0x45, 7, protoTCP
		binary.BigEndian.PutUint16(b[2:], uint16(ipv4Len+len(data)))
		binary.BigEndian.PutUint16(b[4:], uint16(d.id))
		frag := uint16(from / 8)
		if more {
			frag |= 0x2000
		}
		binary.BigEndian.PutUint16(b[6:], frag)
		copy(b[12:], "\x0A\x00\x00\x01\x0A\x00\x00\x02")
		return append(b, data...)
	}
	b := make([]byte, ipv6Len+8)
	b[0], b[6], b[7] = 0x60, protoFragment, 7
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(data)))
	b[23], b[39] = 1, 2
	b[40] = protoTCP
	frag := uint16(from)
	if more {
		frag |= 1
	}
	binary.BigEndian.PutUint16(b[42:], frag)
	binary.BigEndian.PutUint32(b[44:], d.id)
	return append(b, data...)
}

// cuts splits the datagram at random multiples of 8.
func (d datagramOf) cuts(r *rand.Rand) [][2]int {
	var out [][2]int
	for from := 0; from < len(d.body); {
		to := min(from+8*(1+r.IntN(12)), len(d.body))
		out = append(out, [2]int{from, to})
		from = to
	}
	return out
}

// feed decodes raw packets and returns the segments that came out.
func feed(d *Decoder, at int64, frames ...[]byte) (out []capture.Segment) {
	var seg capture.Segment
	for _, f := range frames {
		info := capture.Info{Time: at, Length: len(f), Link: capture.LinkRaw}
		if d.Decode(f, &info, 0, &seg) == TCP {
			out = append(out, seg)
		}
	}
	return out
}

// A datagram in pieces, shuffled, repeated and overlapping, gives one segment,
// the same as in one piece.
func TestFragmentModel(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	d := New(Options{})
	for round := range 3000 {
		dg := newDatagram(r, 61+r.IntN(1500)) // longer than the overlap below
		cuts := dg.cuts(r)
		if len(cuts) < 2 {
			continue
		}
		cuts = append(cuts, cuts[r.IntN(len(cuts))]) // a repeat
		from := 8 * r.IntN(len(dg.body)/8)
		cuts = append(cuts, [2]int{from, min(from+80, len(dg.body))}) // an overlap
		r.Shuffle(len(cuts), func(i, j int) { cuts[i], cuts[j] = cuts[j], cuts[i] })
		var frames [][]byte
		for _, c := range cuts {
			frames = append(frames, dg.fragment(c[0], c[1], dg.body))
		}
		got := feed(d, int64(round), frames...)
		if len(got) != 1 || !bytes.Equal(got[0].Payload, dg.body[tcpLen:]) {
			t.Fatalf("round %d: %d segments", round, len(got))
		}
		id := dg.id
		if !dg.v6 {
			id &= 0xFFFF
		}
		if got[0].Seq != binary.BigEndian.Uint32(dg.body[4:]) || got[0].ID != id || got[0].TTL != 7 {
			t.Fatalf("round %d: %+v", round, got[0])
		}
		for _, f := range frames { // the payload must not be in any frame
			clear(f)
		}
		if !bytes.Equal(got[0].Payload, dg.body[tcpLen:]) {
			t.Fatalf("round %d: the payload borrows from a frame", round)
		}
	}
	s := d.Stats().Fragments
	if s.Pending != 0 || s.Conflicts != 0 || s.Malformed != 0 || s.Evicted != 0 || s.Overlaps == 0 || s.Duplicates == 0 {
		t.Errorf("%+v", s)
	}
}

func TestFirstFragmentWins(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 500 {
		d := New(Options{})
		dg := newDatagram(r, 400)
		evil := randomBytes(r, len(dg.body))
		cut := 8 * (4 + r.IntN(20))
		got := feed(d, 1, dg.fragment(0, cut, dg.body), dg.fragment(cut-16, cut+64, append(dg.body[:cut:cut], evil[cut:]...)),
			dg.fragment(cut-32, cut+8, evil), dg.fragment(cut, len(dg.body), dg.body))
		want := append(append(dg.body[:cut:cut], evil[cut:cut+64]...), dg.body[cut+64:]...)
		if len(got) != 1 || !bytes.Equal(got[0].Payload, want[tcpLen:]) {
			t.Fatalf("%d segments", len(got))
		}
		if s := d.Stats().Fragments; s.Conflicts != 2 || s.Overlaps != 1 {
			t.Fatalf("%+v", s)
		}
	}
}

func TestLostFragment(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	d := New(Options{})
	dg, other := newDatagram(r, 400), newDatagram(r, 400)
	late := 31 * int64(time.Second)
	feed(d, 0, dg.fragment(0, 200, dg.body))
	feed(d, late, other.fragment(0, 200, other.body))
	if got := feed(d, late, dg.fragment(200, len(dg.body), dg.body)); got != nil {
		t.Error("fragments 31 s apart went together")
	}
	if s := d.Stats().Fragments; s.TimedOut != 1 || s.Pending != 2 {
		t.Errorf("%+v", s)
	}
	if got := feed(d, late, other.fragment(200, len(other.body), other.body)); len(got) != 1 {
		t.Error("the other datagram was lost")
	}
}

// A mirror of two ports brings every fragment twice, or the whole train twice.
func TestRepeatedTrain(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	dg := newDatagram(r, 400)
	a, b := dg.fragment(0, 200, dg.body), dg.fragment(200, len(dg.body), dg.body)
	for _, order := range [][][]byte{{a, a, b, b}, {a, b, a, b}, {b, b, a, a}} {
		d := New(Options{})
		if got := feed(d, 0, order...); len(got) != 1 {
			t.Errorf("%d segments", len(got))
		}
		if s := d.Stats().Fragments; s.Duplicates != 2 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	}
	d := New(Options{})
	next := dg
	next.body = randomBytes(r, len(dg.body))
	next.body[12] = 5 << 4
	got := feed(d, 0, a, b, next.fragment(0, 200, next.body), next.fragment(200, len(dg.body), next.body))
	if len(got) != 2 {
		t.Errorf("an identification used again: %d segments", len(got))
	}
}

func TestFragmentsOfNoUse(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	dg := newDatagram(r, 65000-tcpLen)
	dg.v6 = false
	odd := dg.fragment(0, 204, dg.body)
	empty := dg.fragment(8, 8, dg.body)
	beyond := dg.fragment(64000, 65000, dg.body)
	binary.BigEndian.PutUint16(beyond[6:], 65400/8)
	d := New(Options{})
	feed(d, 0, odd, empty, beyond)
	if s := d.Stats().Fragments; s.Malformed != 3 || s.Pending != 0 {
		t.Errorf("%+v", s)
	}
	var seg capture.Segment
	cut := dg.fragment(0, 800, dg.body)
	if got := d.Decode(cut[:96], &capture.Info{Length: len(cut), Link: capture.LinkRaw}, 0, &seg); got != Fragment {
		t.Error(got)
	}
	small := datagramOf{id: 5, body: dg.body[:400]}
	large := datagramOf{id: 5, body: dg.body[:800]}
	feed(d, 0, small.fragment(200, 400, dg.body), large.fragment(400, 800, dg.body), large.fragment(0, 408, dg.body))
	if s := d.Stats().Fragments; s.Cut != 1 || s.Conflicts != 2 {
		t.Errorf("%+v", s)
	}
}

// A flood of fragments stays within the bounds, and is counted.
func TestFragmentBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	d := New(Options{})
	dg := newDatagram(r, 60000)
	for i := range uint32(20000) {
		dg.id, dg.v6 = i, true
		from := 8 * r.IntN(1000)
		feed(d, 0, dg.fragment(from, from+8*(1+r.IntN(1000)), dg.body))
		if len(d.frags.byKey) > maxDatagrams || d.frags.held > maxHeld || d.frags.order.Len() != len(d.frags.byKey) {
			t.Fatalf("%d datagrams, %d bytes", len(d.frags.byKey), d.frags.held)
		}
	}
	s := d.Stats().Fragments
	if s.Evicted+s.Pending != 20000 || s.Evicted == 0 {
		t.Errorf("%+v", s)
	}
	feed(d, int64(time.Hour), dg.fragment(0, 8, dg.body))
	dg.id = 99
	for i := range maxFragments + 1 {
		at := 8 + 16*(i%1000)
		feed(d, int64(time.Hour), dg.fragment(at, at+8, dg.body))
	}
	if s := d.Stats().Fragments; s.TooMany != 1 || s.Pending != 1 || s.TimedOut == 0 {
		t.Errorf("%+v", s)
	}
	feed(d, 3*int64(time.Hour), dg.fragment(0, 7*8, dg.body))
	if want := datagramCost + fragmentCost + 56; d.frags.held != want {
		t.Errorf("%d bytes on the books, want %d", d.frags.held, want)
	}
}
