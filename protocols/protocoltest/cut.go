package protocoltest

import (
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

// Cut splits the turns' text at two positions counted over all turns' bytes.
func Cut(turns []Turn, i, j int) []Turn {
	var out []Turn
	at := 0
	for _, turn := range turns {
		text := turn.Text
		for _, p := range [2]int{i, j} {
			if p > at && p < at+len(text) {
				out = append(out, Turn{Dir: turn.Dir, Text: text[:p-at]})
				text, at = text[p-at:], p
			}
		}
		at += len(text)
		out = append(out, Turn{Dir: turn.Dir, Text: text, Gap: turn.Gap})
	}
	return out
}

// singly is turns of one octet each.
func singly(turns []Turn) (out []Turn) {
	for _, turn := range turns {
		for k := range turn.Text {
			out = append(out, Turn{Dir: turn.Dir, Text: turn.Text[k : k+1]})
		}
		if turn.Gap > 0 {
			out = append(out, turn)
		}
	}
	return out
}

// CutEverywhere checks that the events are the same however the dialogue is cut
// into segments: at every pair of positions (thinned out when there are more
// than limit pairs), and one byte at a time.
func CutEverywhere(t testing.TB, list []protocols.Protocol, c capture.Conn, turns []Turn, limit int) {
	t.Helper()
	same := func() []protocols.Protocol { return list }
	want := strings.Join(Run(list, c, turns), "\n")
	alike(t, same, c, singly(turns), want, "one byte at a time")
	total := 0
	for _, turn := range turns {
		total += len(turn.Text)
	}
	step := 1
	for total/step*(total/step)/2 > limit {
		step++
	}
	for i := 1; i < total; i += step {
		for j := i; j < total; j += step {
			alike(t, same, c, Cut(turns, i, j), want, "cut at %d and %d", i, j)
		}
	}
}

// CutAt checks that the events are the same when the dialogue is cut at two positions,
// and one byte at a time. list is called for each of them.
func CutAt(t testing.TB, list func() []protocols.Protocol, c capture.Conn, turns []Turn, i, j int) {
	t.Helper()
	want := strings.Join(Run(list(), c, turns), "\n")
	alike(t, list, c, Cut(turns, i, j), want, "cut at %d and %d", i, j)
	alike(t, list, c, singly(turns), want, "one byte at a time")
}

func alike(t testing.TB, list func() []protocols.Protocol, c capture.Conn, turns []Turn, want, how string, args ...any) {
	t.Helper()
	if got := strings.Join(Run(list(), c, turns), "\n"); got != want {
		t.Fatalf(how+":\n got %s\nwant %s", append(args, got, want)...)
	}
}
