package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/cmd/internal/store"
)

// lab17 returns the fourteen days of the lab, or skips the test.
func lab17(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("MAILSENSOR_CAPTURES")
	if root == "" {
		t.Skip("MAILSENSOR_CAPTURES names no folder of captures")
	}
	files, err := filepath.Glob(filepath.Join(root, "17*", "*.pcap*"))
	if more, _ := filepath.Glob(filepath.Join(root, "17*.pcap*")); err == nil {
		files = append(files, more...)
	}
	if len(files) == 0 {
		t.Skip("no captures of scenario 17 in", root)
	}
	return files
}

func TestStateRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	spoilt := bytes.Repeat([]byte("no database "), 1000)
	if err := os.WriteFile(path, spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	r := sensor(t, "replay", "-q", "--state", dir, "../../pcaps/smtp")
	if r.code != 2 || !strings.Contains(r.err, path) || !strings.Contains(r.err, "move it away") {
		t.Errorf("code %d: %s", r.code, r.err)
	}
	if b, _ := os.ReadFile(path); !bytes.Equal(b, spoilt) {
		t.Error("the file was changed")
	}
	if r := sensor(t, "replay", "-q", "--learn", "../../pcaps/smtp"); r.code != 2 || !strings.Contains(r.err, "--state") {
		t.Errorf("code %d: %s", r.code, r.err)
	}
}
