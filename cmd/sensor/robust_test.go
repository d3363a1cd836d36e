package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
)

// What a mutant may cost. It is made of a window of a capture, so that a thousand
// of each file are a matter of minutes.
const (
	windowFrames = 250
	windowBytes  = 192 << 10        // of a file that is spoilt as a file
	fileFrames   = 20_000           // kept of a long capture, from all over it
	mutantTime   = 10 * time.Second // of the processor: others may keep it busy
	mutantWait   = 10 * time.Minute // for one that does nothing at all
	mutantHeap   = 256 << 20        // in use at the end
	mutantAlloc  = 512 << 20        // allocated on the way
)

// TestMutants replays captures that were spoilt: what was said, frames, the file
// itself. Nothing panics, and neither time nor memory runs away. Which captures,
// and how many mutants of each, is told by variables of the environment; see
// docs/testing.md.
func TestMutants(t *testing.T) {
	mutants := uint64(6)
	if v := os.Getenv("MAILSENSOR_MUTANTS"); v != "" {
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			t.Fatalf("MAILSENSOR_MUTANTS: %v", err)
		}
		mutants = n
	}
	var worst extremes
	for _, file := range allCaptures(t) {
		t.Run(strings.TrimLeft(file, "./"), func(t *testing.T) {
			frames := someFrames(t, file)
			head := readHead(t, file)
			for seed := range mutants {
				if testing.Verbose() {
					fmt.Printf("%s, seed %d\n", file, seed) // what a crash was of
				}
				worst.add(survives(t, seed, mutate(t, seed, frames, head)))
			}
		})
	}
	t.Logf("%d mutants: the slowest (%s) took %v, the most allocated is %d MiB, the most in use %d MiB",
		worst.mutants, worst.slowest, worst.took.Round(time.Millisecond), worst.allocated>>20, worst.inUse>>20)
}

// extremes is the most that mutants cost.
type extremes struct {
	mutants          int
	slowest          string
	took             time.Duration
	allocated, inUse uint64
}

func (e *extremes) add(o extremes) {
	e.mutants += o.mutants
	if o.took > e.took {
		e.took, e.slowest = o.took, o.slowest
	}
	e.allocated, e.inUse = max(e.allocated, o.allocated), max(e.inUse, o.inUse)
}

// allCaptures lists the samples, and the captures of the folders that the
// environment names.
func allCaptures(t *testing.T) []string {
	t.Helper()
	files := samples(t)
	for _, dir := range []string{os.Getenv("MAILSENSOR_CAPTURES"), os.Getenv("MAILSENSOR_CORPUS")} {
		if dir == "" {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			name := d.Name()
			if err == nil && !d.IsDir() && (strings.Contains(name, ".pcap") || strings.HasSuffix(name, ".trace")) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// someFrames reads a capture, as far as it can be read; of a long one, windows of it
// chosen by chance.
func someFrames(t *testing.T, file string) (frames []synth.Frame) {
	t.Helper()
	src, err := pcapfile.Open([]string{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r := rand.New(rand.NewPCG(1, 77))
	for n, window := 0, 0; ; n++ {
		if n%windowFrames == 0 { // each is as likely as the others to be kept
			window = r.IntN(n/windowFrames + 1)
		}
		b, info, err := src.Next()
		if err != nil {
			break
		}
		at := window*windowFrames + n%windowFrames
		switch {
		case n < fileFrames:
			at = n
			frames = append(frames, synth.Frame{})
		case at >= fileFrames:
			continue
		}
		frames[at] = synth.Frame{Time: info.Time, Link: info.Link, Bytes: bytes.Clone(b)}
		if info.Length > len(b) {
			frames[at].Wire = info.Length
		}
	}
	if len(frames) == 0 {
		t.Fatal("no frames")
	}
	return frames
}

func readHead(t *testing.T, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, windowBytes))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mutate makes a mutant of a capture: the same one for the same seed.
func mutate(t *testing.T, seed uint64, frames []synth.Frame, head []byte) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 77))
	if seed%6 == 5 {
		b := bytes.Clone(head)
		for range 1 + r.IntN(20) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	}
	if at := len(frames) - windowFrames; at > 0 {
		at = r.IntN(2) * r.IntN(at) // every other one from the start
		frames = frames[at : at+windowFrames]
	}
	switch seed % 6 {
	case 0, 1, 2:
		if list := conversations(frames); len(list) > 0 {
			frames = spoilSpeech(r, list)
		}
	case 3:
		frames = synth.Encapsulate(frames, synth.Wrapping(r.IntN(int(synth.Wrappings))), r.IntN(2) == 0)
		if r.IntN(2) == 0 {
			frames = synth.Fragment(frames, 200+r.IntN(1000))
		}
		frames = spoilFrames(r, frames)
	case 4:
		frames = spoilFrames(r, synth.Lose(synth.Reorder(frames, 4, seed), 0.05, seed))
	}
	for i := range frames { // a capture file has one link type
		frames[i].Link = frames[0].Link
	}
	var out bytes.Buffer
	if err := synth.WriteAll(&out, frames, synth.Nano); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// survives replays a mutant, and says what that cost. A spoilt file may be refused
// from some place on.
func survives(t *testing.T, seed uint64, mutant []byte) (cost extremes) {
	t.Helper()
	args := []string{"replay", "--workers", "1", "--json", "--events", os.DevNull, "-"}
	if seed%7 == 0 {
		args = []string{"replay", "--workers", "2", "--quiet", "--vlan-aware", "--json", "--attachment-hash", "none", "-"}
	}
	defer limitTime(fmt.Sprintf("%s, seed %d", t.Name(), seed))()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var out, errs bytes.Buffer
	start := processorTime()
	code := run(args, bytes.NewReader(mutant), &out, &errs)
	took := processorTime() - start
	runtime.ReadMemStats(&after)
	cost = extremes{1, fmt.Sprintf("%s, seed %d", t.Name(), seed), took, after.TotalAlloc - before.TotalAlloc, after.HeapAlloc}
	var doc struct {
		Capture struct{ Parsers map[string]uint64 }
	}
	err := json.Unmarshal(out.Bytes(), &doc)
	switch {
	case code != 0 && code != exitBad:
		t.Errorf("seed %d: exit %d: %s", seed, code, errs.String())
	case err != nil && code == 0:
		t.Errorf("seed %d: %v", seed, err)
	case doc.Capture.Parsers["panics"] > 0:
		t.Errorf("seed %d: a parser panicked", seed)
	case cost.inUse > mutantHeap:
		t.Errorf("seed %d: %d MiB in use", seed, cost.inUse>>20)
	case cost.allocated > mutantAlloc:
		t.Errorf("seed %d: %d MiB allocated", seed, cost.allocated>>20)
	}
	return cost
}

// limitTime ends the program when a replay takes longer than it may. What is returned
// ends the watch.
func limitTime(who string) (stop func()) {
	done := make(chan struct{})
	began, start := time.Now(), processorTime()
	go func() {
		for tick := time.Tick(time.Second); ; {
			select {
			case <-done:
				return
			case <-tick:
				if processorTime()-start > mutantTime || time.Since(began) > mutantWait {
					panic(who + ": hangs")
				}
			}
		}
	}()
	return func() { close(done) }
}

// processorTime is what the processor has done for this program.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
