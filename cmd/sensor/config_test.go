package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/cmd/internal/config"
)

// What show prints is a sensor.yaml, and says the same.
func TestConfigShow(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sensor.yaml")
	text := "timezone: Europe/Berlin\ndetectors:\n  login:\n    guess_failures: 25\n    guess_window: 5m\n  access:\n    allowed: [192.0.2.0/24]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var first, second, errs bytes.Buffer
	if code := run([]string{"config", "show", "--config", file}, nil, &first, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	for _, want := range []string{"timezone: Europe/Berlin", "guess_failures: 25", "guess_window: 5m0s", "spray_accounts: 8", "10.0.0.0/8", "192.0.2.0/24"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("no %q in\n%s", want, first.String())
		}
	}
	if err := os.WriteFile(file, first.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run([]string{"config", "show", "--config", file}, nil, &second, &errs); code != 0 || second.String() != first.String() {
		t.Errorf("read back: %s\n%s", errs.String(), second.String())
	}
}

func TestConfigCheck(t *testing.T) {
	for text, want := range map[string]string{
		"detectors:\n  bulk:\n    burst: 100\n": "",
		"detectors:\n":                          "",
		"detectors:\n  bulk:\n    brust: 100\n": "unknown field \"brust\"",
		"detectors:\n  bulk:\n    burst: 0\n":   "bulk.burst has to be more than 0",
		"detectors:\n  baseline:\n    thresholds:\n      host:\n        fall: 9\n      account.messages_sent:\n        least: 5\n": "",
		"detectors:\n  baseline:\n    thresholds:\n      hosts:\n        fall: 9\n":                                                `"hosts" is none of what is told`,
		"detectors:\n  baseline:\n    thresholds:\n      host:\n        falls: 9\n":                                                `unknown field "falls"`,
		"detectors:\n  baseline:\n    thresholds:\n      host.messages_sent:\n        day: -1\n":                                   "nothing can be below 0",
		"detectors:\n  login:\n    learn: -1h\n":                                                                                   "login.learn has to be more than 0",
		"detectors:\n  login:\n    learn: soon\n":                                                                                  `invalid duration "soon"`,
	} {
		file := filepath.Join(t.TempDir(), "sensor.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code := run([]string{"config", "check", file}, nil, &out, &errs)
		if want == "" && (code != 0 || !strings.Contains(out.String(), "is good")) || want != "" && (code != 2 || !strings.Contains(errs.String(), want)) {
			t.Errorf("%q: exit %d: %s", text, code, errs.String())
		}
	}
}

// Thresholds that are not given are as shipped, those beside them in the file too.
func TestConfigKeepsDefaults(t *testing.T) {
	c, err := config.Parse([]byte("detectors:\n  login:\n    guess_failures: 25\n"))
	if want := config.Default().Detectors; err != nil || c.Detectors.Login.GuessFailures != 25 || c.Detectors.Login.SprayAccounts != want.Login.SprayAccounts || c.Detectors.Bulk != want.Bulk {
		t.Errorf("%+v, %v", c.Detectors, err)
	}
}

// Lists of indicators and places are files; one that is bad is named.
func TestIntelAndGeoFiles(t *testing.T) {
	dir := t.TempDir()
	list, file := filepath.Join(dir, "bad.txt"), filepath.Join(dir, "sensor.yaml")
	if err := os.WriteFile(list, []byte("203.0.113.77\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"intel: [" + list + "]\n": 0, "intel: [" + dir + "/missing]\n": 2, "geo: [" + list + "]\n": 2} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run([]string{"replay", "--config", file, attacked}, nil, &out, &errs); code != want {
			t.Errorf("%q: exit %d: %s", text, code, errs.String())
		}
		if want == 0 && !strings.Contains(out.String(), "list \"bad.txt\"") {
			t.Errorf("no match:\n%s", out.String())
		}
		if want != 0 && !strings.Contains(errs.String(), dir) {
			t.Errorf("%q: %s", text, errs.String())
		}
	}
}
