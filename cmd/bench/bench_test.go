package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script writes an executable shell script.
func script(t *testing.T, body string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// generator stands in for pcapgen: the file is the last argument.
const generator = `for file; do :; done
echo "made $3" >"$file"
echo '{"packets":7,"smtp":{"messages_accepted":100,"recipients_accepted":3,"file_bytes":9},"imap":{"body_items":50}}'
`

func TestStoreMakesOnce(t *testing.T) {
	var out bytes.Buffer
	dir := t.TempDir()
	for range 2 {
		st, err := newStore(dir, script(t, generator), &out)
		if err != nil {
			t.Fatal(err)
		}
		file, tr, err := st.get(spec{"small", []string{"--mix", "mail"}, 10})
		if err != nil || tr.Packets != 7 || tr.SMTP["messages_accepted"] != 100 {
			t.Fatalf("%s: %+v, %v", file, tr, err)
		}
	}
	if n := strings.Count(out.String(), "making"); n != 1 {
		t.Errorf("made %d times", n)
	}
	st, err := newStore(dir, script(t, "echo another >/dev/null\n"+strings.Replace(generator, "made", "made otherwise", 1)), &out)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.get(spec{"small", []string{"--mix", "mail"}, 10}); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "small-*.pcap")); len(files) != 1 || strings.Count(out.String(), "making") != 2 {
		t.Errorf("another generator left %v behind", files)
	}
}

func TestNoRoomIsSaid(t *testing.T) {
	st, err := newStore(t.TempDir(), script(t, generator), &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = st.get(spec{"huge", nil, 1 << 60})
	if !errors.Is(err, errNoSpace) || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("%v", err)
	}
}

func TestFailuresAreSaid(t *testing.T) {
	if _, err := newStore(t.TempDir(), "no such program", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "make bench") {
		t.Errorf("missing pcapgen: %v", err)
	}
	if _, err := newStore(t.TempDir(), script(t, "echo it broke >&2; exit 3"), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "it broke") {
		t.Errorf("failing pcapgen: %v", err)
	}
	opt := options{Runs: 1, Dir: t.TempDir(), Pcapgen: script(t, generator), Sensor: "no such program"}
	if _, err := run(opt, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "--sensor") {
		t.Errorf("missing sensor: %v", err)
	}
}

// sensor stands in for the sensor, and counts n messages.
func sensor(n string) string {
	return `echo '{"totals":{"smtp":{"messages_accepted":` + n + `,"recipients_accepted":3},"imap":{"body_items":50}}}'
test -z "$MAILSENSOR_DEBUG_MEMSTATS" || echo "mallocs=10 packets=1000" >&2
`
}

func TestWholeRun(t *testing.T) {
	for n, clean := range map[string]bool{"100": true, "96": false, "101": false} {
		var out bytes.Buffer
		opt := options{Runs: 3, Dir: t.TempDir(), Pcapgen: script(t, generator), Sensor: script(t, sensor(n))}
		if _, err := run(opt, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"mail-1GB hash none", "mixed-1GB", "synflood-5M", "0.0100 mallocs a packet", "times the processor time without", "mail-1GB: a byte takes"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in\n%s", want, out.String())
			}
		}
		if got := !strings.Contains(out.String(), "messages_accepted is "+n+" of 100"); got != clean {
			t.Errorf("counting %s of 100: clean %v, want %v\n%s", n, got, clean, out.String())
		}
	}
}

func TestMeasureTakesTimeAndMemory(t *testing.T) {
	s, err := measure([]string{"GREETING=hello"}, script(t, "sleep 0.05; echo $GREETING"))
	if err != nil || s.wall < 50*time.Millisecond || s.peak < 100_000 || string(s.stdout) != "hello\n" {
		t.Errorf("%v, %d bytes, %q, %v", s.wall, s.peak, s.stdout, err)
	}
	if _, err := measure(nil, script(t, "echo because >&2; exit 1")); err == nil || !strings.Contains(err.Error(), "because") {
		t.Errorf("%v", err)
	}
}

func row(c comparison, wc, sensor time.Duration, mem int64) result {
	return result{
		comparison: c, size: c.capture.size,
		wc:     []sample{{wall: wc}, {wall: 2 * wc}, {wall: 9 * wc}},
		sensor: []sample{{wall: 3 * sensor}, {wall: sensor, peak: mem, stdout: []byte("{}")}, {wall: 2 * sensor, stdout: []byte("{}")}},
	}
}

func TestJudge(t *testing.T) {
	c := comparison{capture: mail1, ratio: 3, peak: 200 * megabyte}
	for _, tt := range []struct {
		sensor     time.Duration
		mem        int64
		speed, fit bool
	}{
		{3 * time.Second, 199 * megabyte, true, true},
		{3001 * time.Millisecond, 200 * megabyte, false, false},
	} {
		got := judge([]result{row(c, time.Second, tt.sensor, tt.mem)})
		if len(got) != 3 || got[0].ok != tt.speed || got[1].ok != tt.fit || !got[2].ok {
			t.Errorf("%v and %d bytes: %+v", tt.sensor, tt.mem, got)
		}
	}
	if printChecks(&bytes.Buffer{}, judge([]result{{comparison: c, err: errNoSpace}})) {
		t.Error("what was not measured counts as cleared")
	}
}

func TestLinearity(t *testing.T) {
	small := row(comparison{capture: mail100}, 1, time.Second/10, 0)
	for large, ok := range map[time.Duration]bool{time.Second: true, 1300 * time.Millisecond: false} {
		got := linearity([]result{small, row(comparison{capture: mail1}, 1, large, 0)})
		if len(got) != 1 || got[0].ok != ok {
			t.Errorf("%v: %+v", large, got)
		}
	}
}

func TestMedianAndBest(t *testing.T) {
	r := row(comparison{}, time.Second, time.Second, 0)
	if r.best() != 1 || r.median() != 1 || best(r.sensor) != time.Second || median(r.sensor) != 2*time.Second {
		t.Errorf("best %v, median %v", r.best(), r.median())
	}
}

func TestParseMallocs(t *testing.T) {
	if m, p, err := parseMallocs("a note\nmallocs=25 packets=1000000\n"); m != 25 || p != 1e6 || err != nil {
		t.Errorf("%v of %v, %v", m, p, err)
	}
	for _, text := range []string{"", "mallocs=3 packets=0", "mallocs=3"} {
		if _, _, err := parseMallocs(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
