package main

import (
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
)

// What a mirror does wrong shows in a sample, and what it does right is no reason to
// complain.
func TestDoctorOnFiles(t *testing.T) {
	src, err := pcapfile.Open([]string{"../../pcaps/smtp/basic.pcap", "../../pcaps/imap/normal.pcap"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := synth.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, frames []synth.Frame) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := synth.WriteFile(path, frames); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var twice, tagged, group []synth.Frame
	for _, f := range frames {
		twice = append(twice, f, f)
		f.Bytes = append(append(append([]byte{}, f.Bytes[:12]...), 0x81, 0, 0, 9), f.Bytes[12:]...)
		tagged = append(tagged, f)
	}
	for range 20 {
		group = append(group, synth.Frame{Time: 1e18, Link: capture.LinkEthernet, Bytes: append([]byte{255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6}, make([]byte, 40)...)})
	}
	for path, c := range map[string]struct {
		code int
		want string
	}{
		file("good", frames):                  {exitOK, "both directions are there"},
		"../../pcaps/capture/oneway-c2s.pcap": {exitFound, "one direction is missing"},
		"../../pcaps/capture/snaplen96.pcap":  {exitFound, "are cut"},
		file("twice", twice):                  {exitFound, "come twice"},
		file("tagged", tagged):                {exitOK, "tagged with 1 VLANs, most of all [9]"},
		file("group", group):                  {exitFound, "this is no mirror"},
		file("empty", nil):                    {exitFound, "no packet came"},
	} {
		o := sensor(nil, "doctor", "-r", path)
		if o.code != c.code || !strings.Contains(o.out, c.want) {
			t.Errorf("%s: code %d, want %d with %q\n%s%s", path, o.code, c.code, c.want, o.out, o.err)
		}
	}
	if o := sensor(nil, "doctor", "-r", "nowhere.pcap"); o.code != exitBad {
		t.Errorf("%+v", o)
	}
}
