package sieve

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

var update = flag.Bool("update", false, "rewrite the goldens")

func sieves() []protocols.Protocol { return []protocols.Protocol{New()} }

// conn is a connection; its beginning was not seen if the name says midstream.
func conn(name string) capture.Conn {
	c := protocoltest.Conn(4190)
	c.Handshake = !strings.HasPrefix(name, "midstream")
	return c
}

// TestGolden plays every dialogue of testdata: the lines up to ---- are the
// dialogue, those behind it the events. Every dialogue is also cut everywhere.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	for _, name := range files {
		base := strings.TrimSuffix(filepath.Base(name), ".txt")
		t.Run(base, func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dialogue, want, _ := strings.Cut(string(b), "----\n")
			turns := protocoltest.Parse(t, dialogue)
			got := strings.Join(protocoltest.Run(sieves(), conn(base), turns), "\n") + "\n"
			if *update {
				if err := os.WriteFile(name, []byte(dialogue+"----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if strings.Contains(got, "SECRET") || strings.Contains(got, "U0VDUkVU") {
				t.Error("a secret is in the events")
			}
			protocoltest.CutEverywhere(t, sieves(), conn(base), turns, 300)
		})
	}
}
