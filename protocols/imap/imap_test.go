package imap

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

var list = []protocols.Protocol{newProtocol(1 << 62)}

// TestDialogues plays every dialogue of testdata. A file holds dialogues under
// headings "== name"; what follows "--" are the events.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { dialogues(t, file) })
	}
}

func dialogues(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, part := range strings.Split(string(text), "== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		dialogue, want, _ := strings.Cut(rest, "--\n")
		want = strings.TrimSpace(want)
		turns := protocoltest.Parse(t, dialogue)
		c := protocoltest.Conn(143)
		c.Handshake = !strings.Contains(name, "mid-stream")
		events := protocoltest.Run(list, c, turns)
		got := strings.Join(events[:len(events)-1], "\n") // without the end of the connection
		out.WriteString("== " + name + "\n" + dialogue + "--\n" + got + "\n\n")
		t.Run(name, func(t *testing.T) {
			if got != want && !*protocoltest.Update {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			protocoltest.CutEverywhere(t, list, c, turns, 1500)
		})
	}
	if *protocoltest.Update {
		if err := os.WriteFile(file, bytes.TrimSuffix(out.Bytes(), []byte("\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
