package http

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// turnsOf reads a fuzz input: a first byte of each turn says who speaks, or that
// octets are lost, and how many bytes follow.
func turnsOf(in []byte) (turns []protocoltest.Turn) {
	for len(in) > 1 {
		c := in[0]
		in = in[1:]
		d := capture.Dir(c & 1)
		n := min(int(c>>2)*4+1, len(in))
		if c&2 != 0 && c>>2 < 4 {
			turns = append(turns, protocoltest.Turn{Dir: d, Gap: n})
			continue
		}
		turns = append(turns, protocoltest.Turn{Dir: d, Text: in[:n]})
		in = in[n:]
	}
	return turns
}

// pack is the reverse of turnsOf, for the seeds.
func pack(turns []protocoltest.Turn) (out []byte) {
	for _, turn := range turns {
		if turn.Gap > 0 {
			out = append(out, byte(turn.Dir)|2)
			continue
		}
		for text := turn.Text; len(text) > 0; {
			n := min(len(text), 253)
			n -= (n - 1) % 4
			out = append(out, byte(turn.Dir)|byte((n-1)/4)<<2)
			out = append(out, text[:n]...)
			text = text[n:]
		}
	}
	return out
}

// FuzzParse checks that nothing panics and that the same dialogue cut otherwise
// gives the same events.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for i, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		dialogue, _, _ := strings.Cut(string(b), "----\n")
		f.Add(pack(protocoltest.Parse(f, dialogue)), uint16(i*7), strings.HasPrefix(filepath.Base(name), "midstream"))
	}
	f.Add(pack(prior().turns), uint16(99), false)
	f.Fuzz(func(t *testing.T, in []byte, at uint16, midstream bool) {
		everyCut(t, in, at, midstream)
	})
}

// FuzzMail is FuzzParse for the calls of mail APIs.
func FuzzMail(f *testing.F) {
	files, _ := filepath.Glob("testdata/mail/*.txt")
	for i, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		dialogue, _, _ := strings.Cut(string(b), "----\n")
		f.Add(pack(exchangesOf(f, dialogue)), uint16(i*7))
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint16) { everyCut(t, in, at, false) })
}

// everyCut checks that a dialogue gives the same events however it is cut.
func everyCut(t *testing.T, in []byte, at uint16, midstream bool) {
	if len(in) > 8<<10 {
		return
	}
	c := protocoltest.Conn(80)
	c.Handshake = !midstream
	turns := turnsOf(in)
	p := New()
	p.Probe = func(protocols.Probe) protocols.Verdict { return protocols.Accept }
	https := func() []protocols.Protocol { return []protocols.Protocol{p} }
	want := protocoltest.Run(https(), c, turns)
	if got := protocoltest.Run(https(), c, protocoltest.Cut(turns, int(at), int(at)*2)); !slices.Equal(got, want) {
		t.Fatalf("cut at %d:\n got %s\nwant %s", at, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var single []protocoltest.Turn
	for _, turn := range turns {
		for k := range turn.Text {
			single = append(single, protocoltest.Turn{Dir: turn.Dir, Text: turn.Text[k : k+1]})
		}
		if turn.Gap > 0 {
			single = append(single, turn)
		}
	}
	if got := protocoltest.Run(https(), c, single); !slices.Equal(got, want) {
		t.Fatalf("one byte at a time:\n got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
