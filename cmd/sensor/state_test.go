package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/store"
)

// storedAlerts are the alerts in a state.
func storedAlerts(t *testing.T, dir string) (list []string) {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Alerts(func(a store.Alert) bool { list = append(list, string(a.JSON)); return true }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestStateRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, store.FileName)
	spoilt := bytes.Repeat([]byte("no database "), 1000)
	if err := os.WriteFile(path, spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := sensor(nil, "replay", "-q", "--state", dir, basic); o.code != exitBad || !strings.Contains(o.err, path) || !strings.Contains(o.err, "move it away") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
	if !bytes.Equal(read(t, path), spoilt) {
		t.Error("the file was changed")
	}
	if o := sensor(nil, "replay", "-q", "--learn", basic); o.code != exitBad || !strings.Contains(o.err, "--state") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
	other := t.TempDir()
	good(t, "replay", "-q", "--state", other, basic)
	zone := write(t, "sensor.yaml", []byte("timezone: Asia/Tokyo\n"))
	if o := sensor(nil, "replay", "-q", "--state", other, "--config", zone, basic); o.code != exitBad || !strings.Contains(o.err, "time zone") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
}

// Alerts are stored as they are written, and learning raises none.
func TestStateKeepsAlerts(t *testing.T) {
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSpace(good(t, "replay", "-q", "--alerts", "-", "--state", dir, failures)), "\n")
	got := storedAlerts(t, dir)
	slices.Sort(lines)
	slices.Sort(got)
	if len(got) == 0 || !slices.Equal(got, lines) {
		t.Errorf("stored %q, written %q", got, lines)
	}
	learn := t.TempDir()
	if out := good(t, "replay", "-q", "--alerts", "-", "--state", learn, "--learn", failures); out != "" {
		t.Errorf("learning raised %s", out)
	}
	if got := storedAlerts(t, learn); len(got) != 0 {
		t.Errorf("learning stored %q", got)
	}
	if list := good(t, "baseline", "list", "--state", learn); !strings.Contains(list, "login_failures") {
		t.Error(list)
	}
}

func TestBaselineCommands(t *testing.T) {
	dir := t.TempDir()
	good(t, "replay", "-q", "--state", dir, "../../pcaps/smtp", "../../pcaps/imap")
	export := good(t, "baseline", "export", "--state", dir)
	if again := good(t, "baseline", "export", "--state", dir); again != export {
		t.Error("two exports of one state differ")
	}
	lines := strings.Split(strings.TrimSpace(export), "\n")
	var head exportHead
	if err := json.Unmarshal([]byte(lines[0]), &head); err != nil || head != (exportHead{exportSchema, "UTC"}) {
		t.Error(lines[0], err)
	}
	var first exportSeries
	if err := json.Unmarshal([]byte(lines[1]), &first); err != nil || first.Entity == "" || first.Metric == "" {
		t.Error(lines[1], err)
	}
	show := good(t, "baseline", "show", "--state", dir, first.Entity)
	for _, line := range strings.Split(show, "\n") {
		if n := len([]rune(line)); n > 132 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(show, first.Metric) || !strings.Contains(show, "\n  Mon  ") {
		t.Error(show)
	}

	other := filepath.Join(t.TempDir(), "new")
	good(t, "baseline", "import", "--state", other, write(t, "b.jsonl", []byte(export)))
	if got := good(t, "baseline", "export", "--state", other); got != export {
		t.Error("what was imported is not what was exported")
	}
	good(t, "baseline", "forget", "--state", other, first.Entity)
	if list := good(t, "baseline", "list", "--state", other); strings.Contains(list, " "+first.Entity+" ") {
		t.Errorf("%s was not forgotten:\n%s", first.Entity, list)
	}
	for _, args := range [][]string{
		{"show", "--state", dir, "nobody"}, {"forget", "--state", dir, "nobody"}, {"list", "--state", filepath.Join(dir, "missing")},
		{"import", "--state", dir, write(t, "cut.jsonl", []byte(lines[0]+"\n"+lines[1]))}, {"import", "--state", dir, basic},
	} {
		if o := sensor(nil, append([]string{"baseline"}, args...)...); o.code != exitBad || o.err == "" {
			t.Errorf("%q: exit %d %s", args, o.code, o.err)
		}
	}
	if got := good(t, "baseline", "export", "--state", dir); got != export {
		t.Error("commands that failed changed the state")
	}
}

// Fourteen runs with a state come to what one run comes to.
func TestStateGoesOn(t *testing.T) {
	root := os.Getenv("MAILSENSOR_CAPTURES")
	if root == "" {
		t.Skip("MAILSENSOR_CAPTURES names no folder of captures")
	}
	file := filepath.Join(root, "17-baseline-14d.pcap.gz")
	one, many := t.TempDir(), t.TempDir()
	var doc struct{ Capture struct{ First time.Time } }
	if err := json.Unmarshal([]byte(good(t, "replay", "-q", "--json", "--attachment-hash", "none", "--state", one, file)), &doc); err != nil {
		t.Fatal(err)
	}
	from := doc.Capture.First.Add(-time.Second)
	for range 14 {
		to := from.Add(24 * time.Hour)
		good(t, "replay", "-q", "--attachment-hash", "none", "--state", many, "--from", from.Format(time.RFC3339Nano), "--to", to.Format(time.RFC3339Nano), file)
		from = to
	}
	// The baselines go on; what else detectors remember of before is not stored yet.
	if a, b := foundIn(t, one, "volume", "bulk"), foundIn(t, many, "volume", "bulk"); len(a) == 0 || !slices.Equal(a, b) {
		t.Errorf("one run: %q\nfourteen: %q", a, b)
	}
}

// foundIn are the alerts of some detectors in a state: what was found, of whom.
func foundIn(t *testing.T, dir string, detectors ...string) (list []string) {
	t.Helper()
	for _, line := range storedAlerts(t, dir) {
		var a struct {
			ID, Detector, What string
			Entity             struct{ Name string }
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(detectors, a.Detector) {
			list = append(list, a.ID+" "+a.What+" "+a.Entity.Name)
		}
	}
	return list
}

// What the detectors remember is what they go on with.
func TestStateOfSet(t *testing.T) {
	a, err := newAnalysis(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range a.learned() {
		for _, bad := range [][]byte{nil, {}, []byte("{}"), []byte("null"), []byte(`{"version":1,"open":[null]}`), []byte(`{"version":1,"open":[{"key":"x"}]}`), bytes.Repeat([]byte{0xff}, 100)} {
			if err := p.LoadState(bad); err == nil {
				t.Errorf("%s takes %q for a state", p.name, bad)
			}
		}
		b, err := p.AppendState(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.LoadState(b); err != nil {
			t.Error(p.name, err)
		}
		if c, _ := p.AppendState(nil); !bytes.Equal(b, c) {
			t.Errorf("%s: what was loaded is stored otherwise: %s", p.name, fmt.Sprintf("%.60q, %.60q", b, c))
		}
	}
}
