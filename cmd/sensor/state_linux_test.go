package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mailsensor/capture/live/livetest"
	"mailsensor/cmd/internal/config"
)

// A disk that is full is said; alerts are told all the same, what was saved before stays,
// and when there is room again the next run goes on.
func TestStateOnFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("none", disk, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("no right to mount a small disk: ", err)
	}
	defer unix.Unmount(disk, unix.MNT_DETACH)
	dir, filler := filepath.Join(disk, "state"), filepath.Join(disk, "filler")
	good(t, "replay", "-q", "--state", dir, basic)
	before := good(t, "baseline", "export", "--state", dir)
	fillDisk(t, filler)
	o := sensor(nil, "replay", "-q", "--alerts", "-", "--state", dir, failures)
	if o.code != exitBad || !strings.Contains(o.err, "--state") || !strings.Contains(o.err, "full") && !strings.Contains(o.err, "no space") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
	if want := good(t, "replay", "-q", "--alerts", "-", failures); strings.Count(o.out, "\n") != strings.Count(want, "\n") || want == "" {
		t.Errorf("told %d, want %d", strings.Count(o.out, "\n"), strings.Count(want, "\n"))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if got := good(t, "baseline", "export", "--state", dir); got != before || len(storedAlerts(t, dir)) != 0 {
		t.Error("something was saved in part")
	}
	if good(t, "replay", "-q", "--state", dir, failures); len(storedAlerts(t, dir)) == 0 {
		t.Error("it does not go on")
	}
}

// fillDisk writes a file until there is no room.
func fillDisk(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

// A replay that is killed leaves the state of the run before.
func TestStateAfterKill(t *testing.T) {
	dir := t.TempDir()
	good(t, "replay", "-q", "--state", dir, basic)
	before := good(t, "baseline", "export", "--state", dir)
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsSensor$")
	cmd.Env = append(os.Environ(), asSensor+"="+strings.Join([]string{"replay", "-q", "--state", dir, "-"}, "\n"))
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	capture := read(t, normal)
	if _, err := in.Write(capture[:len(capture)-100]); err != nil { // what does not fit into the pipe was read
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if got := good(t, "baseline", "export", "--state", dir); got != before {
		t.Error("the state is another")
	}
	good(t, "replay", "-q", "--state", dir, normal)
}

// A sensor that gave up its privileges keeps what it learns, and goes on with it.
func TestLiveState(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	m := newMailPeers(t, livetest.NewPeer(t))
	dir := t.TempDir()
	for run := range 2 {
		w := startWatcher(t, "--state", dir)
		m.talk(t, 1)
		w.end()
		if log := w.log(); !strings.Contains(log, "confined") || strings.Contains(log, "cannot be saved") {
			t.Fatal(log)
		}
		var logins float64
		for line := range strings.Lines(good(t, "baseline", "export", "--state", dir)) {
			var s exportSeries
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatal(err)
			}
			if s.Entity == "u@corp.example" && s.Metric == "logins" {
				logins++
			}
		}
		if logins != 1 {
			t.Errorf("run %d: %v series of logins", run, logins)
		}
	}
	show := good(t, "baseline", "show", "--state", dir, "u@corp.example")
	if !strings.Contains(show, "logins: seen 4") || !strings.Contains(show, "source ") {
		t.Error(show)
	}
	if bytes.Contains(read(t, filepath.Join(dir, "mailsensor.db")), []byte("right")) {
		t.Error("a password is in the state")
	}
}

// An alert that could not be stored when it was raised is stored with the next snapshot,
// however old its last packet is by then.
func TestAlertIsStoredLater(t *testing.T) {
	disk := t.TempDir()
	if err := unix.Mount("none", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("no right to mount a small disk: ", err)
	}
	defer unix.Unmount(disk, unix.MNT_DETACH)
	dir, filler := filepath.Join(disk, "state"), filepath.Join(disk, "filler")
	a := taught(t)
	st, err := openState(dir, config.Default(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	fillDisk(t, filler)
	alert := a.set.Alerts()[0]
	if st.alert(alert) == nil {
		t.Skip("there was room all the same")
	}
	log := slog.New(slog.DiscardHandler)
	now := int64(alert.Last) + int64(48*time.Hour)
	snapshot := func() {
		st.saved.Store(now)
		st.tick(now, 1, time.Minute, log)
		st.next = now
		st.tick(now, 1, time.Minute, log)
		st.wait()
	}
	if snapshot(); st.errors.Load() != 2 {
		t.Errorf("%d errors", st.errors.Load())
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if snapshot(); st.errors.Load() != 2 {
		t.Errorf("%d errors", st.errors.Load())
	}
	st.close()
	if got := storedAlerts(t, dir); !slices.Contains(got, string(alert.AppendJSON(nil))) {
		t.Errorf("%d stored, not among them the one", len(got))
	}
}
