package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
)

// variations of a capture. Those that keep what was said must give the same
// events; the others must not break anything, and show what is missing.
var variations = []struct {
	name  string
	same  bool
	apply func([]synth.Frame) []synth.Frame
}{
	{"re-cut", true, func(f []synth.Frame) []synth.Frame { return synth.Recut(f, 1) }},
	{"reordered", true, func(f []synth.Frame) []synth.Frame { return synth.Reorder(f, 3, 2) }},
	{"duplicated", true, func(f []synth.Frame) []synth.Frame { return synth.Duplicate(f, false, 3) }},
	{"routed", true, func(f []synth.Frame) []synth.Frame { return synth.Duplicate(f, true, 4) }},
	{"tunnelled", true, func(f []synth.Frame) []synth.Frame {
		return synth.Fragment(synth.Encapsulate(f, synth.GENEVE, true), 1400)
	}},
	{"mirrored plain and in a tunnel", true, func(f []synth.Frame) []synth.Frame {
		return synth.Merge(f, delayed(synth.Encapsulate(f, synth.ERSPAN3, false), 50_000))
	}},
	{"mirrored in two tunnels, one late", true, func(f []synth.Frame) []synth.Frame {
		return synth.Merge(synth.Encapsulate(f, synth.VXLAN, true), delayed(synth.Encapsulate(f, synth.GREIP, false), 20_000_000))
	}},
	{"vlan by direction", true, func(f []synth.Frame) []synth.Frame { return synth.TagVLAN(f, 120, 121) }},
	{"client side only", false, func(f []synth.Frame) []synth.Frame { return synth.OneSide(f, capture.ToServer) }},
	{"server side only", false, func(f []synth.Frame) []synth.Frame { return synth.OneSide(f, capture.ToClient) }},
	{"lossy", false, func(f []synth.Frame) []synth.Frame { return synth.Lose(f, 0.03, 5) }},
}

// delayed is the capture of a mirror that comes later.
func delayed(frames []synth.Frame, by int64) []synth.Frame {
	for i := range frames {
		frames[i].Time += by
	}
	return frames
}

// Captures that are themselves one-sided, cut or lossy have no variation that
// keeps what was said.
var impaired = []string{"loss.pcap", "mid-connection.pcap", "oneway-c2s.pcap", "oneway-s2c.pcap", "snaplen96.pcap", "reordered.pcap"}

func TestReplayMatrix(t *testing.T) {
	for _, file := range samples(t) {
		if strings.HasPrefix(filepath.Base(file), "tunnel-") {
			continue // the variations look at plain packets; tunnels are a variation of their own
		}
		frames := load(t, file)
		base := replayEvents(t, file, "1")
		if len(base) == 0 {
			t.Errorf("%s: no events", file)
		}
		for _, v := range variations {
			t.Run(filepath.Base(file)+"/"+v.name, func(t *testing.T) {
				name := filepath.Join(t.TempDir(), "x.pcap")
				if err := synth.WriteFile(name, v.apply(frames)); err != nil {
					t.Fatal(err)
				}
				one, four := replayEvents(t, name, "1"), replayEvents(t, name, "4")
				if !slices.Equal(one, four) {
					t.Error("1 and 4 workers differ")
				}
				same := v.same && !slices.Contains(impaired, filepath.Base(file))
				if same {
					compare(t, what(t, one), what(t, base))
				}
				if v.name == "lossy" && !bytes.Contains(replayJSON(t, name, "2"), []byte("lower_bound")) {
					t.Error("losses, and nothing in the summary is marked lower_bound")
				}
			})
		}
	}
}

// load reads a sample.
func load(t *testing.T, file string) []synth.Frame {
	t.Helper()
	src, err := pcapfile.Open([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	frames, err := synth.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// replayEvents returns the event lines of a file.
func replayEvents(t *testing.T, file, workers string) []string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "events.jsonl")
	var stdout, stderr bytes.Buffer
	if code := run([]string{"replay", "--quiet", "--workers", workers, "--events", out, file}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("%s: exit %d: %s", file, code, stderr.String())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// what takes out of events what depends on how the packets lay: times, numbers
// of packets, the counters of TCP.
func what(t *testing.T, lines []string) []string {
	t.Helper()
	var out []string
	for _, line := range lines {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if m["type"] == "connection" {
			continue
		}
		for _, k := range []string{"time", "connection", "started"} {
			delete(m, k)
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	slices.Sort(out)
	return out
}

// compare reports the first few lines that only one side has.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	shown := 0
	for len(got) > 0 || len(want) > 0 {
		switch {
		case len(want) == 0 || len(got) > 0 && got[0] < want[0]:
			t.Errorf("unexpected %s", got[0])
			got = got[1:]
		case len(got) == 0 || want[0] < got[0]:
			t.Errorf("missing %s", want[0])
			want = want[1:]
		default:
			got, want = got[1:], want[1:]
			continue
		}
		if shown++; shown == 6 {
			t.Error("and more")
			return
		}
	}
}
