package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
)

// The names that other programs read.
func TestSummaryKeys(t *testing.T) {
	keys := map[string]string{
		"smtp": "connections messages_attempted messages_accepted messages_rejected messages_unfinished messages_unknown " +
			"recipients_accepted recipients_rejected message_bytes logins_ok logins_failed",
		"imap": "connections logins_ok logins_failed messages_downloaded messages_headers_only messages_partial part_bytes " +
			"body_items body_bytes messages_appended messages_copied messages_moved messages_expunged",
		"tls": "connections starttls bytes_to_server bytes_to_client",
	}
	for _, file := range samples(t) {
		out := good(t, "replay", "--json", file)
		var doc map[string]json.RawMessage
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, key := range strings.Fields("schema capture totals hosts accounts anomalies visibility") {
			if doc[key] == nil {
				t.Errorf("%s: no %s", file, key)
			}
		}
		d := parse(t, out)
		if d.Schema != "mailsensor/summary/v1" {
			t.Errorf("%s: schema %q", file, d.Schema)
		}
		for protocol, names := range keys {
			for _, name := range strings.Fields(names) {
				if d.Totals[protocol][name] == nil {
					t.Errorf("%s: totals have no %s.%s", file, protocol, name)
				}
			}
		}
		var c map[string]any
		if err := json.Unmarshal(doc["capture"], &c); err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields("files packets bytes first last truncated connections one_sided_connections gap_bytes") {
			if c[name] == nil {
				t.Errorf("%s: capture has no %s", file, name)
			}
		}
	}
}

func TestWhereOutputGoes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events")
	toFile := sensor(nil, "replay", "--events", file, basic)
	toOut := sensor(nil, "replay", "--events", "-", basic)
	events := string(read(t, file))
	if toFile.code != 0 || toFile.err != "" || !strings.HasPrefix(toFile.out, "Read "+basic) {
		t.Errorf("to a file: %+v", toFile)
	}
	if toOut.code != 0 || toOut.out != events || toOut.err != toFile.out {
		t.Errorf("to standard output: exit %d, %d octets of events, want %d; standard error: %s", toOut.code, len(toOut.out), len(events), toOut.err)
	}
	if o := sensor(nil, "replay", "--events", "-", "--quiet", basic); o.code != 0 || o.out != events || o.err != "" {
		t.Errorf("quiet: exit %d, %d octets of events: %s", o.code, len(o.out), o.err)
	}
	if o := sensor(nil, "replay", "--quiet", basic); o != (outcome{}) {
		t.Errorf("quiet without events: %+v", o)
	}
	if o := sensor(nil, "replay", "--quiet", "--json", basic); o.code != 0 || parse(t, o.out).Capture.Packets == 0 {
		t.Errorf("quiet with --json: %+v", o)
	}
}

// There is a progress bar on a terminal only: a pipe or a file gets none.
func TestNoProgressWithoutTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if bar := newProgress(file, nil, false); bar != nil {
		t.Error("a progress bar in a file")
	}
	if bar := newProgress(new(bytes.Buffer), nil, false); bar != nil {
		t.Error("a progress bar in memory")
	}
	if code := run([]string{"replay", "--quiet", basic}, nil, file, file); code != exitOK || len(read(t, file.Name())) != 0 {
		t.Errorf("exit %d: %s", code, read(t, file.Name()))
	}
}

// Every line of events is one object with the members that all have.
func TestEventLines(t *testing.T) {
	for _, file := range samples(t) {
		out := good(t, "replay", "-q", "--events", "-", file)
		lines := bufio.NewScanner(strings.NewReader(out))
		lines.Buffer(nil, 1<<20)
		n := 0
		for ; lines.Scan(); n++ {
			var ev map[string]any
			if err := json.Unmarshal(lines.Bytes(), &ev); err != nil {
				t.Fatalf("%s: line %d: %v: %s", file, n+1, err, lines.Bytes())
			}
			for _, name := range strings.Fields("time type protocol client server community_id connection confidence") {
				if ev[name] == nil {
					t.Fatalf("%s: line %d has no %s: %s", file, n+1, name, lines.Bytes())
				}
			}
		}
		if n == 0 || n != strings.Count(out, "\n") {
			t.Errorf("%s: %d events in %d lines", file, n, strings.Count(out, "\n"))
		}
	}
}

// The summary of every sample is at most 80 columns wide, whatever --top is.
func TestWidth(t *testing.T) {
	for _, file := range append(samples(t), "../../pcaps") {
		for _, top := range []string{"10", "1", "0"} {
			o := sensor(nil, "replay", "--top", top, file)
			if o.code != 0 || !strings.Contains(o.out, "What could be seen") {
				t.Errorf("%s: exit %d: %s", file, o.code, o.err)
			}
			for line := range strings.SplitSeq(o.out, "\n") {
				if w := text.StringWidthWithoutEscSequences(line); w > 80 {
					t.Errorf("%s: %d columns: %s", file, w, line)
				}
			}
			if strings.ContainsAny(o.out, "\x1b\r\t") {
				t.Errorf("%s: control characters in %q", file, o.out)
			}
		}
	}
}

func TestTop(t *testing.T) {
	one, all := good(t, "replay", "--top", "1", basic), good(t, "replay", "--top", "0", basic)
	if !strings.Contains(one, "more (--top 0 shows all)") || strings.Contains(all, "more (--top") || strings.Count(one, "\n") >= strings.Count(all, "\n") {
		t.Errorf("%s\n%s", one, all)
	}
}

func TestAttachmentHash(t *testing.T) {
	with := good(t, "replay", "-q", "--events", "-", basic)
	without := good(t, "replay", "-q", "--events", "-", "--attachment-hash", "none", basic)
	if !strings.Contains(with, `"sha256":"`) || strings.Contains(without, "sha256") {
		t.Error("sha256 only where it is asked for")
	}
	if strings.Count(with, "\n") != strings.Count(without, "\n") {
		t.Error("the hash changes the number of events")
	}
}

// broken is a standard output whose reader has gone.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestReaderOfOutputIsGone(t *testing.T) {
	for _, args := range [][]string{
		{"replay", basic},
		{"replay", "--json", basic},
		{"replay", "--events", "-", basic},
		{"version"},
		{"completion", "bash"},
		{"completion", "fish"},
	} {
		var errs bytes.Buffer
		code := run(args, nil, broken{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}}, &errs)
		if code != exitOK || strings.Contains(errs.String(), "sensor:") {
			t.Errorf("%q: exit %d: %s", args, code, errs.String())
		}
		code = run(args, nil, broken{io.ErrShortWrite}, &errs)
		if code != exitBad || !strings.Contains(errs.String(), "sensor: ") {
			t.Errorf("%q and a full disk: exit %d: %s", args, code, errs.String())
		}
	}
}

func TestMemoryFigures(t *testing.T) {
	t.Setenv("MAILSENSOR_DEBUG_MEMSTATS", "1")
	if o := sensor(nil, "replay", "-q", basic); o.code != 0 || !strings.HasPrefix(o.err, "mallocs=") || !strings.Contains(o.err, " packets=") {
		t.Errorf("%+v", o)
	}
}
