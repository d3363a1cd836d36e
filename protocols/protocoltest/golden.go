package protocoltest

import (
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// Update says that goldens are rewritten, not compared.
var Update = flag.Bool("update", false, "rewrite the goldens")

// Golden plays every dialogue of testdata: the lines up to ---- are the dialogue,
// those behind it the events, and a comment on the first line says what is shown. The
// beginning of a connection whose name begins with midstream was not seen. Every
// dialogue is also cut everywhere, and none may show the word SECRET, which stands in
// them for what nobody may see. There have to be at least so many.
func Golden(t *testing.T, list []protocols.Protocol, port uint16, atLeast int) {
	t.Helper()
	GoldenIn(t, "testdata", Parse, list, port, atLeast)
}

// GoldenIn is Golden for the dialogues of a folder that are written as read reads them.
func GoldenIn(t *testing.T, folder string, read func(testing.TB, string) []Turn, list []protocols.Protocol, port uint16, atLeast int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(files) < atLeast {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			dialogue, want := dialogueOf(t, file)
			turns, c := read(t, dialogue), connOf(file, port)
			got := strings.Join(Run(list, c, turns), "\n") + "\n"
			if *Update {
				if err := os.WriteFile(file, []byte(dialogue+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			NoSecret(t, got)
			CutEverywhere(t, list, c, turns, 300)
		})
	}
}

func dialogueOf(t testing.TB, file string) (dialogue, events string) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dialogue, events, _ = strings.Cut(string(b), "----\n")
	return dialogue, events
}

func connOf(file string, port uint16) capture.Conn {
	c := Conn(port)
	c.Handshake = !strings.HasPrefix(filepath.Base(file), "midstream")
	return c
}

// NoSecret fails when events show the word SECRET, or the base64 of it.
func NoSecret(t testing.TB, events string) {
	t.Helper()
	for _, s := range []string{"SECRET", base64.StdEncoding.EncodeToString([]byte("SECRET"))} {
		if strings.Contains(events, s) {
			t.Errorf("%s is in the events:\n%s", s, events)
		}
	}
}

// Fuzz looks for dialogues that make a parser panic, or of which the events depend on
// how they are cut; it begins with those of testdata.
func Fuzz(f *testing.F, list func() []protocols.Protocol, port uint16) {
	f.Helper()
	FuzzIn(f, "testdata", Parse, list, port)
}

// FuzzIn is Fuzz for the dialogues of a folder that are written as read reads them.
func FuzzIn(f *testing.F, folder string, read func(testing.TB, string) []Turn, list func() []protocols.Protocol, port uint16) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no dialogues, %v", err)
	}
	for i, file := range files {
		dialogue, _ := dialogueOf(f, file)
		f.Add(Pack(read(f, dialogue)), uint16(i*7), connOf(file, port).Handshake)
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint16, handshake bool) {
		if len(in) > 8<<10 {
			return
		}
		c := Conn(port)
		c.Handshake = handshake
		CutAt(t, list, c, Unpack(in), int(at), int(at)*2)
	})
}

// Only makes the connection a protocol's without asking its Probe, so that what the
// fuzzer says is parsed. What comes in a tunnel is nobody's.
func Only(p protocols.Protocol) []protocols.Protocol {
	asked := false
	p.Probe = func(protocols.Probe) protocols.Verdict {
		if asked {
			return protocols.Reject
		}
		asked = true
		return protocols.Accept
	}
	return []protocols.Protocol{p}
}

// Unpack reads the input of a fuzzer: a first byte of each turn says who speaks, or that
// octets are lost, and how many bytes follow.
func Unpack(in []byte) (turns []Turn) {
	for len(in) > 1 {
		c := in[0]
		in = in[1:]
		d := capture.Dir(c & 1)
		n := min(int(c>>2)*4+1, len(in))
		if c&2 != 0 && c>>2 < 4 {
			turns = append(turns, Turn{Dir: d, Gap: n})
			continue
		}
		turns = append(turns, Turn{Dir: d, Text: in[:n]})
		in = in[n:]
	}
	return turns
}

// Pack is the reverse of Unpack, for the seeds.
func Pack(turns []Turn) (out []byte) {
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
