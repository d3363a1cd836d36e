package imap

import (
	"bytes"
	"compress/flate"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols/protocoltest"
)

// compressed turns COMPRESS on behind the greeting and deflates what follows,
// flushed at the end of every turn.
func compressed(t *testing.T, turns []protocoltest.Turn) []protocoltest.Turn {
	t.Helper()
	var packed [2]bytes.Buffer
	var w [2]*flate.Writer
	for d := range w {
		w[d], _ = flate.NewWriter(&packed[d], 6)
	}
	greeting, rest, _ := bytes.Cut(turns[0].Text, []byte("\r\n"))
	out := append([]protocoltest.Turn{{Dir: capture.ToClient, Text: append(greeting, "\r\n"...)}},
		protocoltest.Parse(t, "C: zip COMPRESS DEFLATE\nS: zip OK DEFLATE active")...)
	if len(rest) > 0 {
		turns[0].Text = rest
	} else {
		turns = turns[1:]
	}
	for _, turn := range turns {
		if _, err := w[turn.Dir].Write(turn.Text); err != nil {
			t.Fatal(err)
		}
		w[turn.Dir].Flush()
		out = append(out, protocoltest.Turn{Dir: turn.Dir, Text: bytes.Clone(packed[turn.Dir].Bytes())})
		packed[turn.Dir].Reset()
	}
	return out
}

// Every dialogue gives the same events when it is compressed.
func TestCompressedDialogues(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "== ")[1:] {
			name, rest, _ := strings.Cut(part, "\n")
			dialogue, _, _ := strings.Cut(rest, "--\n")
			if strings.Contains(name, "mid-stream") || strings.Contains(dialogue, "STARTTLS") || strings.Contains(dialogue, "COMPRESS") ||
				strings.Contains(dialogue, "!") || !strings.HasPrefix(strings.TrimSpace(dialogue), "S: * OK") {
				continue
			}
			n++
			c := protocoltest.Conn(143)
			want := strings.Join(protocoltest.Run(list, c, protocoltest.Parse(t, dialogue)), "\n")
			if got := strings.Join(protocoltest.Run(list, c, compressed(t, protocoltest.Parse(t, dialogue))), "\n"); got != want {
				t.Errorf("%s: %s:\n got %s\nwant %s", file, name, got, want)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d dialogues", n)
	}
}

const fetched = `S: * OK hi
C: a LOGIN u p
S: a OK done
C: b SELECT INBOX
S: * 3 EXISTS
S: b OK done
C: c FETCH 1:3 (UID BODY[])
S: * 1 FETCH (UID 11 BODY[] {5}
S: hello)
S: * 2 FETCH (UID 12 BODY[] {5}
S: hallo)
C: d NOOP
S: * 3 FETCH (UID 13 BODY[] {5}
S: holla)
S: c OK done
S: d OK done
C: e LOGOUT
S: * BYE bye
S: e OK done`

func TestCompressedCutEverywhere(t *testing.T) {
	turns := compressed(t, protocoltest.Parse(t, fetched))
	protocoltest.CutEverywhere(t, list, protocoltest.Conn(143), turns, 4000)
}

// What is sent behind the command and behind its OK, in the same segments, is
// compressed; before a NO it is not.
func TestCompressPipelined(t *testing.T) {
	turns := compressed(t, protocoltest.Parse(t, fetched))
	want := strings.Join(protocoltest.Run(list, protocoltest.Conn(143), turns), "\n")
	if !strings.Contains(want, "Items=3") {
		t.Fatal(want)
	}
	early := []protocoltest.Turn{turns[0], // the client's LOGIN behind COMPRESS, its answer behind the OK
		{Dir: capture.ToServer, Text: append(bytes.Clone(turns[1].Text), turns[3].Text...)},
		{Dir: capture.ToClient, Text: append(bytes.Clone(turns[2].Text), turns[4].Text...)}}
	early = append(early, turns[5:]...)
	if got := strings.Join(protocoltest.Run(list, protocoltest.Conn(143), early), "\n"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	protocoltest.CutEverywhere(t, list, protocoltest.Conn(143), early, 1000)

	refused := protocoltest.Parse(t, "S: * OK hi\nC: z COMPRESS DEFLATE\nC: a LOGIN u p\nS: z NO never\nS: a OK done\nC: b NOOP\nS: b OK")
	if got := strings.Join(protocoltest.Run(list, protocoltest.Conn(143), refused), "\n"); !strings.Contains(got, "login") || strings.Contains(got, "GaveUp") {
		t.Errorf("refused: %s", got)
	}
}

// Behind a loss that direction is not read any more, the other is.
func TestCompressedGap(t *testing.T) {
	turns := compressed(t, protocoltest.Parse(t, fetched))
	for _, c := range []struct {
		lost int
		want string
	}{
		{7, "Items=3"}, // the client's FETCH
		{8, ""},        // its first answers
	} {
		cut := append([]protocoltest.Turn(nil), turns...)
		cut[c.lost] = protocoltest.Turn{Dir: cut[c.lost].Dir, Gap: len(cut[c.lost].Text)}
		got := strings.Join(protocoltest.Run(list, protocoltest.Conn(143), cut), "\n")
		if !strings.Contains(got, c.want) || !strings.Contains(got, "GaveUp=compressed") || c.want == "" && strings.Contains(got, "Items=") {
			t.Errorf("turn %d is lost: %s", c.lost, got)
		}
	}
}

// A client alone: what it sends tells that the server said yes.
func TestCompressedOneSided(t *testing.T) {
	var only []protocoltest.Turn
	for _, turn := range compressed(t, protocoltest.Parse(t, "S: * OK hi\nC: b SELECT INBOX\nC: c SEARCH SUBJECT \"needle in here\"\nC: d LOGOUT")) {
		if turn.Dir == capture.ToServer {
			only = append(only, turn)
		}
	}
	got := strings.Join(protocoltest.Run(list, protocoltest.Conn(143), only), "\n")
	if !strings.Contains(got, "needle") {
		t.Error(got)
	}
}
