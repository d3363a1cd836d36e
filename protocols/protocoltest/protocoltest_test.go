package protocoltest

import (
	"bytes"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

func TestParse(t *testing.T) {
	turns := Parse(t, "# a comment\nC: one\nC> two\\x00\\\\n\\r\\n\n\nS! 12\n  S: three\r\n")
	want := []Turn{{Dir: capture.ToServer, Text: []byte("one\r\ntwo\x00\\n\r\n")}, {Dir: capture.ToClient, Gap: 12}, {Dir: capture.ToClient, Text: []byte("three\r\n")}}
	if len(turns) != len(want) {
		t.Fatalf("%v", turns)
	}
	for i := range want {
		if turns[i].Dir != want[i].Dir || turns[i].Gap != want[i].Gap || !bytes.Equal(turns[i].Text, want[i].Text) {
			t.Errorf("turn %d: %v", i, turns[i])
		}
	}
}

// However a dialogue is cut or packed, each side says the same.
func TestCutsAndPacks(t *testing.T) {
	turns := []Turn{{Text: bytes.Repeat([]byte("abc"), 200)}, {Dir: capture.ToClient, Gap: 1}, {Dir: capture.ToClient, Text: []byte("xyz")}}
	for name, other := range map[string][]Turn{"cut": Cut(turns, 7, 601), "within one turn": Cut(turns, 7, 9), "one by one": singly(turns), "packed": Unpack(Pack(turns))} {
		var said [2][]byte
		gaps := 0
		for _, turn := range other {
			said[turn.Dir] = append(said[turn.Dir], turn.Text...)
			gaps += turn.Gap
		}
		if !bytes.Equal(said[0], turns[0].Text) || string(said[1]) != "xyz" || gaps != 1 {
			t.Errorf("%s: %q", name, said)
		}
	}
}

// careless reports every segment, so that its events depend on the cuts.
type careless struct{}

func (careless) Parse(_ capture.Dir, t int64, b []byte, out protocols.Sink) (int, protocols.Action) {
	out.Anomaly(t, "segment", b)
	return len(b), protocols.Continue
}
func (careless) Gap(capture.Dir, int64, int, protocols.Sink) {}
func (careless) Close(int64, protocols.Sink)                 {}
func (careless) Reset(capture.Conn)                          {}

// witness notes that a check failed.
type witness struct {
	testing.TB
	failed bool
}

func (*witness) Helper()                 {}
func (w *witness) Fatalf(string, ...any) { w.failed = true }
func (w *witness) Errorf(string, ...any) { w.failed = true }

// The checks fail where there is something to find.
func TestChecksFail(t *testing.T) {
	list := func() []protocols.Protocol {
		return Only(protocols.Protocol{Name: "careless", New: func() protocols.Parser { return careless{} }})
	}
	turns := []Turn{{Text: []byte("one segment")}}
	for name, check := range map[string]func(testing.TB){
		"cut everywhere": func(w testing.TB) { CutEverywhere(w, list(), Conn(1), turns, 100) },
		"cut at":         func(w testing.TB) { CutAt(w, list, Conn(1), turns, 3, 5) },
		"secret":         func(w testing.TB) { NoSecret(w, `User="U0VDUkVU"`) },
	} {
		w := &witness{TB: t}
		if check(w); !w.failed {
			t.Errorf("%s does not fail", name)
		}
	}
}
