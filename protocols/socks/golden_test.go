package socks

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/imap"
	"mailsensor/protocols/protocoltest"
	"mailsensor/protocols/smtp"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func all() []protocols.Protocol {
	return []protocols.Protocol{New(), smtp.New(smtp.Config{}), imap.New()}
}

// TestGolden plays every dialogue of testdata: the lines up to ---- are the
// dialogue, those behind it the events. Every dialogue is also cut everywhere.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dialogue, want, _ := strings.Cut(string(b), "----\n")
			turns := protocoltest.Parse(t, dialogue)
			got := strings.Join(protocoltest.Run(all(), protocoltest.Conn(1080), turns), "\n") + "\n"
			if *update {
				if err := os.WriteFile(name, []byte(dialogue+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if strings.Contains(got, "SECRET") {
				t.Error("a secret is in the events")
			}
			protocoltest.CutEverywhere(t, all(), protocoltest.Conn(1080), turns, 300)
		})
	}
}
