package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/synth"
	"mailsensor/protocols"
)

// toy is a protocol whose every line, of either side, is an event.
func toy() []protocols.Protocol {
	return []protocols.Protocol{{
		Name: "toy",
		Probe: func(p protocols.Probe) protocols.Verdict {
			if bytes.HasPrefix(p.ToServer, []byte("toy")) || p.Midstream {
				return protocols.Accept
			}
			return protocols.NeedMore
		},
		New: func() protocols.Parser { return &toyParser{} },
	}}
}

type toyParser struct{}

func (*toyParser) Parse(_ capture.Dir, t int64, b []byte, out protocols.Sink) (int, protocols.Action) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return 0, protocols.Continue
	}
	out.Anomaly(t, "line", b[:i])
	return i + 1, protocols.Continue
}

func (*toyParser) Gap(_ capture.Dir, t int64, n int, out protocols.Sink) {
	out.Anomaly(t, "gap", fmt.Append(nil, n))
}

func (*toyParser) Close(t int64, out protocols.Sink) { out.Anomaly(t, "close", nil) }
func (*toyParser) Reset(capture.Conn)                {}

const (
	begin  = int64(1_700_000_000_000_000_000)
	second = int64(1_000_000_000)
)

// talk is the shape of conversation n.
func talk(n int) synth.Config {
	return synth.Config{
		Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}), 40000),
		Server: netip.MustParseAddrPort("10.9.9.9:7000"),
		ISN:    [2]uint32{uint32(n) * 77_777_777, 0xffffff00},
		MSS:    100,
	}
}

// crowd is n conversations at once, some of them with a hole, over half a
// minute.
func crowd(n int) []synth.Frame {
	r := rand.New(rand.NewPCG(1, 2))
	captures := make([][]synth.Frame, n)
	for i := range captures {
		turns := []synth.Turn{{Dir: capture.ToServer, Bytes: []byte("toy hello\n")}}
		for range r.IntN(20) {
			turn := synth.Turn{Dir: capture.Dir(r.IntN(2)), Time: begin + r.Int64N(30*second)}
			turn.Bytes = fmt.Appendf(nil, "%d says %s\n", i, bytes.Repeat([]byte{'x'}, r.IntN(300)))
			if r.IntN(40) == 0 {
				turn.Gap = 50
			}
			turns = append(turns, turn)
		}
		captures[i] = synth.FromDialogue(talk(i), begin+r.Int64N(5*second), turns)
	}
	return synth.Merge(captures...)
}

// line is an event in text, with its place in the order.
func line(ev protocols.Event) string {
	return string(protocols.AppendJSON(fmt.Appendf(nil, "%+v ", ev.Header().Pos), ev))
}

// replay runs a source and returns the events in text.
func replay(t *testing.T, opt Options) ([]string, Result) {
	t.Helper()
	var out []string
	if opt.Protocols == nil {
		opt.Protocols = toy()
	}
	opt.Observe = func(ev protocols.Event) { out = append(out, line(ev)) }
	res, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if res.Driver.Panics > 0 {
		t.Fatal("the toy parser panicked")
	}
	return out, res
}
