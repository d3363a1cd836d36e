package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/protocols/protocoltest"
)

var update = protocoltest.Update

// samples lists the captures in pcaps.
func samples(t testing.TB) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir("../../pcaps", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(filepath.Base(path), ".pcap") && !strings.HasSuffix(path, ".json") && !strings.HasSuffix(path, ".jsonl") {
			out = append(out, path)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("no sample captures: %v", err)
	}
	return out
}

// The summary and the events of every sample capture.
func TestGolden(t *testing.T) {
	for _, file := range samples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			events := filepath.Join(t.TempDir(), "events.jsonl")
			var out, errs bytes.Buffer
			if code := run([]string{"replay", "--json", "--quiet", "--events", events, file}, nil, &out, &errs); code != 0 {
				t.Fatalf("exit %d: %s", code, errs.String())
			}
			lines, err := os.ReadFile(events)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, file+".summary.json", out.Bytes())
			golden(t, file+".events.jsonl", lines)
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if !bytes.Equal(got, want) {
		g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Errorf("%s differs in line %d:\n got %s\nwant %s", filepath.Base(name), i+1, g[i], w[i])
				return
			}
		}
		t.Errorf("%s has %d lines, want %d", filepath.Base(name), len(g), len(w))
	}
}
