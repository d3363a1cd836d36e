package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/store"
	"mailsensor/detectors/codec"
)

// storedAlerts are the alerts in a state.
func storedAlerts(t *testing.T, dir string) (list []string) {
	t.Helper()
	s, err := store.Open(dir, store.DefaultLimits())
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

// A state of a newer version, or a part of it, is refused and not touched.
func TestStateOfNewerVersion(t *testing.T) {
	for what, statement := range map[string]string{
		"the file": "PRAGMA user_version = 99",
		"a part":   "UPDATE learned SET state = x'%x', checksum = %d WHERE name = 'login'",
	} {
		dir := t.TempDir()
		good(t, "replay", "-q", "--state", dir, basic)
		path := filepath.Join(dir, store.FileName)
		newer := codec.Seal(nil, "login", 99, func(b []byte) []byte { return b })
		if strings.Contains(statement, "%x") {
			statement = fmt.Sprintf(statement, newer, crc32.Checksum(newer, crc32.MakeTable(crc32.Castagnoli)))
		}
		db, err := sql.Open("sqlite", path)
		if err == nil {
			_, err = db.Exec(statement)
			db.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		before := read(t, path)
		if o := sensor(nil, "replay", "-q", "--state", dir, basic); o.code != exitBad || !strings.Contains(o.err, "newer version") || !strings.Contains(o.err, "not touched") {
			t.Errorf("%s: exit %d: %s", what, o.code, o.err)
		}
		if !bytes.Equal(read(t, path), before) {
			t.Errorf("%s: it was touched", what)
		}
	}
}

// A capture that is older than what is known is judged, and its alerts are stored.
func TestStateAndOlderCapture(t *testing.T) {
	days := sampleDays(t, 2)
	dir := t.TempDir()
	good(t, "replay", "-q", "--state", dir, days[1])
	later := storedAlerts(t, dir)
	printed := strings.Split(strings.TrimSpace(good(t, "replay", "-q", "--alerts", "-", "--state", dir, days[0])), "\n")
	stored := storedAlerts(t, dir)
	for _, line := range printed {
		if !slices.Contains(stored, line) {
			t.Errorf("not stored: %s", line)
		}
	}
	if len(printed) < 5 || len(stored) < len(later) {
		t.Errorf("%d printed, %d stored, %d before", len(printed), len(stored), len(later))
	}
}

// What an account was seen with is shown, and forgotten with the rest.
func TestHistoryOfAccounts(t *testing.T) {
	dir := t.TempDir()
	good(t, "replay", "-q", "--state", dir, normal, "../../pcaps/sieve/managesieve.pcap")
	var account string
	for line := range strings.Lines(good(t, "baseline", "list", "--state", dir, "--kind", "account")) {
		if f := strings.Fields(line); len(f) > 2 && f[2] == "logins" {
			account = f[1]
			break
		}
	}
	show := good(t, "baseline", "show", "--state", dir, account)
	for _, want := range []string{"logins: seen", "SEEN WITH", "source "} {
		if !strings.Contains(show, want) {
			t.Errorf("no %q in %s", want, show)
		}
	}
	kinds := map[string]int{}
	db, err := sql.Open("sqlite", filepath.Join(dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT kind, count(*) FROM accounts WHERE last_seen LIKE '2026-11-23T%Z' GROUP BY kind")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var kind string
		var n int
		if err := rows.Scan(&kind, &n); err != nil {
			t.Fatal(err)
		}
		kinds[kind] = n
	}
	rows.Close()
	if kinds["source"] == 0 || kinds["rule"] == 0 || kinds["script"] == 0 || kinds["client"] == 0 {
		t.Error(kinds)
	}
	db.Close()
	if out := good(t, "baseline", "forget", "--state", dir, account); !strings.Contains(out, "habits of "+account) {
		t.Error(out)
	}
	if o := sensor(nil, "baseline", "show", "--state", dir, account); o.code != exitBad {
		t.Error(o.out)
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

// Fourteen runs with a state come to what one run over all fourteen files comes to, octet
// by octet: the last word on every alert, what is stored, what was learned.
func TestStateGoesOn(t *testing.T) {
	daily := perDay(t, labFile(t, fortnight+".pcap.gz"))
	if len(daily) != 14 {
		t.Fatalf("%d days", len(daily))
	}
	goesOn(t, daily, 10)
}

// goesOn compares one run over all files with a run for each. No connection may cross
// from one to the next.
func goesOn(t *testing.T, files []string, least int) {
	t.Helper()
	one, many := t.TempDir(), t.TempDir()
	want := strings.SplitAfter(good(t, append([]string{"replay", "-q", "--alerts", "-", "--attachment-hash", "none", "--state", one}, files...)...), "\n")
	last := map[string]string{} // by what an alert is known by
	for i, file := range files {
		workers := []string{"1", "2", "8"}[i%3]
		for line := range strings.Lines(good(t, "replay", "-q", "--alerts", "-", "--attachment-hash", "none", "--workers", workers, "--state", many, file)) {
			var a struct{ ID string }
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				t.Fatal(err)
			}
			last[a.ID] = line
		}
	}
	want = want[:len(want)-1] // nothing is behind the last line
	same(t, "alerts printed", slices.Sorted(maps.Values(last)), slices.Sorted(slices.Values(want)))
	same(t, "alerts stored", storedAlerts(t, many), storedAlerts(t, one))
	if len(want) < least {
		t.Errorf("%d alerts", len(want))
	}
	if a, b := good(t, "baseline", "export", "--state", one), good(t, "baseline", "export", "--state", many); a != b {
		t.Error("what was learned differs")
	}
	a, b := storedStates(t, one), storedStates(t, many)
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("what %s remembers differs", name)
		}
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%s: %d in pieces, %d in one", what, len(got), len(want))
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Logf("in pieces: %s\nin one: %s", got[i], want[i])
			return
		}
	}
}

// storedStates are what a state holds beside the alerts.
func storedStates(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	s, err := store.Open(dir, store.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, err := newAnalysis(config.Default())
	if err != nil {
		t.Fatal(err)
	}
	states := map[string][]byte{}
	for _, p := range append(a.learned(), part{positionName, new(position)}) {
		if states[p.name], _, err = s.Learned(p.name); err != nil || states[p.name] == nil {
			t.Fatal(p.name, err)
		}
	}
	return states
}
