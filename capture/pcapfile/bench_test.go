package pcapfile

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// benchPackets is a capture of full and empty segments.
func benchPackets(n int) []packet {
	full, ack := string(make([]byte, 1514)), string(make([]byte, 66))
	packets := make([]packet, n)
	for i := range packets {
		packets[i] = packet{time: int64(i) * 1000, length: 1514, link: 1, data: full}
		if i%2 == 1 {
			packets[i].length, packets[i].data = 66, ack
		}
	}
	return packets
}

func walk(b *testing.B, s *Source, n int) {
	for i := 0; ; i++ {
		_, _, err := s.Next()
		if err == io.EOF {
			if i != n {
				b.Fatalf("%d packets, want %d", i, n)
			}
			return
		}
	}
}

func benchFiles(b *testing.B, packets int, files ...[]byte) {
	b.Helper()
	var paths []string
	size := 0
	dir := b.TempDir()
	for i, f := range files {
		paths = append(paths, write(b, dir, string(rune('a'+i)), f))
		size += len(f)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(paths, nil)
		if err != nil {
			b.Fatal(err)
		}
		walk(b, s, packets)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
}

const benchCount = 100_000

func BenchmarkPcap(b *testing.B) { benchFiles(b, benchCount, smallPcap(benchPackets(benchCount)...)) }

func BenchmarkPcapng(b *testing.B) { benchFiles(b, benchCount, smallNg(benchPackets(benchCount)...)) }

func BenchmarkGzip(b *testing.B) {
	benchFiles(b, benchCount, gzipped(b, smallPcap(benchPackets(benchCount)...)))
}

func BenchmarkZstd(b *testing.B) {
	benchFiles(b, benchCount, zstded(b, smallPcap(benchPackets(benchCount)...)))
}

// BenchmarkMerge is the worst case of two taps: every packet changes files.
func BenchmarkMerge(b *testing.B) {
	var parts [2][]packet
	for i, p := range benchPackets(benchCount) {
		parts[i%2] = append(parts[i%2], p)
	}
	benchFiles(b, benchCount, smallPcap(parts[0]...), smallPcap(parts[1]...))
}

// BenchmarkRead is what reading the same bytes costs without looking at them.
func BenchmarkRead(b *testing.B) {
	path := write(b, b.TempDir(), "f", smallPcap(benchPackets(benchCount)...))
	buf := make([]byte, blockSize)
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		for {
			n, err := f.Read(buf)
			b.SetBytes(int64(n))
			if err != nil {
				break
			}
		}
		f.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*benchCount), "ns/packet")
}

func TestWalkDoesNotAllocate(t *testing.T) {
	packets := benchPackets(20_000)
	for name, b := range map[string][]byte{"pcap": smallPcap(packets...), "pcapng": smallNg(packets...)} {
		t.Run(name, func(t *testing.T) {
			f := FromReader("test", bytes.NewReader(b))
			for range 1000 { // both blocks are there by then
				if _, _, err := f.Next(); err != nil {
					t.Fatal(err)
				}
			}
			n := testing.AllocsPerRun(10_000, func() {
				if _, _, err := f.Next(); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%v allocations a packet", n)
			}
		})
	}
	t.Run("merge", func(t *testing.T) {
		dir := t.TempDir()
		s := mustOpen(t, write(t, dir, "1", smallPcap(packets...)), write(t, dir, "2", smallNg(packets...)))
		for range 1000 {
			if _, _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
		}
		n := testing.AllocsPerRun(30_000, func() {
			if _, _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations a packet", n)
		}
	})
}
