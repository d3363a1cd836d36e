package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/capture/tcp"
	"mailsensor/protocols"
)

// The same events in the same order, whoever does the work.
func TestWorkersDoNotMatter(t *testing.T) {
	frames := crowd(400)
	want, wantRes := replay(t, Options{Source: synth.NewSource(frames), Workers: 1})
	if wantRes.Packets != uint64(len(frames)) || len(want) < 2000 {
		t.Fatalf("%d packets of %d, %d events", wantRes.Packets, len(frames), len(want))
	}
	for _, kind := range []string{`"line"`, `"gap"`, `"close"`, `"connection"`} {
		if !slices.ContainsFunc(want, func(s string) bool { return strings.Contains(s, kind) }) {
			t.Errorf("no event says %s", kind)
		}
	}
	for _, workers := range []int{2, 3, 8, 64, 500, 0} {
		got, res := replay(t, Options{Source: synth.NewSource(frames), Workers: workers})
		if !slices.Equal(got, want) {
			t.Errorf("%d workers: other events", workers)
		}
		res.Driver.ProbeWindows, res.TCP.PeakFlows = wantRes.Driver.ProbeWindows, wantRes.TCP.PeakFlows
		if res != wantRes {
			t.Errorf("%d workers: %+v, want %+v", workers, res, wantRes)
		}
	}
}

// Events come by position, and none has the position of another.
func TestOrder(t *testing.T) {
	var last protocols.Position
	n := 0
	_, err := Run(context.Background(), Options{
		Source: synth.NewSource(crowd(300)), Workers: 8, Protocols: toy(),
		Observe: func(ev protocols.Event) {
			if pos := ev.Header().Pos; n > 0 && last.Compare(pos) >= 0 {
				t.Errorf("%+v behind %+v", pos, last)
			}
			last = ev.Header().Pos
			n++
		},
	})
	if err != nil || n == 0 {
		t.Fatalf("%d events, %v", n, err)
	}
}

// ended says how each connection ended, and what was said before and after.
func ended(t *testing.T, frames []synth.Frame, idle time.Duration) string {
	t.Helper()
	var story []string
	_, err := Run(context.Background(), Options{
		Source: synth.NewSource(frames), Workers: 2, Protocols: toy(), TCP: tcp.Options{IdleTimeout: idle},
		Observe: func(ev protocols.Event) {
			switch e := ev.(type) {
			case *protocols.ConnEnd:
				story = append(story, fmt.Sprintf("%s ends: %v", e.Conn.Client.Addr(), e.Totals.End))
			case *protocols.Anomaly:
				if e.Kind == "line" {
					story = append(story, fmt.Sprintf("%s: %s", e.Conn.Client.Addr(), e.Detail))
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(story, "\n")
}

// open is a connection in which the client says something, and that is left open.
func open(n int, at int64, said ...string) (frames synth.List) {
	c := synth.New(talk(n), frames.Add)
	t := c.Open(at)
	for _, s := range said {
		t = c.Send(capture.ToServer, t, []byte(s))
	}
	return frames
}

func later(frames []synth.Frame, d int64) []synth.Frame {
	frames = slices.Clone(frames)
	for i := range frames {
		frames[i].Time += d
	}
	return frames
}

// What fell silent ends before the packet that shows how late it is.
func TestTimeoutBeforeThePacketPastIt(t *testing.T) {
	frames := slices.Concat(open(1, begin, "toy one\n"), open(2, begin+second, "toy two\n"), open(3, begin+60*second, "toy three\n"))
	const said, then = "10.0.0.1: toy one\n10.0.0.2: toy two\n", "10.0.0.3: toy three\n10.0.0.3 ends: capture_end"
	one, two := "10.0.0.1 ends: idle\n", "10.0.0.2 ends: idle\n" // in the order of their shards
	if got := ended(t, frames, 10*time.Second); got != said+one+two+then && got != said+two+one+then {
		t.Errorf("got\n%s\nwant\n%s", got, said+one+two+then)
	}
}

// One packet from the future, of a clock gone wrong, ends nothing. If the next
// one is from the same future, time has gone on.
func TestPacketFromTheFuture(t *testing.T) {
	const years = 5 * 365 * 24 * 3600 * second
	one, two := open(1, begin, "toy one\n", "still one\n"), open(2, begin+second, "toy two\n", "still two\n")
	alone := slices.Concat(one[:4], later(two[:1], years), two[1:], later(one[4:], 2*second))
	if got := ended(t, alone, 10*time.Second); strings.Contains(got, "idle") || !strings.Contains(got, "still one") {
		t.Errorf("one packet:\n%s", got)
	}
	agreed := slices.Concat(one, later(two, years))
	if got := ended(t, agreed, 10*time.Second); !strings.Contains(got, "10.0.0.1 ends: idle") || !strings.Contains(got, "10.0.0.2 ends: capture_end") {
		t.Errorf("all packets from there on:\n%s", got)
	}
}

func TestSelection(t *testing.T) {
	frames := crowd(20)
	_, whole := replay(t, Options{Source: synth.NewSource(frames)})
	from, to := begin+5*second, begin+9*second
	n := 0
	for _, f := range frames {
		if f.Time >= from && f.Time < to && len(f.Bytes) < 100 {
			n++
		}
	}
	_, res := replay(t, Options{Source: synth.NewSource(frames), From: from, To: to,
		Match: func(b []byte, link capture.LinkType) bool { return len(b) < 100 && link == capture.LinkEthernet }})
	if res.Packets != whole.Packets || int(res.Packets-res.Filtered) != n || n == 0 || n == len(frames) {
		t.Errorf("%d of %d packets filtered, want all but %d", res.Filtered, res.Packets, n)
	}
	if res.First < from || res.Last >= to || res.Bytes >= whole.Bytes {
		t.Errorf("%+v", res)
	}
}
