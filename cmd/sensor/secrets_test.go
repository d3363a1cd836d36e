package main

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// secrets takes the passwords out of a capture's bytes, in the forms in which
// they were sent.
func secrets(b []byte) map[string]bool {
	found := map[string]bool{}
	add := func(s []byte) {
		if regexp.MustCompile(`^[!-~]{6,}$`).Match(s) {
			found[string(s)] = true
			found[base64.StdEncoding.EncodeToString(s)] = true
		}
	}
	for _, m := range regexp.MustCompile(`(?i) LOGIN "?[^\s"{]+"? "?([^\s"{]+)"?\r\n`).FindAllSubmatch(b, -1) {
		add(m[1])
	}
	for _, m := range regexp.MustCompile(`[A-Za-z0-9+/]{8,}={0,2}\r\n`).FindAll(b, -1) {
		line := bytes.TrimSpace(m)
		text, err := base64.StdEncoding.DecodeString(string(line))
		if parts := bytes.Split(text, []byte{0}); err == nil && len(parts) == 3 && len(parts[1]) > 0 { // PLAIN
			found[string(line)] = true
			add(parts[2])
		}
	}
	for _, at := range regexp.MustCompile(`334 UGFzc3dvcmQ6\r\n`).FindAllIndex(b, -1) { // LOGIN: "Password:"
		if m := regexp.MustCompile(`([A-Za-z0-9+/]{6,}={0,2})\r\n`).Find(b[at[1]:min(len(b), at[1]+400)]); m != nil {
			text, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(string(m)))
			add(text)
		}
	}
	for _, m := range regexp.MustCompile(`@corp\.example \{(\d\d?)\}\r\n`).FindAllSubmatchIndex(b, -1) { // a literal
		n, _ := strconv.Atoi(string(b[m[2]:m[3]]))
		text := regexp.MustCompile(`[!-~]{` + strconv.Itoa(n) + `}\r\n`).Find(b[m[1]:min(len(b), m[1]+400)])
		add(bytes.TrimSpace(text))
	}
	return found
}

// Nothing that anybody logged in with is in any output about any sample.
func TestNoSecretGetsOut(t *testing.T) {
	all := map[string]bool{}
	for _, file := range samples(t) {
		for s := range secrets(read(t, file)) {
			all[s] = true
		}
	}
	if got := len(secrets(read(t, failures))); got < 50 {
		t.Fatalf("%d secrets in %s: they are no longer found", got, failures)
	}
	for _, file := range samples(t) {
		for _, args := range [][]string{{"--json"}, {"--top", "0"}, {"-q", "--events", "-"}} {
			out := strings.ToLower(good(t, append(append([]string{"replay"}, args...), file)...))
			for s := range all {
				if strings.Contains(out, strings.ToLower(s)) {
					t.Errorf("%s: a secret of %d octets is in the output of %q", file, len(s), args)
				}
			}
		}
	}
}
