package protocols_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// toy is a line protocol: the client says "toy", then lines; every line is an
// anomaly, "tls", "zip", "stop" and "boom" do as their names say, and a number n
// is followed by n octets of literal.
type toy struct{ literal int }

func (p *toy) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (int, protocols.Action) {
	if p.literal > 0 && d == capture.ToServer {
		n := min(p.literal, len(b))
		p.literal -= n
		return n, protocols.Continue
	}
	n := bytes.IndexByte(b, '\n') + 1
	if n == 0 {
		return 0, protocols.Continue
	}
	text := strings.TrimSpace(string(b[:n]))
	out.Anomaly(t, d.String(), []byte(text))
	switch text {
	case "tls":
		return n, protocols.StartTLS
	case "zip":
		return n, protocols.Compressed
	case "stop":
		return n, protocols.Stop
	case "boom":
		panic("secret")
	}
	fmt.Sscan(text, &p.literal)
	return n, protocols.Continue
}

func (p *toy) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	if d == capture.ToServer {
		p.literal = max(0, p.literal-n)
	}
	out.Anomaly(t, "gap", []byte(fmt.Sprint(n)))
}
func (p *toy) Close(t int64, out protocols.Sink) { out.Anomaly(t, "close", nil) }
func (p *toy) Reset(capture.Conn)                { p.literal = 0 }

func toys() []protocols.Protocol {
	return []protocols.Protocol{{
		Name: "toy",
		New:  func() protocols.Parser { return new(toy) },
		Probe: func(p protocols.Probe) protocols.Verdict {
			if p.Midstream && bytes.Contains(p.ToServer, []byte("toy\n")) {
				return protocols.Accept
			}
			switch n := min(4, len(p.ToServer)); {
			case !bytes.HasPrefix([]byte("toy\n"), p.ToServer[:n]):
				return protocols.Reject
			case n == 4:
				return protocols.Accept
			case n == 3:
				return protocols.Maybe
			}
			return protocols.NeedMore
		},
	}}
}

func play(t *testing.T, dialogue string) string {
	t.Helper()
	turns := protocoltest.Parse(t, dialogue)
	protocoltest.CutEverywhere(t, toys(), protocoltest.Conn(7), turns, 2000)
	return strings.Join(protocoltest.Run(toys(), protocoltest.Conn(7), turns), "\n")
}

func TestDriver(t *testing.T) {
	for _, c := range []struct{ name, dialogue, want string }{
		{"lines both ways", "S> hello\\n\nC> toy\\n\nS> one\\ntwo\\n\nC> three\\n", `
			anomaly Kind=s2c Detail="hello"
			anomaly Kind=c2s Detail="toy"
			anomaly Kind=s2c Detail="one"
			anomaly Kind=s2c Detail="two"
			anomaly Kind=c2s Detail="three"
			anomaly Kind=close
			connection`},
		{"literal", "C> toy\\n5\\nab\\n\\n\\nafter\\n", `
			anomaly Kind=c2s Detail="toy"
			anomaly Kind=c2s Detail="5"
			anomaly Kind=c2s Detail="after"
			anomaly Kind=close
			connection`},
		{"not ours", "C> GET / HTTP/1.1\\n\nS> 400\\n", `connection GaveUp=unidentified`},
		{"maybe at the end", "C> toy", `
			anomaly Kind=close
			connection`},
		{"a tail at the end is dropped", "C> toy\\nhalf a li", `
			anomaly Kind=c2s Detail="toy"
			anomaly Kind=close
			connection`},
		{"tls", "C> toy\\n\nC> tls\\n\nC> \\x16\\x03\\x01\\x00\nS> \\x16\\x03", `
			anomaly Kind=c2s Detail="toy"
			anomaly Kind=c2s Detail="tls"
			tls StartTLS=true
			anomaly Kind=close
			connection GaveUp=encrypted`},
		{"decrypted mirror", "C> toy\\ntls\\n\nC> plain\\n\nS> text\\n", `
			anomaly Kind=c2s Detail="toy"
			anomaly Kind=c2s Detail="tls"
			anomaly Kind=c2s Detail="plain"
			anomaly Kind=s2c Detail="text"
			anomaly Kind=close
			connection`},
		{"compressed", "C> toy\\nzip\\n\nS> \\x07\\x01\\n\nC> x\\n", `
			anomaly Kind=c2s Detail="toy"
			anomaly Kind=c2s Detail="zip"
			anomaly Kind=deflate_corrupt
			anomaly Kind=close
			connection GaveUp=compressed`},
	} {
		want := strings.ReplaceAll(strings.TrimSpace(c.want), "\t\t\t", "")
		if got := play(t, c.dialogue); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
}

func TestGapDropsTheTail(t *testing.T) {
	turns := protocoltest.Parse(t, "C> toy\\n9\\nabc\nC! 6\nC> next\\nhal\nC! 4\nC> f\\nlast\\n")
	got := strings.Join(protocoltest.Run(toys(), protocoltest.Conn(7), turns), "\n")
	for _, want := range []string{`Detail="next"`, `Detail="last"`, `Kind=gap Detail="6"`, `Kind=gap Detail="7"`, "connection"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got, "half") {
		t.Errorf("the token was put together across the gap:\n%s", got)
	}
}

func TestPanicEndsInCounting(t *testing.T) {
	dr := protocols.NewDriver(toys())
	s := dr.Open(protocoltest.Conn(7))
	s.Data(capture.ToServer, 1, []byte("toy\nx\n"))
	if more := s.Data(capture.ToServer, 2, []byte("boom\n")); more {
		t.Error("asks for more after a panic")
	}
	s.Close(3, capture.Totals{})
	if dr.Counters.Panics != 1 {
		t.Errorf("panics %d, want 1", dr.Counters.Panics)
	}
	for _, ev := range dr.Batch.Events {
		if strings.Contains(protocoltest.Line(ev), "secret") {
			t.Error("the panic's value is in an event")
		}
	}
}

// A mid-stream connection on an odd port may begin anywhere, and with the roles
// guessed wrongly.
func TestMidstreamSwapped(t *testing.T) {
	c := protocoltest.Conn(7)
	c.Handshake = false
	turns := []protocoltest.Turn{
		{Dir: capture.ToClient, Text: bytes.Repeat([]byte("rest of something\n"), 1000)},
		{Dir: capture.ToClient, Text: []byte("toy\nhello\n")},
		{Dir: capture.ToServer, Text: []byte("answer\n")},
	}
	dr := protocols.NewDriver(toys())
	dr.Unguarded = true
	s := dr.Open(c)
	var tot capture.Totals
	for i, turn := range turns {
		tot.Half[turn.Dir].Bytes += uint64(len(turn.Text))
		s.Data(turn.Dir, int64(i), turn.Text)
	}
	s.Close(9, tot)
	var hello, answer bool
	for _, ev := range dr.Batch.Events {
		a, ok := ev.(*protocols.Anomaly)
		hello = hello || ok && a.Kind == "c2s" && string(a.Detail) == "hello"
		answer = answer || ok && a.Kind == "s2c" && string(a.Detail) == "answer"
		if end, ok := ev.(*protocols.ConnEnd); ok {
			if end.Conn.Client != c.Server || end.Totals.Half[capture.ToServer].Bytes != tot.Half[capture.ToClient].Bytes {
				t.Errorf("roles not swapped: %+v", end)
			}
			var sum uint64
			for _, v := range end.Visible {
				sum += v[0] + v[1]
			}
			if want := tot.Half[0].Bytes + tot.Half[1].Bytes; sum != want {
				t.Errorf("visibility accounts for %d of %d bytes", sum, want)
			}
		}
	}
	if !hello || !answer {
		t.Errorf("hello %v, answer %v", hello, answer)
	}
}

// mute consumes lines and says nothing but a login.
type mute struct{ toy }

func (p *mute) Parse(_ capture.Dir, t int64, b []byte, out protocols.Sink) (int, protocols.Action) {
	n := bytes.IndexByte(b, '\n') + 1
	if n > 0 {
		out.Login(t).User = out.Copy(b[:n-1])
	}
	return n, protocols.Continue
}

func (p *mute) Close(int64, protocols.Sink) {}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	list := toys()
	list[0].New = func() protocols.Parser { return new(mute) }
	dr := protocols.NewDriver(list)
	first, second := []byte("toy\nplain\npart of a li"), []byte("ne\n")
	n := testing.AllocsPerRun(100, func() {
		dr.Batch.Reset()
		s := dr.Open(protocoltest.Conn(7))
		s.Data(capture.ToServer, 1, first)
		s.Data(capture.ToServer, 1, second)
		s.Close(3, capture.Totals{})
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(dr.Batch.Events) != 5 {
		t.Errorf("%d events, want the opening, three logins and the end", len(dr.Batch.Events))
	}
}
