package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// encryptedSession is what a server logged of a session in TLS.
type encryptedSession struct {
	Service string
	Port    int `json:"client_port"`
	TLS     bool
	Logout  *struct {
		Bodies    uint64 `json:"body_count"`
		BodyBytes uint64 `json:"body_bytes"`
		RETR      uint64 `json:"retr_count"`
		RETRBytes uint64 `json:"retr_bytes"`
	}
}

// estimateEvent is what of an estimate is compared. Members that are absent are 0.
type estimateEvent struct {
	Type, Service string
	Client        struct{ Port int }
	Messages      uint64
	MessagesLow   uint64 `json:"messages_low"`
	MessagesHigh  uint64 `json:"messages_high"`
	Bytes         uint64
	BytesLow      uint64 `json:"bytes_low"`
	BytesHigh     uint64 `json:"bytes_high"`
}

// The estimates of the lab's encrypted sessions against what the servers logged.
// The table of docs/estimate.md is this test's: -update writes it.
func TestEstimatesHold(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if dir == "" {
		t.Skip("MAILSENSOR_CAPTURES is not set: the captures of real servers are not walked")
	}
	var rows []string
	n, messages, octets := 0, 0, 0
	for _, name := range []string{"07-imap-compress", "08-imap-tls", "10-pop3", "13-http-proxy"} {
		sessions := encryptedSessions(t, filepath.Join(dir, name+".truth.json"))
		for _, e := range estimates(t, filepath.Join(dir, name+".pcap")) {
			s, ok := sessions[e.Client.Port]
			if !ok {
				continue // the other leg of a proxied session
			}
			delete(sessions, e.Client.Port)
			sent, size := s.Logout.Bodies+s.Logout.RETR, s.Logout.BodyBytes+s.Logout.RETRBytes
			n++
			if e.MessagesLow <= sent && sent <= e.MessagesHigh {
				messages++
			}
			if e.BytesLow <= size && size <= e.BytesHigh {
				octets++
			}
			rows = append(rows, fmt.Sprintf("| %s | %s | %d | %d | %d to %d | %d | %d | %d to %d |", name, s.Service, sent, e.Messages,
				e.MessagesLow, e.MessagesHigh, size, e.Bytes, e.BytesLow, e.BytesHigh))
		}
		if len(sessions) > 0 {
			t.Errorf("%s: %d encrypted sessions without an estimate", name, len(sessions))
		}
	}
	if n < 15 || 10*messages < 9*n || 10*octets < 9*n {
		t.Errorf("of %d sessions the interval holds the messages of %d and the octets of %d", n, messages, octets)
	}
	slices.Sort(rows)
	table := "| capture | service | messages | estimate | interval | octets | estimate | interval |\n|---|---|---|---|---|---|---|---|\n" + strings.Join(rows, "\n") + "\n\n" +
		fmt.Sprintf("Of %d sessions the interval holds the messages of %d and the octets of %d.\n", n, messages, octets)
	const begin, end = "<!-- measured: begin -->\n", "<!-- measured: end -->"
	doc := string(read(t, "../../docs/estimate.md"))
	before, rest, found := strings.Cut(doc, begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/estimate.md has no place for the table")
	}
	if old == table {
		return
	}
	if !*update {
		t.Fatal("the table of docs/estimate.md is not what was measured: go test ./cmd/sensor -run EstimatesHold -update writes it")
	}
	if err := os.WriteFile("../../docs/estimate.md", []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func encryptedSessions(t *testing.T, name string) map[int]encryptedSession {
	t.Helper()
	var truth struct {
		Server struct {
			Inside  []encryptedSession `json:"dovecot_sessions"`
			Outside []encryptedSession `json:"dovecot_ext_sessions"`
		} `json:"server_side"`
	}
	if err := json.Unmarshal(read(t, name), &truth); err != nil {
		t.Fatal(err)
	}
	out := map[int]encryptedSession{}
	for _, s := range append(truth.Server.Inside, truth.Server.Outside...) {
		if s.TLS && s.Logout != nil {
			out[s.Port] = s
		}
	}
	return out
}

func estimates(t *testing.T, file string) (out []estimateEvent) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	good(t, "replay", "--json", "--quiet", "--events", path, file)
	lines := bufio.NewScanner(bytes.NewReader(read(t, path)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e estimateEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == "estimate" {
			out = append(out, e)
		}
	}
	return out
}
