package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var findings = regexp.MustCompile(`(?:What: "([a-z_]+)"|alert\(e, "([a-z_]+)")`)

const attacked = "../../pcaps/imap/auth-failures.pcap"

// --fail-on gives 1 from the severity on that was found, and 0 above it.
func TestFailOn(t *testing.T) {
	for severity, want := range map[string]int{"": 0, "low": 1, "critical": 1} {
		var out, errs bytes.Buffer
		args := []string{"replay", "--quiet", attacked}
		if severity != "" {
			args = append(args, "--fail-on", severity)
		}
		if code := run(args, nil, &out, &errs); code != want {
			t.Errorf("%q: exit %d, want %d: %s", severity, code, want, errs.String())
		}
	}
	var out, errs bytes.Buffer
	if code := run([]string{"replay", "--quiet", "--fail-on", "critical", "../../pcaps/smtp/basic.pcap"}, nil, &out, &errs); code != 0 {
		t.Errorf("nothing critical: exit %d: %s", code, errs.String())
	}
	if code := run([]string{"replay", "--fail-on", "horrible", attacked}, nil, &out, &errs); code != 2 || !strings.Contains(errs.String(), "horrible") {
		t.Errorf("a severity that is none: exit %d: %s", code, errs.String())
	}
}

// The lines of --alerts are the objects of the summary, most severe first, and the
// same with any number of workers.
func TestAlertsFile(t *testing.T) {
	var want []byte
	for _, workers := range []string{"1", "2", "8"} {
		file := filepath.Join(t.TempDir(), "alerts.jsonl")
		var out, errs bytes.Buffer
		if code := run([]string{"replay", "--json", "--quiet", "--workers", workers, "--alerts", file, attacked}, nil, &out, &errs); code != 0 {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if want != nil && !bytes.Equal(got, want) {
			t.Errorf("%s workers: other alerts", workers)
		}
		want = got
		var doc struct {
			Alerts []json.RawMessage `json:"alerts"`
		}
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(got), []byte("\n"))
		if len(lines) != len(doc.Alerts) || len(lines) < 3 {
			t.Fatalf("%d lines, %d in the summary", len(lines), len(doc.Alerts))
		}
		for i, l := range lines {
			var compact bytes.Buffer
			if err := json.Compact(&compact, doc.Alerts[i]); err != nil || !bytes.Equal(compact.Bytes(), l) {
				t.Errorf("line %d differs: %v", i, err)
			}
		}
	}
}

func TestAlertsToStandardOutput(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"replay", "--alerts", "-", attacked}, nil, &out, &errs); code != 0 || !bytes.HasPrefix(out.Bytes(), []byte(`{"id":`)) || !strings.Contains(errs.String(), "Alerts:") {
		t.Errorf("exit %d, %.80s", code, out.String())
	}
	for _, other := range []string{"--json", "--events=-"} {
		out.Reset()
		if code := run([]string{"replay", "--alerts", "-", other, attacked}, nil, &out, &errs); code != 2 || out.Len() > 0 {
			t.Errorf("%s: exit %d", other, code)
		}
	}
}

// docs/alerts.md explains every member of an alert, and every finding.
func TestAlertsAreDocumented(t *testing.T) {
	doc := string(read(t, "../../docs/alerts.md"))
	var out, errs bytes.Buffer
	if code := run([]string{"replay", "--alerts", "-", "--quiet", attacked}, nil, &out, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	for line := range bytes.Lines(out.Bytes()) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		for _, name := range members(v) {
			if !strings.Contains(doc, "`"+name+"`") {
				t.Errorf("docs/alerts.md does not explain %s", name)
			}
		}
	}
	sources, err := filepath.Glob("../../detectors/*/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal(err)
	}
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range findings.FindAllStringSubmatch(string(read(t, file)), -1) {
			name := m[1] + m[2]
			if !strings.Contains(doc, "`"+name+"`") {
				t.Errorf("docs/alerts.md does not explain %s of %s", name, file)
			}
		}
	}
}
