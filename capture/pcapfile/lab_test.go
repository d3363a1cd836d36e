package pcapfile

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// TestLabCaptures reads captures of real servers with both readers.
func TestLabCaptures(t *testing.T) {
	dir := os.Getenv("MAILSENSOR_CAPTURES")
	if dir == "" {
		t.Skip("MAILSENSOR_CAPTURES names no folder of captures")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.pcap*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no captures in %s: %v", dir, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := mustOpen(t, path)
			got, err := readAll(s)
			if err != nil || len(s.Problems()) != 0 {
				t.Fatalf("error %v, problems %v", err, s.Problems())
			}
			want := oracle(t, path, got)
			cut := strings.Contains(path, "truncated")
			if cut != (len(s.Truncated()) == 1) {
				t.Errorf("truncated: %v", s.Truncated())
			}
			if cut && len(got) == len(want)+1 {
				got = got[:len(want)] // the oracle has nothing of a packet that is cut
			}
			for i := range got {
				got[i].link &= 0xff // the oracle has no more of it
			}
			equal(t, got, want)
		})
	}
}

// oracle reads a file with gopacket, by its name.
func oracle(t *testing.T, path string, ours []packet) []packet {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := io.Reader(bufio.NewReaderSize(f, 1<<20))
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(path, ".pcapng") {
		return oracleNg(t, r, ours)
	}
	return oraclePcap(t, r)
}
