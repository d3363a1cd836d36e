package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/live/livetest"
	"mailsensor/capture/synth"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/protocols"
	"mailsensor/protocols/all"
)

// The watchdog is told that all is well while the pipeline goes on, and no longer when
// it is stuck.
func TestWatchdogOfAStuckPipeline(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "notify")
	told, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer told.Close()
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "60000")
	t.Setenv("WATCHDOG_PID", "")
	frames := load(t, "../../pcaps/smtp/basic.pcap")

	// A clock of its own, and an observer that does not return once it is stuck.
	var clock atomic.Int64
	var stuck atomic.Bool
	release := make(chan struct{})
	last := frames[len(frames)-1].Time
	clock.Store(last)
	d := &daemon{}
	d.beat.Store(clock.Load())
	healthy := func() bool { return clock.Load()-d.beat.Load() < int64(stuckAfter) }
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go watchdog(ctx, healthy)
	src := &looping{frames: frames, clock: &clock, at: len(frames)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		pipeline.Run(ctx, pipeline.Options{
			Source: src, Protocols: all.Protocols(all.Config{}), Workers: 1,
			Observe: func(protocols.Event) {
				if stuck.Load() {
					<-release
				}
			},
			Live: &pipeline.Live{Now: clock.Load, Tick: func(int64) { d.beat.Store(clock.Load()) }},
		})
	}()
	heard := func(within time.Duration) bool {
		told.SetReadDeadline(time.Now().Add(within))
		b := make([]byte, 64)
		n, err := told.Read(b)
		return err == nil && string(b[:n]) == "WATCHDOG=1"
	}
	for range 3 {
		clock.Add(int64(20 * time.Second)) // more than that in all, and the pipeline keeps pace
		if !heard(5 * time.Second) {
			t.Error("a pipeline that goes on is not told of")
		}
		time.Sleep(50 * time.Millisecond)
	}
	stuck.Store(true)
	src.again.Store(true)
	time.Sleep(100 * time.Millisecond)
	clock.Add(int64(2 * stuckAfter))
	for end := time.Now().Add(5 * time.Second); heard(300 * time.Millisecond); {
		if time.Now().After(end) {
			t.Fatal("a stuck pipeline is said to be well")
		}
	}
	close(release)
	cancel()
	for { // it drains for a while of its clock
		select {
		case <-ended:
			return
		case <-time.After(time.Millisecond):
			clock.Add(int64(time.Second))
		}
	}
}

// Who is to become another user has become it, for good, and can do nothing else.
func TestLiveUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to give it up")
	}
	if !livetest.Alone(t) {
		return
	}
	m := newMailPeers(t, livetest.NewPeer(t))
	if err := os.Chmod(filepath.Dir(t.TempDir()), 0o755); err != nil { // its folder has to be within reach of that user
		t.Fatal(err)
	}
	w := startWatcher(t, "--user", "nobody")
	status := string(read(t, fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid)))
	for _, want := range []string{`Uid:\s+65534\s+65534\s+65534`, `Gid:\s+65534\s+65534\s+65534`, `CapEff:\s+0+\n`, `CapPrm:\s+0+\n`, `CapBnd:\s+0+\n`, `NoNewPrivs:\s+1`, `Seccomp:\s+2`, `Groups:\s+(65534 )?\n`} {
		if !regexp.MustCompile(want).MatchString(status) {
			t.Errorf("%s does not hold: %s", want, status)
		}
	}
	m.talk(t, 2)
	w.cmd.Process.Signal(syscall.SIGHUP) // it may not open what is not its own: it goes on in the old file
	w.until("the file is refused or opened", func() bool {
		return strings.Contains(w.log(), "configuration read anew") || strings.Contains(w.log(), "cannot be opened anew")
	})
	m.talk(t, 1)
	doc, _ := w.end()
	m.check(t, doc)
}

// looping plays frames when it is asked to, and is idle otherwise.
type looping struct {
	frames []synth.Frame
	at     int
	clock  *atomic.Int64
	again  atomic.Bool
}

func (s *looping) Next() ([]byte, capture.Info, error) {
	if s.at == len(s.frames) {
		if !s.again.CompareAndSwap(true, false) {
			time.Sleep(5 * time.Millisecond)
			return nil, capture.Info{}, capture.ErrIdle
		}
		s.at = 0
	}
	f := &s.frames[s.at]
	s.at++
	return f.Bytes, capture.Info{Time: max(f.Time, s.clock.Load()), Length: f.Length(), Link: f.Link}, nil
}

func (*looping) Close() error { return nil }
