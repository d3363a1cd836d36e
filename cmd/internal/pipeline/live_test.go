package pipeline

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/protocols"
)

// waiting is quiet behind its frames, until it is told to end.
type waiting struct {
	*synth.Source
	end func() bool
}

func (s *waiting) Next() ([]byte, capture.Info, error) {
	frame, info, err := s.Source.Next()
	if err == io.EOF && !s.end() {
		err = capture.ErrIdle
	}
	return frame, info, err
}

// While nothing comes, event time goes on by the clock: a connection that is idle
// for too long ends without a packet to say so, and the books are up to date.
func TestIdleTimePasses(t *testing.T) {
	frames := open(1, begin, "toy one\n")
	var progress Progress
	now, ticks := begin, 0
	var ended atomic.Bool // set by the merge, read by the source
	src := &waiting{Source: synth.NewSource(frames), end: func() bool {
		now += 10 * second
		return ended.Load() && progress.Result().TCP.IdleAged > 0
	}}
	_, err := Run(context.Background(), Options{Source: src, Workers: 2, Protocols: toy(),
		Live: &Live{Now: func() int64 { return min(now, begin+5000*second) }, Progress: &progress, Tick: func(int64) { ticks++ }},
		Observe: func(ev protocols.Event) {
			if e, ok := ev.(*protocols.ConnEnd); ok && e.Totals.End == capture.EndIdle {
				ended.Store(true)
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if ticks < 100 {
		t.Errorf("%d ticks", ticks)
	}
	if res := progress.Result(); res.Packets != uint64(len(frames)) || res.TCP.Connections != 1 || res.Last < begin {
		t.Errorf("%+v", res)
	}
}

// Under pressure flows are shed whole, mail last, and what is shed is counted.
func TestShedding(t *testing.T) {
	frames := crowd(400)
	proto := toy()
	all, _ := replay(t, Options{Source: synth.NewSource(frames), Workers: 2, Protocols: proto})
	for _, c := range []struct {
		pressure  float64
		mail      bool // the toys' port is one of mail
		none, any bool // no flow is left, there is shedding at all
	}{
		{0.4, false, false, false},
		{0.6, false, false, true},
		{0.8, false, true, true},
		{0.6, true, false, false},
		{0.9, true, false, true},
		{1.0, true, false, true},
	} {
		if proto[0].Ports = nil; c.mail {
			proto[0].Ports = []uint16{7000}
		}
		live := &Live{Now: func() int64 { return begin + 60*second }, Pressure: func() float64 { return c.pressure }}
		events, res := replay(t, Options{Source: synth.NewSource(frames), Workers: 2, Protocols: proto, Live: live})
		if (res.Shed.Packets > 0) != c.any || (res.Shed.MailPackets > 0) != (c.any && c.mail) {
			t.Errorf("%+v: %+v", c, res.Shed)
		}
		if n := res.TCP.Connections; (n == 0) != c.none || c.any && n >= 400 {
			t.Errorf("%+v: %d connections are left", c, n)
		}
		if res.TCP.Segments+res.Shed.Packets != uint64(len(frames)) {
			t.Errorf("%+v: %d segments and %d shed, of %d", c, res.TCP.Segments, res.Shed.Packets, len(frames))
		}
		want := text(all)
		for _, ev := range text(events) { // a flow is there as it is without pressure, or not at all
			if !slices.Contains(want, ev) {
				t.Fatalf("%+v: %s", c, ev)
			}
		}
	}
}

// text is what was said, without the places: when a hole is given up depends on
// the packets of other flows.
func text(events []string) (out []string) {
	for _, ev := range events {
		if strings.Contains(ev, `"kind":"line"`) {
			out = append(out, ev[strings.IndexByte(ev, '}')+1:])
		}
	}
	return out
}

// A clock that is set back does not stop event time.
func TestClockSetBack(t *testing.T) {
	frames := slices.Concat(open(1, begin, "toy one\n"), later(open(2, begin, "toy two\n"), -3000*second))
	wall := begin + second
	var ticks atomic.Int64 // counted by the merge, read by the source
	src := &waiting{Source: synth.NewSource(frames), end: func() bool {
		wall += second
		return ticks.Load() > 20 || wall > begin+1000*second
	}}
	res, err := Run(context.Background(), Options{Source: src, Workers: 2, Protocols: toy(), Observe: func(protocols.Event) {},
		Live: &Live{Now: func() int64 { return wall - 3000*second }, Tick: func(now int64) {
			if now < begin-2000*second {
				ticks.Add(1)
			}
		}}})
	if err != nil || ticks.Load() < 20 || res.Clock.Jumps == 0 {
		t.Errorf("%v: %d ticks behind the jump, %+v", err, ticks.Load(), res.Clock)
	}
}
