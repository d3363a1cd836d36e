package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailsensor/cmd/internal/metrics"
)

// journal is a log that can be read while it is written.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// started is a group of sinks that comes back after milliseconds.
func started(t *testing.T, j *journal, list ...Config) *Group {
	t.Helper()
	if i, err := CheckAll(list); err != nil {
		t.Fatal(i, err)
	}
	g, err := Open(list, Options{Sensor: "probe", Version: "1.0", Log: slog.New(slog.NewTextHandler(j, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range g.sinks {
		s.retry, s.linger = backoff{5 * time.Millisecond, 20 * time.Millisecond}, 5*time.Millisecond
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(0) })
	return g
}

// event is the n-th of a test.
func event(n int) []byte {
	return fmt.Appendf(nil, `{"time":"2026-01-02T03:04:05.%09dZ","type":"login","protocol":"imap","client":{"address":"10.0.0.1","port":1},"connection":%d,"user":"%s"}`,
		n, n, strings.Repeat("u", n%200))
}

func feed(g *Group, from, to int) {
	for i := from; i < to; i++ {
		g.Event(event(i))
	}
}

// number is which event a line is.
func number(t *testing.T, line []byte) int {
	t.Helper()
	var v struct{ Connection *int }
	if err := json.Unmarshal(line, &v); err != nil || v.Connection == nil {
		t.Errorf("%v: %q", err, line)
		return -1
	}
	return *v.Connection
}

// inbox is what a receiver got.
type inbox struct {
	mu  sync.Mutex
	got []int
}

func (b *inbox) add(n ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, n...)
}

func (b *inbox) list() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]int(nil), b.got...)
}

// exactly waits until the events up to n have come, each once and in order.
func (b *inbox) exactly(t *testing.T, n int) {
	t.Helper()
	until(t, fmt.Sprintf("%d events", n), func() bool { return len(b.list()) >= n })
	for i, got := range b.list() {
		if got != i {
			t.Fatalf("event %d came in place %d of %d", got, i, n)
		}
	}
	if got := len(b.list()); got != n {
		t.Fatalf("%d events came, want %d", got, n)
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not in time: " + what)
		}
	}
}

// metric reads one of the first sink.
func metric(t *testing.T, g *Group, name string) int {
	t.Helper()
	r := metrics.New("")
	r.Gather(g.Gather)
	var b bytes.Buffer
	r.Write(&b, "test")
	for line := range strings.Lines(b.String()) {
		if rest, ok := strings.CutPrefix(line, fmt.Sprintf("mailsensor_sink_%s{sink=%q} ", name, g.sinks[0].name)); ok {
			var n float64
			fmt.Sscan(rest, &n)
			return int(n)
		}
	}
	t.Fatalf("no %s in\n%s", name, b.String())
	return 0
}

func TestFileRotates(t *testing.T) {
	dir, j := t.TempDir(), new(journal)
	path := filepath.Join(dir, "events.jsonl")
	if err := os.WriteFile(path+".1", []byte("old\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := started(t, j, Config{Name: "f", QueueMiB: 64, File: &FileConfig{Path: path, RotateMiB: 1, Keep: 3}})
	g.Alert([]byte(`{"id":"a"}`))
	feed(g, 0, 40000)
	g.Close(20 * time.Second)
	var all []byte
	for _, name := range []string{path + ".3", path + ".2", path + ".1", path} {
		st, err := os.Stat(name)
		if err != nil || st.Mode() != 0o600 || st.Size() > 1<<20+batchOctets {
			t.Fatal(st, err)
		}
		b, _ := os.ReadFile(name)
		all = append(all, b...)
	}
	rows := bytes.Split(bytes.TrimSpace(all), []byte{'\n'})
	for i, row := range rows { // the newest are there, whole and in order
		if want := 40000 - len(rows) + i; number(t, row) != want {
			t.Fatalf("line %d is %s, want %d", i, row, want)
		}
	}
	if names, _ := filepath.Glob(path + "*"); len(names) != 4 {
		t.Error(names)
	}
	if len(rows) < 10000 || metric(t, g, "lines_total") != 40001 || metric(t, g, "lost_lines_total") != 0 {
		t.Error(len(rows), j)
	}
}

func TestFileByAge(t *testing.T) {
	o, err := newFile(FileConfig{Path: filepath.Join(t.TempDir(), "x"), RotateMiB: 1, RotateAge: time.Hour, Keep: 1, Fsync: "batch"}, new(counters))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	o.now = func() time.Time { return now }
	for _, step := range []time.Duration{0, 59 * time.Minute, time.Minute, 0} {
		now = now.Add(step)
		if again, err := o.deliver(t.Context(), lines(0, 1)); err != nil || again != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{o.config.Path, o.config.Path + ".1"} {
		if b, err := os.ReadFile(name); err != nil || bytes.Count(b, []byte{'\n'}) != 2 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// A file that was renamed is begun anew when it is told so.
func TestFileReopens(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	g := started(t, new(journal), Config{Name: "f", Send: []string{"events"}, File: &FileConfig{Path: path}})
	has := func(path string, n int) func() bool {
		return func() bool { b, _ := os.ReadFile(path); return bytes.Count(b, []byte{'\n'}) == n }
	}
	feed(g, 0, 3)
	g.Alert([]byte(`{}`)) // is not sent there
	until(t, "three lines", has(path, 3))
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	g.Reopen()
	until(t, "a new file", has(path, 0))
	feed(g, 3, 5)
	until(t, "two lines", has(path, 2))
	if !has(path+".old", 3)() {
		t.Error("the old file is another")
	}
}

// Standard output that nobody reads costs what has no room, counted to the line, and
// does not hold up the end.
func TestStdoutThatBlocks(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	list := []Config{{Name: "out", QueueMiB: 1, Stdout: &StdoutConfig{}}}
	if _, err := CheckAll(list); err != nil {
		t.Fatal(err)
	}
	g, err := Open(list, Options{Stdout: w})
	if err != nil || g.Start() != nil {
		t.Fatal(err)
	}
	feed(g, 0, 20000)
	g.Close(10 * time.Millisecond)
	if n := metric(t, g, "lines_total") + metric(t, g, "lost_lines_total"); n != 20000 || metric(t, g, "lost_lines_total") < 10000 {
		t.Errorf("%d lines are accounted for", n)
	}
}
