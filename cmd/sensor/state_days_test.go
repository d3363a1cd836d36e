package main

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
)

// The same of a fortnight made of the samples: each day is cut half a minute after
// midnight, within a minute, and shortly before and after that there are failed logins,
// downloads and rules, so that alerts go on over every cut.
func TestStateGoesOnSamples(t *testing.T) {
	goesOn(t, sampleDays(t, 14), 10)
}

// sampleDays writes a capture for each of some days.
func sampleDays(t *testing.T, days int) (files []string) {
	t.Helper()
	dir := t.TempDir()
	begin := time.Date(2026, 3, 2, 0, 0, 30, 0, time.UTC)
	for day := range days {
		from := begin.AddDate(0, 0, day)
		var frames []synth.Frame
		add := func(after time.Duration, sample string) {
			list := sampleFrames(t, sample)
			shift := from.Add(after).UnixNano() - list[0].Time
			for _, f := range list {
				f.Time += shift
				frames = append(frames, f)
			}
		}
		add(time.Second, "imap/bulk-split.pcap")
		add(31*time.Second, "sieve/auto-forward.pcap")
		add(9*time.Hour+time.Duration(day)*time.Minute, "imap/normal.pcap")
		add(13*time.Hour, "http/mail-apis.pcap")
		add(24*time.Hour-40*time.Second, "sieve/managesieve.pcap")
		add(24*time.Hour-29*time.Second, "imap/auth-failures.pcap") // takes 28 s
		path := filepath.Join(dir, fmt.Sprintf("day%02d.pcap", day+1))
		if err := synth.WriteFile(path, frames); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	return files
}

func sampleFrames(t *testing.T, name string) []synth.Frame {
	t.Helper()
	src, err := pcapfile.Open([]string{filepath.Join("../../pcaps", name)}, nil)
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
