package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// document is the part of the JSON summary that tests look into.
type document struct {
	Schema  string
	Capture struct {
		Files       []string
		Packets     uint64
		First, Last string
		Truncated   bool
		Connections uint64
		OneSided    uint64 `json:"one_sided_connections"`
		Decode      map[string]uint64
		TCP         map[string]uint64
	}
	Totals   map[string]map[string]any
	Accounts []struct {
		Account string
		IMAP    struct {
			OK     int `json:"logins_ok"`
			Failed int `json:"logins_failed"`
		}
	}
}

func parse(t *testing.T, text string) (d document) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

// replay is the summary of a command line that must succeed in silence.
func replay(t *testing.T, args ...string) document {
	t.Helper()
	return parse(t, good(t, append([]string{"replay", "--json"}, args...)...))
}

// record finds the offset of record n of a little-endian pcap file.
func record(b []byte, n int) int {
	at := 24
	for range n {
		at += 16 + int(binary.LittleEndian.Uint32(b[at+8:]))
	}
	return at
}

func TestBadInput(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct{ name, file, want string }{
		{"missing", filepath.Join(folder, "none.pcap"), "no such file"},
		{"empty", write(t, "empty.pcap", nil), "empty"},
		{"not a capture", write(t, "notes.txt", []byte("Dear diary, today I read no mail.")), "not a capture"},
		{"an empty folder", folder, "no "},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := sensor(nil, "replay", "--json", c.file)
			if o.code != exitBad || !strings.Contains(o.err, c.file) || !strings.Contains(o.err, c.want) {
				t.Errorf("exit %d: %s", o.code, o.err)
			}
			o = sensor(nil, "replay", "--json", c.file, basic)
			if o.code != exitBad || !strings.Contains(o.err, c.file) {
				t.Errorf("with a good one: exit %d: %s", o.code, o.err)
			}
			if got, want := parse(t, o.out), replay(t, basic); got.Capture.Packets != want.Capture.Packets || len(got.Capture.Files) != 1 {
				t.Errorf("with a good one: %+v", got.Capture)
			}
		})
	}
}

// A folder without captures is told of file by file, and not forever.
func TestFolderOfOtherFiles(t *testing.T) {
	folder := t.TempDir()
	for i := range 50 {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprint(i)), []byte("notes"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := sensor(nil, "replay", folder)
	if o.code != exitBad || o.out != "" || strings.Count(o.err, "\n") != maxTold+1 || strings.Count(o.err, "sensor: ") != maxTold+1 ||
		!strings.HasSuffix(o.err, "and 30 more of that kind\n") {
		t.Errorf("%+v", o)
	}
	capture := filepath.Join(folder, "mail.pcap")
	if err := os.WriteFile(capture, read(t, basic), 0o600); err != nil {
		t.Fatal(err)
	}
	o = sensor(nil, "replay", "--json", folder)
	if o.code != exitOK || !strings.Contains(o.err, "no captures were left out: 50") || strings.Count(o.err, "\n") != 1 {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
	if d := parse(t, o.out); len(d.Capture.Files) != 1 || d.Capture.Files[0] != capture {
		t.Errorf("%q", d.Capture.Files)
	}
}

func TestUnreadableFile(t *testing.T) {
	path := write(t, "secret.pcap", read(t, basic))
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		f.Close()
		t.Skip("this user may read everything")
	}
	if o := sensor(nil, "replay", path); o.code != exitBad || !strings.Contains(o.err, "permission denied") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
}

func TestCutShort(t *testing.T) {
	b := read(t, basic)
	file := write(t, "cut.pcap", b[:record(b, 100)+20])
	if d := replay(t, file); !d.Capture.Truncated || d.Capture.Packets != 101 {
		t.Errorf("%+v", d.Capture)
	}
	if got := good(t, "replay", file); !strings.Contains(got, "truncated") {
		t.Error(got)
	}
	if got := good(t, "replay", basic); strings.Contains(got, "truncated") {
		t.Error(got)
	}
}

func TestAbsurdLength(t *testing.T) {
	b := bytes.Clone(read(t, basic))
	at := record(b, 100)
	binary.LittleEndian.PutUint32(b[at+8:], 0x7fffffff)
	file := write(t, "damaged.pcap", b)
	o := sensor(nil, "replay", "--json", file)
	if want := fmt.Sprintf("%s: offset %d: ", file, at); o.code != exitBad || !strings.Contains(o.err, want) {
		t.Errorf("exit %d: %s, want %s", o.code, o.err, want)
	}
	if d := parse(t, o.out); d.Capture.Packets != 100 || len(d.Capture.Files) != 1 {
		t.Errorf("%+v", d.Capture)
	}
}

func TestWaysIn(t *testing.T) {
	want := replay(t, basic)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(read(t, basic)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "x"), zipped.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	comma := write(t, "a,b.pcap", read(t, basic))
	for name, o := range map[string]outcome{
		"a comma":       sensor(nil, "replay", "--json", comma),
		"-r, a comma":   sensor(nil, "replay", "--json", "-r", comma),
		"-r":            sensor(nil, "replay", "--json", "-r", basic),
		"stdin":         sensor(bytes.NewReader(read(t, basic)), "replay", "--json", "-"),
		"stdin, gzip":   sensor(&zipped, "replay", "--json", "-"),
		"a folder":      sensor(nil, "replay", "--json", folder),
		"flags behind":  sensor(nil, "replay", basic, "--json"),
		"two workers":   sensor(nil, "replay", basic, "--json", "--workers", "2"),
		"ninety-nine":   sensor(nil, "replay", basic, "--json", "--workers", "99"),
		"piecewise":     sensor(inPieces(read(t, basic)), "replay", "--json", "-r", "-"),
		"quiet, events": sensor(nil, "replay", basic, "--json", "-q", "--events", os.DevNull),
	} {
		if o.code != exitOK || o.err != "" {
			t.Errorf("%s: exit %d: %s", name, o.code, o.err)
			continue
		}
		got := parse(t, o.out)
		got.Capture.Files = want.Capture.Files
		if a, b := marshal(t, got), marshal(t, want); a != b {
			t.Errorf("%s: %s, want %s", name, a, b)
		}
	}
	if both := replay(t, basic, normal); both.Capture.Packets != want.Capture.Packets+replay(t, normal).Capture.Packets {
		t.Errorf("two files: %+v", both.Capture)
	}
}

// inPieces hands b on in pieces of odd lengths, as a pipe may.
func inPieces(b []byte) io.Reader { return &pieces{b, 1} }

type pieces struct {
	b []byte
	n int
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	p.n = p.n*7%1009 + 1
	n := copy(to[:min(p.n, len(to))], p.b)
	p.b = p.b[n:]
	return n, nil
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// endless is a capture that does not end; once it is under way the user presses
// Ctrl-C.
type endless struct {
	rest, body []byte
	read       int
	pressed    bool
}

func (e *endless) Read(to []byte) (int, error) {
	if len(e.rest) == 0 {
		e.rest = e.body
	}
	if e.read > 4<<20 && !e.pressed {
		e.pressed = true
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			return 0, err
		}
	}
	if e.read > 1<<30 {
		return 0, errors.New("nobody stopped")
	}
	n := copy(to, e.rest)
	e.rest, e.read = e.rest[n:], e.read+n
	return n, nil
}

func TestInterrupt(t *testing.T) {
	b := read(t, basic)
	o := sensor(&endless{rest: b, body: b[24:]}, "replay", "--json", "-")
	if o.code != exitInterrupted || !strings.Contains(o.err, "interrupted") {
		t.Fatalf("exit %d: %s", o.code, o.err)
	}
	if d := parse(t, o.out); d.Capture.Packets == 0 {
		t.Errorf("%+v", d.Capture)
	}
}
