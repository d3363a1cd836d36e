package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/detectors"
	"mailsensor/protocols"
)

// Fourteen days of the lab, in which somebody planted what should be found, and what
// looks like it and should not.

const fortnight = "17-baseline-14d"

func labFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if dir == "" {
		t.Skip("MAILSENSOR_CAPTURES is not set")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}

// planted is an anomaly, or something benign, of the truth.
type planted struct {
	Kind     string
	Start    time.Time
	End      time.Time
	Account  string
	IP       string
	MailFrom string `json:"mail_from"`
	Strength string
	Note     string
}

// about reports whether an alert is about somebody whom p names, at its time; nobody
// named is anybody.
func (p *planted) about(a *found) bool {
	const late = 6 * time.Hour
	if a.at.Before(p.Start) || a.at.After(p.End.Add(late)) {
		return false
	}
	named := false
	for _, name := range []string{p.Account, p.IP, p.MailFrom} {
		if name == "" {
			continue
		}
		named = true
		if a.entity.Name == name {
			return true
		}
	}
	return !named
}

func (p *planted) excused() bool {
	return strings.HasPrefix(p.Strength, "weak") || strings.HasPrefix(p.Note, "ambiguous")
}

// found is an alert, when it was raised first.
type found struct {
	at             time.Time
	detector, what string
	entity         detectors.Entity
	score          float64
	alert          *detectors.Alert
}

// watched replays a capture and returns the alerts as they came.
func watched(t *testing.T, path string) (list []found) {
	t.Helper()
	source, err := pcapfile.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	conf := config.Default()
	a, err := newAnalysis(conf)
	if err != nil {
		t.Fatal(err)
	}
	var now int64
	a.set.Raised = func(al *detectors.Alert, fresh bool) {
		if fresh {
			list = append(list, found{time.Unix(0, now).UTC(), al.Detector, al.What, al.Entity, al.Score, al})
		}
	}
	opt, err := (&replayCmd{AttachmentHash: "none"}).pipeline(conf)
	if err != nil {
		t.Fatal(err)
	}
	opt.Source = source
	opt.Observe = func(ev protocols.Event) {
		now = ev.Header().Time
		a.observe(ev)
	}
	res, err := pipeline.Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	now = res.Last
	a.set.Finish(res.Last)
	return list
}

// Every anomaly is found (the weak ones aside), and nothing benign is (what may be
// taken for one aside).
func TestFortnight(t *testing.T) {
	b, err := os.ReadFile(labFile(t, fortnight+".truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Anomalies []planted
		Benign    []planted `json:"benign_must_not_alarm"`
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	alerts := watched(t, labFile(t, fortnight+".pcap.gz"))
	explained := map[*detectors.Alert]bool{}
	t.Logf("%-30s %-8s %-12s %-26s %5s  %s", "planted", "strength", "found by", "", "score", "after")
	for i := range truth.Anomalies {
		p := &truth.Anomalies[i]
		strength, _, _ := strings.Cut(p.Strength, " ")
		seen := false
		for j := range alerts {
			a := &alerts[j]
			if a.detector == "access" || !p.about(a) {
				continue
			}
			explained[a.alert], seen = true, true
			t.Logf("%-30s %-8s %-12s %-26s %5.2f  %v", p.Kind, strength, a.detector, a.what, a.alert.Score, a.at.Sub(p.Start).Round(time.Second))
		}
		if !seen {
			t.Logf("%-30s %-8s not found", p.Kind, strength)
			if !p.excused() {
				t.Errorf("%s of %s%s was not found", p.Kind, p.Account, p.MailFrom)
			}
		}
	}
	for i := range truth.Benign {
		p := &truth.Benign[i]
		for j := range alerts {
			if a := &alerts[j]; p.excused() && p.about(a) {
				explained[a.alert] = true
				t.Logf("%-30s %-8s %-12s %-26s %5.2f  %v", p.Kind, "benign?", a.detector, a.what, a.alert.Score, a.at.Sub(p.Start).Round(time.Second))
				if a.alert.Severity > detectors.Low {
					t.Errorf("%s is %v: %s", p.Kind, a.alert.Severity, a.alert.Summary)
				}
			}
		}
	}
	for _, a := range alerts {
		if (a.detector == "volume" || a.detector == "bulk") && !explained[a.alert] {
			t.Errorf("false alarm, %v: %s: %s", a.at, a.detector, a.alert.Summary)
		}
	}
}

// The alerts are the same with any number of workers, and whether the fortnight is one
// file or fourteen.
func TestFortnightIsDeterministic(t *testing.T) {
	path := labFile(t, fortnight+".pcap.gz")
	daily := perDay(t, path)
	if len(daily) != 14 {
		t.Fatalf("%d days", len(daily))
	}
	want := alertLines(t, "1", path)
	if bytes.Count(want, []byte{'\n'}) < 5 {
		t.Fatalf("few alerts: %s", want)
	}
	for _, workers := range []string{"2", "8"} {
		if got := alertLines(t, workers, path); !bytes.Equal(got, want) {
			t.Errorf("%s workers: other alerts\n%s\n%s", workers, got, want)
		}
	}
	if got := alertLines(t, "2", daily...); !bytes.Equal(got, want) {
		t.Errorf("fourteen files: other alerts\n%s\n%s", got, want)
	}
}

func alertLines(t *testing.T, workers string, files ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"replay", "-q", "--alerts", "-", "--workers", workers}, files...)
	if code := run(args, nil, &out, &errs); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	return out.Bytes()
}

// perDay cuts a pcap file (little-endian, microseconds) at midnight.
func perDay(t *testing.T, path string) (files []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if le.Uint32(b) != 0xa1b2c3d4 {
		t.Fatal("another form of pcap")
	}
	head, b := b[:24], b[24:]
	days := map[uint32][]byte{}
	var order []uint32
	for len(b) > 0 {
		day, n := le.Uint32(b)/86400, 16+le.Uint32(b[8:])
		if days[day] == nil {
			days[day] = bytes.Clone(head)
			order = append(order, day)
		}
		days[day] = append(days[day], b[:n]...)
		b = b[n:]
	}
	dir := t.TempDir()
	for i, day := range order {
		name := filepath.Join(dir, fmt.Sprintf("day%s.pcap", strconv.Itoa(10+i)))
		if err := os.WriteFile(name, days[day], 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	return files
}
