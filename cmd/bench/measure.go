package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// sample is one run of a program.
type sample struct {
	wall, cpu time.Duration
	peak      int64 // largest resident set, bytes
	stdout    []byte
	stderr    []byte
}

// measure runs a program to its end.
func measure(env []string, name string, args ...string) (sample, error) {
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	start := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(start), stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	if err != nil {
		return s, fmt.Errorf("%s: %w\n%s", name, err, stderr.Bytes())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.peak = peakOf(cmd.ProcessState, s.stderr)
	return s, nil
}

// peakOf is what the program says of itself, since what the system says of a child
// counts the memory of its parent before exec.
func peakOf(state *os.ProcessState, stderr []byte) int64 {
	if _, after, ok := bytes.Cut(stderr, []byte("peak_rss_kib=")); ok {
		var kib int64
		if n, _ := fmt.Sscan(string(after), &kib); n == 1 && kib > 0 {
			return kib * 1024
		}
	}
	if u, ok := state.SysUsage().(*syscall.Rusage); ok {
		return int64(u.Maxrss) * 1024 // Linux counts in KiB
	}
	return 0
}

// memstats has the sensor say what it allocated and how large it was.
var memstats = []string{"MAILSENSOR_DEBUG_MEMSTATS=1"}

// warm reads a file once, so that all runs find it in the page cache.
func warm(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyBuffer(onlyWriter{}, onlyReader{f}, make([]byte, 1<<20))
	return err
}

// onlyReader and onlyWriter hide methods that would have io.CopyBuffer leave
// the buffer aside.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{}
)

// Write forgets b.
func (onlyWriter) Write(b []byte) (int, error) { return len(b), nil }

// result is a comparison that was made, or the reason why not.
type result struct {
	comparison
	file       string
	size       int64
	truth      truth
	wc, sensor []sample
	err        error
}

type bench struct {
	opt   options
	store *store
	out   io.Writer
}

func (b *bench) measureAll(list []comparison) []result {
	var all []result
	for _, c := range list {
		r := result{comparison: c}
		if r.err = b.compare(&r); r.err != nil {
			fmt.Fprintf(b.out, "%s: %v\n", c.capture.name, r.err)
		}
		all = append(all, r)
	}
	return all
}

// compare runs wc -l and the sensor in turns, so that what else the machine
// does hits both.
func (b *bench) compare(r *result) (err error) {
	if r.file, r.truth, err = b.store.get(r.capture); err != nil {
		return err
	}
	st, err := os.Stat(r.file)
	if err != nil {
		return err
	}
	r.size = st.Size()
	if err := warm(r.file); err != nil {
		return err
	}
	runs := b.opt.Runs
	if r.once {
		runs = 1
	}
	for range runs {
		w, err := measure(nil, "wc", "-l", r.file)
		if err != nil {
			return err
		}
		s, err := measure(memstats, b.opt.Sensor, r.sensorArgs()...)
		if err != nil {
			return err
		}
		r.wc, r.sensor = append(r.wc, w), append(r.sensor, s)
	}
	return nil
}

func (r *result) sensorArgs() []string {
	return append(append([]string{"replay", "--quiet", "--json"}, r.flags...), r.file)
}

func walls(list []sample) []time.Duration {
	var all []time.Duration
	for _, s := range list {
		all = append(all, s.wall)
	}
	slices.Sort(all)
	return all
}

func best(list []sample) time.Duration { return walls(list)[0] }

func median(list []sample) time.Duration { return walls(list)[len(list)/2] }

func peak(list []sample) (n int64) {
	for _, s := range list {
		n = max(n, s.peak)
	}
	return n
}
