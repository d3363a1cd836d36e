package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/pipeline"
)

// Each thing that goes wrong is said, in words, and said once: not every second.
func TestMonitor(t *testing.T) {
	type books struct {
		i   live.InterfaceStats
		res pipeline.Result
	}
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixNano()
	for name, c := range map[string]struct {
		change func(*books)
		want   string // "" for silence
	}{
		"all is well":        {func(b *books) { b.res.TCP.Connections, b.res.TCP.OneSided = 1000, 50 }, ""},
		"few, and one-sided": {func(b *books) { b.res.TCP.Connections, b.res.TCP.OneSided = 20, 20 }, ""},
		"ring":               {func(b *books) { b.i.KernelDrops, b.i.Packets = 10, 90 }, "the ring was full"},
		"card":               {func(b *books) { b.i.NICDrops = 1 }, "the network card dropped"},
		"cable":              {func(b *books) { b.i.NICErrors = 1 }, "damaged"},
		"shed":               {func(b *books) { b.res.Shed.Packets = 1 }, "cannot keep up"},
		"one-sided":          {func(b *books) { b.res.TCP.Connections, b.res.TCP.OneSided = 1000, 500 }, "one direction is missing"},
		"twice":              {func(b *books) { b.res.TCP.Segments, b.res.TCP.Duplicates = 10000, 5000 }, "come twice"},
		"holes":              {func(b *books) { b.res.TCP.Segments, b.res.TCP.Gaps = 10000, 500 }, "octets of streams are missing"},
		"panic":              {func(b *books) { b.res.Driver.Panics = 1 }, "a parser failed"},
		"clock":              {func(b *books) { b.res.Clock.Jumps = 1 }, "the clock was set"},
		"gone":               {func(b *books) { b.i.State = live.Gone }, "waited for"},
		"silence":            {func(b *books) { b.i.Last = start }, "no packet comes"},
	} {
		m := newMonitor(start)
		b := books{i: live.InterfaceStats{Name: "eth1"}}
		said := map[string]int{}
		for now := start; now < start+int64(5*time.Minute); now += int64(time.Second) {
			b.i.Last = now
			c.change(&b)
			for _, w := range m.look(now, live.Stats{Interfaces: []live.InterfaceStats{b.i}}, b.res) {
				said[w.text]++
			}
		}
		if c.want == "" && len(said) > 0 {
			t.Errorf("%s: %v", name, said)
		}
		for text, n := range said {
			if !strings.Contains(text, c.want) || n != 1 {
				t.Errorf("%s: %q %d times, want %q once", name, text, n, c.want)
			}
		}
		if c.want != "" && len(said) != 1 {
			t.Errorf("%s: %v, want %q", name, said, c.want)
		}
	}
}

// flaky is an output that fails, for a while.
type flaky struct {
	text strings.Builder
	fail bool
}

func (f *flaky) Write(p []byte) (int, error) {
	if f.fail {
		return 0, errors.New("no space left")
	}
	return f.text.Write(p)
}

func (f *flaky) Close() error { return nil }

// An output that fails costs lines, which is counted, and is used again when it can
// be.
func TestLinesFail(t *testing.T) {
	out := &flaky{fail: true}
	l, err := newLines("--events", "-", out)
	if err != nil {
		t.Fatal(err)
	}
	l.file = out
	one := func(dst []byte) []byte { return append(dst, "{}"...) }
	l.write(one)
	l.flush()
	if l.lost == 0 || l.err == nil {
		t.Errorf("lost %d, %v", l.lost, l.err)
	}
	out.fail = false
	l.write(one)
	if err := l.close(); err != nil || out.text.String() != "{}\n" {
		t.Errorf("%v, %q", err, out.text.String())
	}
	if _, err := newLines("--events", "/no/such/folder/x", nil); err == nil || !strings.Contains(err.Error(), "--events") {
		t.Error(err)
	}
}
