package imap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// FuzzDialogue holds that no bytes make the parser panic, and that it does not
// matter how they are cut. The first octets of a line of input say who speaks
// and how much is lost, so that the fuzzer can find turns and gaps.
func FuzzDialogue(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "== ")[1:] {
			_, rest, _ := strings.Cut(part, "\n")
			dialogue, _, _ := strings.Cut(rest, "--\n")
			f.Add(encode(protocoltest.Parse(f, dialogue)), true, uint16(7), uint16(31))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, handshake bool, i, j uint16) {
		if len(in) > 4096 {
			return
		}
		c := protocoltest.Conn(143)
		c.Handshake = handshake
		turns := decode(in)
		p := newProtocol(1 << 62)
		p.Probe = func(protocols.Probe) protocols.Verdict { return protocols.Accept } // where probing begins depends on the cuts
		list := []protocols.Protocol{p}
		want := strings.Join(protocoltest.Run(list, c, turns), "\n")
		a, b := int(min(i, j)), int(max(i, j))
		if got := strings.Join(protocoltest.Run(list, c, protocoltest.Cut(turns, a, b)), "\n"); got != want {
			t.Fatalf("cut at %d and %d:\n got %s\nwant %s", a, b, got, want)
		}
	})
}

// encode writes turns as direction, length (two octets) and text; a gap has the
// direction's next but one.
func encode(turns []protocoltest.Turn) (out []byte) {
	for _, turn := range turns {
		n, kind := len(turn.Text), byte(turn.Dir)
		if turn.Gap > 0 {
			n, kind = turn.Gap, kind+2
		}
		out = append(out, kind, byte(n>>8), byte(n))
		out = append(out, turn.Text...)
	}
	return out
}

func decode(in []byte) (turns []protocoltest.Turn) {
	for len(in) >= 3 {
		kind, n := in[0]&3, int(in[1])<<8|int(in[2])
		in = in[3:]
		turn := protocoltest.Turn{Dir: capture.Dir(kind & 1)}
		if kind >= 2 {
			turn.Gap = n + 1
		} else {
			n = min(n, len(in))
			turn.Text, in = in[:n], in[n:]
		}
		if turn.Gap > 0 || len(turn.Text) > 0 {
			turns = append(turns, turn)
		}
	}
	return turns
}

// FuzzProbe holds that probing does not panic and that more bytes do not turn an
// acceptance into something else.
func FuzzProbe(f *testing.F) {
	f.Add([]byte("a LOGIN x y\r\n"), []byte("* OK hi\r\n"), false)
	f.Add([]byte("x\r\na1 FETCH 1 BODY[]\r\n"), []byte("text\r\n* 1 FETCH (UID 4)\r\n"), true)
	f.Fuzz(func(t *testing.T, c, s []byte, mid bool) {
		n := len(s) / 2
		before := probe(protocols.Probe{ToServer: c, ToClient: s[:n], Midstream: mid})
		after := probe(protocols.Probe{ToServer: c, ToClient: s, Midstream: mid})
		if before == protocols.Accept && after != protocols.Accept && !isBinary(s) {
			t.Fatalf("accepted %q %q, then verdict %d for %q", c, s[:n], after, s)
		}
	})
}
