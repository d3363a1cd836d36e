package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mailsensor/capture/synth"
)

// connection is the number of one, in an event and in a file's name.
var (
	connectionNumber = regexp.MustCompile(`"connection":(\d+),`)
	fileNumber       = regexp.MustCompile(`-(\d+)\.pcap$`)
	learned          = regexp.MustCompile(`"recipients_(in|out)side":\d+,?`) // by all connections of a capture
)

// eventsOf are the events of each connection, without their numbers.
func eventsOf(t *testing.T, file string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for line := range strings.Lines(good(t, "replay", "-q", "--events", "-", file)) {
		n := connectionNumber.FindStringSubmatch(line)
		out[n[1]] = append(out[n[1]], learned.ReplaceAllString(strings.Replace(line, n[0], "", 1), ""))
	}
	return out
}

// What is kept of an alert's connections gives their events again, and holds none of
// the secrets that were said.
func TestEvidence(t *testing.T) {
	for name, files := range map[string]struct{ kept, alike int }{
		// of CRAM-MD5 the name is overwritten with the answer that it stands in
		"smtp/auth.pcap": {3, 2}, "imap/auth-failures.pcap": {34, 34}, "imap/bulk-split.pcap": {4, 4}, "imap/compress.pcap": {1, 1},
		"sieve/auto-forward.pcap": {8, 8}, "sieve/managesieve.pcap": {10, 10}, "http/mail-apis.pcap": {5, 0},
	} {
		original := filepath.Join("..", "..", "pcaps", name)
		dir := filepath.Join(t.TempDir(), "evidence")
		good(t, "replay", "-q", "--pcap-out", dir, original)
		want, kept, alike := eventsOf(t, original), captures(t, dir), 0
		for _, file := range kept {
			got := eventsOf(t, file)
			if id := fileNumber.FindStringSubmatch(file)[1]; slices.Equal(got["0"], want[id]) && len(got["0"]) > 0 {
				alike++
			}
			if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", file, st.Mode(), err)
			}
		}
		if len(kept) != files.kept || alike != files.alike {
			t.Errorf("%s: %d connections are kept, %d give the same events", name, len(kept), alike)
		}
		noSecretIn(t, name, load(t, original), kept)
	}
}

func captures(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// noSecretIn looks for what was said in frames as a secret, as it was said and in the
// open.
func noSecretIn(t *testing.T, name string, frames []synth.Frame, kept []string) {
	t.Helper()
	known := spoken(frames)
	for _, text := range said(frames) {
		if bytes.HasPrefix(text, []byte("AUTHENTICATE ")) { // ManageSieve
			for s := range secrets(text) {
				known[s] = true
			}
		}
		for _, m := range regexp.MustCompile(`(?m)^(?:PASS|APOP \S+) (\S+)\r$`).FindAllSubmatch(text, -1) {
			known[string(m[1])] = true
		}
		for _, m := range regexp.MustCompile(`(?i)\r\n(?:proxy-)?authorization: \w+ (\S{8,})`).FindAllSubmatch(text, -1) {
			known[string(m[1])] = true
			if plain, err := base64.StdEncoding.DecodeString(string(m[1])); err == nil {
				if _, password, ok := bytes.Cut(plain, []byte{':'}); ok {
					known[string(password)] = true
				}
			}
		}
	}
	for _, prompt := range []string{"Username:", "Password:"} { // the server says that
		delete(known, base64.StdEncoding.EncodeToString([]byte(prompt)))
		delete(known, prompt)
	}
	for _, file := range kept {
		for _, text := range append(said(load(t, file)), read(t, file)) {
			for s := range known {
				if len(s) >= 6 && bytes.Contains(text, []byte(s)) {
					t.Errorf("%s: a secret of %d octets is in %s", name, len(s), filepath.Base(file))
				}
			}
		}
	}
}

// No capture of the lab leaves a secret in what is kept of it.
func TestEvidenceOfTheLab(t *testing.T) {
	if testing.Short() {
		t.Skip("walks all captures")
	}
	list, _ := filepath.Glob(filepath.Join(filepath.Dir(labFile(t, "03-smtp-auth.pcap")), "*.pcap"))
	kept := 0
	for _, original := range list {
		dir := filepath.Join(t.TempDir(), filepath.Base(original))
		sensor(nil, "replay", "-q", "--pcap-out", dir, original) // some are damaged
		if files := captures(t, dir); len(files) > 0 {
			noSecretIn(t, original, load(t, original), files)
			kept += len(files)
		}
	}
	if kept < 100 {
		t.Errorf("only %d connections were kept", kept)
	}
}

// The files are bounded, and so is what is held.
func TestEvidenceIsBounded(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "other.pcap")
	if err := os.WriteFile(foreign, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"imap/bulk-split.pcap", "imap/bulk-chunked.pcap"} {
		good(t, "replay", "-q", "--pcap-out", dir, "--pcap-out-size", "1", filepath.Join("..", "..", "pcaps", name))
	}
	size, files := int64(0), captures(t, dir)
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += st.Size()
	}
	if size > 1<<20 && len(files) > 2 || !slices.Contains(files, foreign) {
		t.Errorf("%d octets in %v", size, files)
	}
}
