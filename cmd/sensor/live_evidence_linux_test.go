package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture/live/livetest"

	"github.com/emersion/go-imap/v2/imapclient"
)

// A confined sensor keeps the packets of a connection that an alert names, without
// what was tried as a password.
func TestLiveEvidence(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	newMailPeers(t, livetest.NewPeer(t))
	dir := filepath.Join(t.TempDir(), "evidence")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w := startWatcher(t, "--pcap-out", dir)
	for range 40 {
		c, err := imapclient.DialInsecure(livetest.FarAddr+":143", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.Login("u@corp.example", "guessed-password").Wait() == nil {
			t.Fatal("a wrong password was right")
		}
		c.Close()
	}
	w.until("an alert", func() bool { return strings.Contains(w.log(), "msg=alert") })
	w.end()
	files := captures(t, dir)
	if len(files) == 0 {
		t.Fatalf("nothing was kept: %s", w.log())
	}
	for _, file := range files {
		if bytes.Contains(read(t, file), []byte("guessed-password")) {
			t.Errorf("%s holds a password", file)
		}
		if out := good(t, "replay", "-q", "--events", "-", file); !strings.Contains(out, `"outcome":"rejected"`) || !strings.Contains(out, `"u@corp.example"`) {
			t.Errorf("%s: %s", file, out)
		}
	}
}
