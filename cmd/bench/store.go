package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// spec is a capture that pcapgen can make.
type spec struct {
	name string
	args []string
	size int64 // about
}

// truth is what pcapgen says is in a capture, by protocol and by the names of
// the sensor's totals.
type truth struct {
	Packets int64              `json:"packets"`
	SMTP    map[string]float64 `json:"smtp"`
	IMAP    map[string]float64 `json:"imap"`
}

// errNoSpace is a capture that the disk has no room for.
var errNoSpace = errors.New("no room on the disk")

// store keeps captures between runs, under names that change with the
// generator.
type store struct {
	dir, pcapgen, version string
	out                   io.Writer
}

func newStore(dir, pcapgen string, out io.Writer) (*store, error) {
	if _, err := os.Stat(pcapgen); err != nil {
		return nil, fmt.Errorf("%w; run make bench, or name the program with --pcapgen", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	version, err := fingerprint(pcapgen, dir)
	return &store{dir: dir, pcapgen: pcapgen, version: version, out: out}, err
}

// fingerprint tells generators apart by what they write, not by their
// binaries: those change with every commit.
func fingerprint(pcapgen, dir string) (string, error) {
	file := filepath.Join(dir, "fingerprint.pcap")
	defer os.Remove(file)
	h := sha256.New()
	for _, mix := range []string{"mixed", "idle", "synflood"} {
		_, err := exec.Command(pcapgen, "--mix", mix, "--size", "1MB", "--connections", "20", "--syns", "100", file).Output()
		if err != nil {
			return "", fmt.Errorf("pcapgen: %w%s", err, stderrOf(err))
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:4]), nil
}

// get returns the file of a capture, made now unless it is there, and the
// truth about it.
func (s *store) get(c spec) (string, truth, error) {
	base := filepath.Join(s.dir, c.name+"-"+s.version)
	file, note := base+".pcap", base+".json"
	if b, err := os.ReadFile(note); err == nil {
		if _, err := os.Stat(file); err == nil {
			t, err := parseTruth(b)
			return file, t, err
		}
	}
	if err := s.makeRoom(c); err != nil {
		return "", truth{}, err
	}
	fmt.Fprintf(s.out, "making %s\n", file)
	args := append(append([]string(nil), c.args...), file)
	b, err := exec.Command(s.pcapgen, args...).Output()
	if err != nil {
		os.Remove(file)
		return "", truth{}, fmt.Errorf("pcapgen: %w%s", err, stderrOf(err))
	}
	t, err := parseTruth(b)
	if err != nil {
		return "", truth{}, err
	}
	return file, t, os.WriteFile(note, b, 0o644)
}

// makeRoom removes what an older generator made under the name, and asks
// whether the capture fits, with a tenth to spare.
func (s *store) makeRoom(c spec) error {
	for _, suffix := range []string{".pcap", ".json"} {
		old, err := filepath.Glob(filepath.Join(s.dir, c.name+"-????????"+suffix))
		if err != nil {
			return err
		}
		for _, name := range old {
			os.Remove(name)
		}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &fs); err != nil {
		return fmt.Errorf("%s: %w", s.dir, err)
	}
	free, need := float64(fs.Bavail)*float64(fs.Bsize), float64(c.size)*1.1
	if free < need {
		return fmt.Errorf("%w: %s needs %.1f GB in %s, %.1f GB are free; set TMPDIR or --dir",
			errNoSpace, c.name, need/gigabyte, s.dir, free/gigabyte)
	}
	return nil
}

func parseTruth(b []byte) (t truth, err error) {
	if err = json.Unmarshal(b, &t); err != nil {
		err = fmt.Errorf("pcapgen's truth: %w", err)
	}
	return t, err
}

// stderrOf is what a failed program said, on a line of its own.
func stderrOf(err error) string {
	if e := (*exec.ExitError)(nil); errors.As(err, &e) && len(e.Stderr) > 0 {
		return "\n" + string(e.Stderr)
	}
	return ""
}
