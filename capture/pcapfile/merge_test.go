package pcapfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// said reads a Source to its end and returns its frames in order.
func said(t *testing.T, s *Source) string {
	t.Helper()
	packets, err := readAll(s)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range packets {
		out = append(out, p.data)
	}
	return strings.Join(out, " ")
}

func mustOpen(t *testing.T, paths ...string) *Source {
	t.Helper()
	s, err := Open(paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestMergeOrder(t *testing.T) {
	tests := []struct {
		name  string
		files [][]packet
		want  string
	}{
		{"one", [][]packet{{at(3, "a"), at(1, "b"), at(2, "c")}}, "a b c"},
		{"rotated", [][]packet{{at(1, "a"), at(2, "b")}, {at(3, "c"), at(4, "d")}}, "a b c d"},
		{"rotated, named backwards", [][]packet{{at(3, "c"), at(4, "d")}, {at(1, "a"), at(2, "b")}}, "a b c d"},
		{"interleaved", [][]packet{{at(1, "a"), at(4, "d")}, {at(2, "b"), at(5, "e")}, {at(3, "c"), at(6, "f")}}, "a b c d e f"},
		{"ties", [][]packet{{at(1, "a1"), at(1, "a2"), at(2, "a3")}, {at(1, "b1"), at(2, "b2")}, {at(1, "c1")}}, "a1 a2 b1 c1 a3 b2"},
		{"backwards within a file", [][]packet{{at(5, "a"), at(1, "b"), at(6, "c")}, {at(4, "x"), at(5, "y"), at(7, "z")}}, "x a b y c z"},
		{"backwards before all", [][]packet{{at(2, "a"), at(9, "b"), at(1, "c")}, {at(3, "x"), at(10, "y")}}, "a x b c y"},
		{"no packets", [][]packet{{}, {at(1, "a")}, {}}, "a"},
		{"the same time everywhere", [][]packet{{at(1, "a"), at(1, "b")}, {at(1, "c"), at(1, "d")}}, "a b c d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			var paths []string
			total := uint64(0)
			for i, packets := range tt.files {
				b := [][]byte{smallPcap(packets...), smallNg(packets...), gzipped(t, smallPcap(packets...))}[i%3]
				paths = append(paths, write(t, dir, fmt.Sprint(i), b))
				total += uint64(len(packets))
			}
			s := mustOpen(t, paths...)
			if got := said(t, s); got != tt.want {
				t.Errorf("order %s, want %s", got, tt.want)
			}
			if s.BytesRead() != s.TotalBytes() || len(s.Problems()) != 0 || len(s.Truncated()) != 0 {
				t.Errorf("%d of %d bytes, problems %v, truncated %v", s.BytesRead(), s.TotalBytes(), s.Problems(), s.Truncated())
			}
			for i, st := range s.Files() {
				total -= st.Packets
				if st.Name != paths[i] || st.Bytes != st.Size || st.Size == 0 {
					t.Errorf("stats %+v of file %s", st, paths[i])
				}
			}
			if total != 0 {
				t.Errorf("the files count %d packets less than there are", int64(total))
			}
		})
	}
}

// Random files, cut off one random capture, must come back as it was when its
// times are distinct.
func TestMergeRandom(t *testing.T) {
	for seed := range uint64(10) {
		r := testRand(seed)
		dir := t.TempDir()
		var all []packet
		parts := make([][]packet, 1+r.IntN(20))
		for i := range 500 {
			p := at(int64(i), fmt.Sprint(i))
			all = append(all, p)
			part := r.IntN(len(parts))
			parts[part] = append(parts[part], p)
		}
		var paths []string
		for i, part := range parts {
			paths = append(paths, write(t, dir, fmt.Sprint(i), smallPcap(part...)))
		}
		s := &Source{descriptors: descriptors{limit: 3}, pool: newPool(64)}
		if err := s.open(paths); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(s)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, all)
		if n := len(s.descriptors.open); n != 0 {
			t.Errorf("%d descriptors left open", n)
		}
	}
}

// Rotated files are open one at a time.
func TestRotatedFilesOpenWhenDue(t *testing.T) {
	dir := t.TempDir()
	for i := range 50 {
		write(t, dir, fmt.Sprintf("%02d.pcap", i), smallPcap(at(int64(2*i), "x"), at(int64(2*i+1), "y")))
	}
	s := mustOpen(t, dir)
	for n := 0; ; n++ {
		if _, _, err := s.Next(); err == io.EOF {
			if n != 100 {
				t.Errorf("%d packets, want 100", n)
			}
			return
		}
		if open := len(s.descriptors.open); open > 1 {
			t.Fatalf("%d files open", open)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b.pcap", smallPcap(at(1, "b")))
	write(t, dir, "a.cap", smallPcap(at(1, "a")))
	write(t, dir, "readme.txt", []byte("about these"))
	write(t, dir, "next.pcap", nil)
	sub := filepath.Join(dir, "c")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, sub, "deep", zstded(t, smallNg(at(1, "deep"))))
	if err := os.Symlink(dir, filepath.Join(sub, "circle")); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, dir)
	if got := said(t, s); got != "a b deep" {
		t.Errorf("order %s", got)
	}
	if len(s.Problems()) != 0 || s.BytesRead() != s.TotalBytes() {
		t.Errorf("problems %v, %d of %d bytes", s.Problems(), s.BytesRead(), s.TotalBytes())
	}
	want := []string{
		"pcapfile: " + filepath.Join(sub, "circle") + ": skipped: no regular file",
		"pcapfile: " + filepath.Join(dir, "next.pcap") + ": offset 0: empty file",
		"pcapfile: " + filepath.Join(dir, "readme.txt") + ": offset 0: not a capture, begins with 61626f75",
	}
	var got []string
	for _, w := range s.Warnings() {
		got = append(got, w.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

func TestBadFilesAmongGood(t *testing.T) {
	dir := t.TempDir()
	damaged := smallPcap(at(2, "before"), at(5, "never"))
	damaged = patched(damaged, 24+16+6+8, 1<<31)
	whole := smallPcap(at(4, "whole"), at(6, "partial"))
	paths := []string{
		write(t, dir, "damaged", damaged),
		write(t, dir, "text", []byte("text")),
		write(t, dir, "empty", nil),
		filepath.Join(dir, "missing"),
		write(t, dir, "cut", whole[:len(whole)-3]),
		write(t, dir, "good", smallPcap(at(1, "first"), at(9, "last"))),
	}
	s := mustOpen(t, paths...)
	if got := said(t, s); got != "first before whole part last" {
		t.Errorf("order %s", got)
	}
	problems := s.Problems()
	kinds := []error{fs.ErrNotExist, ErrNotCapture, ErrEmpty, ErrDamaged}
	if len(problems) != len(kinds) {
		t.Fatalf("problems %v", problems)
	}
	for i, kind := range kinds {
		if !errors.Is(problems[i], kind) {
			t.Errorf("problem %v is not %v", problems[i], kind)
		}
	}
	if want := "pcapfile: " + paths[3] + ": no such file or directory"; problems[0].Error() != want {
		t.Errorf("problem %q, want %q", problems[0], want)
	}
	if want := "pcapfile: " + paths[0] + ": offset 46: record of 2147483648 bytes, the most is 262144"; problems[3].Error() != want {
		t.Errorf("problem %q, want %q", problems[3], want)
	}
	if s.BytesRead() != s.TotalBytes() {
		t.Errorf("%d of %d bytes", s.BytesRead(), s.TotalBytes())
	}
	if got := s.Truncated(); len(got) != 1 || got[0] != paths[4] {
		t.Errorf("truncated %v", got)
	}
}

func TestNothingUsable(t *testing.T) {
	dir := t.TempDir()
	text := write(t, dir, "text", []byte("text"))
	inFolder := "pcapfile: " + text + ": offset 0: not a capture, begins with 74657874"
	tests := []struct {
		name  string
		paths []string
		text  string
	}{
		{"missing", []string{filepath.Join(dir, "no")}, "pcapfile: " + filepath.Join(dir, "no") + ": no such file or directory"},
		{"text", []string{text}, inFolder},
		{"folder of text", []string{dir}, inFolder},
		{"both", []string{dir, text}, inFolder + "\n" + inFolder},
		{"empty folder", []string{t.TempDir()}, ": no file in this folder"},
		{"standard input", []string{"-"}, "pcapfile: standard input: offset 0: not a capture, begins with 68656c6c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open(tt.paths, strings.NewReader("hello"))
			if err == nil || !strings.HasSuffix(err.Error(), tt.text) {
				t.Errorf("error %v, want %s", err, tt.text)
			}
			if _, _, err := s.Next(); err != io.EOF {
				t.Errorf("Next says %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestStandardInput(t *testing.T) {
	s, err := Open([]string{"-"}, bytes.NewReader(smallNg(at(2, "in"))))
	if err != nil {
		t.Fatal(err)
	}
	if got := said(t, s); got != "in" || s.TotalBytes() != 0 || s.Files()[0].Name != stdinName {
		t.Errorf("read %s, stats %+v", got, s.Files())
	}
	file := write(t, t.TempDir(), "f", smallPcap(at(1, "a"), at(3, "b")))
	s, err = Open([]string{file, "-"}, bytes.NewReader(smallNg(at(2, "in"))))
	if err != nil {
		t.Fatal(err)
	}
	if got := said(t, s); got != "a in b" {
		t.Errorf("order %s", got)
	}
}

// Of a file that another has replaced since it was looked into, nothing is
// taken for a part of it; one that was cut ends where it was cut.
func TestFilesChangeWhileRead(t *testing.T) {
	dir := t.TempDir()
	one := write(t, dir, "1", smallPcap(at(1, "a")))
	two := write(t, dir, "2", smallPcap(at(2, "b")))
	three := write(t, dir, "3", smallPcap(at(3, "c"), at(4, "d")))
	s := mustOpen(t, one, two, three)
	if err := os.Rename(write(t, dir, "new", smallPcap(at(2, "X"))), two); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(three, 24+16); err != nil {
		t.Fatal(err)
	}
	if got := said(t, s); got != "a" {
		t.Errorf("read %s", got)
	}
	want := "pcapfile: " + two + ": offset 0: another file has taken its place"
	if p := s.Problems(); len(p) != 1 || p[0].Error() != want {
		t.Errorf("problems %v, want %s", p, want)
	}
	if got := s.Truncated(); len(got) != 1 || got[0] != three {
		t.Errorf("truncated %v", got)
	}
}

func TestSecretsOfSeveralFiles(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, withPacket := range []bool{true, false} {
		n := &ngBytes{}
		n.section(orders()["big"])
		n.iface(1, 0, 9, 0)
		n.secrets(SecretTLSKeyLog, []byte("key"))
		if withPacket {
			n.enhanced(0, 1e9, 1, "x")
		}
		paths = append(paths, write(t, dir, fmt.Sprint(withPacket), n.b))
	}
	s := mustOpen(t, paths...)
	if got := said(t, s); got != "x" || len(s.Secrets()) != 2 {
		t.Errorf("read %s and %d secrets", got, len(s.Secrets()))
	}
}
