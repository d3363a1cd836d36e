package pcapfile

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// cutPackets is what is left of packets when a file is cut after n bytes, each
// packet beginning at starts[i] in it.
func cutPackets(packets []packet, starts []int, n int) []packet {
	var left []packet
	for i, p := range packets {
		got := min(n-starts[i], len(p.data))
		if got > 0 || got == 0 && len(p.data) == 0 && n >= starts[i] {
			p.data = p.data[:got]
			left = append(left, p)
		}
	}
	return left
}

func truncationSample() []packet {
	packets := randomPackets(testRand(5), 6, 1000, 60)
	for i := range packets {
		packets[i].data += "x" // none is empty
		packets[i].length = len(packets[i].data)
	}
	return packets
}

func TestPcapCutAnywhere(t *testing.T) {
	packets := truncationSample()
	b := smallPcap(packets...)
	starts, ends, at := []int{}, map[int]bool{24: true}, 24
	for _, p := range packets {
		starts = append(starts, at+16)
		at += 16 + len(p.data)
		ends[at] = true
	}
	for n := 24; n <= len(b); n++ {
		f := FromReader("test", bytes.NewReader(b[:n]))
		got, err := readAll(f)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		equal(t, got, cutPackets(packets, starts, n))
		if f.Stats().Truncated == ends[n] {
			t.Fatalf("cut at %d: truncated %t", n, f.Stats().Truncated)
		}
	}
}

func TestPcapngCutAnywhere(t *testing.T) {
	packets := truncationSample()
	n := &ngBytes{}
	n.section(binary.BigEndian)
	ends := map[int]bool{len(n.b): true}
	n.iface(1, 0, 9, 0)
	ends[len(n.b)] = true
	var starts []int
	for i, p := range packets {
		switch i % 3 {
		case 0:
			starts = append(starts, len(n.b)+28)
			n.enhanced(0, uint64(p.time), p.length, p.data)
		case 1:
			starts = append(starts, len(n.b)+28)
			n.obsolete(0, uint64(p.time), p.length, p.data)
		case 2:
			starts = append(starts, len(n.b)+12)
			n.simple(p.length, p.data)
			packets[i].time = packets[i-1].time
		}
		ends[len(n.b)] = true
		n.block(5, make([]byte, 20))
		ends[len(n.b)] = true
	}
	for cut := 4; cut <= len(n.b); cut++ {
		f := FromReader("test", bytes.NewReader(n.b[:cut]))
		got, err := readAll(f)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		equal(t, got, cutPackets(packets, starts, cut))
		if f.Stats().Truncated == ends[cut] {
			t.Fatalf("cut at %d: truncated %t", cut, f.Stats().Truncated)
		}
	}
}

func TestCompressedCutAnywhere(t *testing.T) {
	packets := randomPackets(testRand(8), 40, 1000, 200)
	b := smallPcap(packets...)
	for form, b := range map[string][]byte{"gzip": gzipped(t, b), "zstd": zstded(t, b)} {
		t.Run(form, func(t *testing.T) {
			most := 0
			for n := 4; n < len(b); n++ {
				f := FromReader("test", bytes.NewReader(b[:n]))
				got, err := readAll(f)
				if err != nil && !strings.Contains(err.Error(), "file header cut short") && !strings.Contains(err.Error(), "not a capture, begins with") {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if err == nil && !f.Stats().Truncated {
					t.Fatalf("cut at %d is not noticed", n)
				}
				if len(got) > 1 {
					equal(t, got[:len(got)-1], packets[:len(got)-1])
				}
				most = max(most, len(got))
			}
			if form == "gzip" && most < len(packets)-2 {
				t.Errorf("at most %d packets were read of a cut file, of %d", most, len(packets))
			}
		})
	}
}

// A zstd file cut in its second half gives what its whole blocks held.
func TestZstdGivesWholeBlocks(t *testing.T) {
	packets := randomPackets(testRand(8), 4000, 1000, 200)
	b := zstded(t, smallPcap(packets...))
	f := FromReader("test", bytes.NewReader(b[:len(b)*3/4]))
	got, err := readAll(f)
	if err != nil || !f.Stats().Truncated {
		t.Fatalf("error %v, stats %+v", err, f.Stats())
	}
	if len(got) < len(packets)/2 {
		t.Errorf("%d packets of %d", len(got), len(packets))
	}
	equal(t, got[:len(got)-1], packets[:len(got)-1])
}

// A record that states 16 MiB in a short file must not cost 16 MiB.
func TestShortFileOfLongRecord(t *testing.T) {
	b := pcapBytes(binary.LittleEndian, 0xa1b2c3d4, 0, 16, []packet{at(1, "abc")})
	binary.LittleEndian.PutUint32(b[32:], maxFrame)
	f := FromReader("test", bytes.NewReader(b))
	frame, _, err := f.Next()
	if err != nil || string(frame) != "abc" {
		t.Fatalf("frame %q, error %v", frame, err)
	}
	if len(f.win.data) > blockSize {
		t.Errorf("a block of %d bytes for a file of %d", len(f.win.data), len(b))
	}
}
