package pcapfile

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"mailsensor/capture"
)

// packet is one packet as a test wants it, or as it was read.
type packet struct {
	time   int64
	length int
	link   capture.LinkType
	data   string
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func orders() map[string]byteOrder {
	return map[string]byteOrder{"little": binary.LittleEndian, "big": binary.BigEndian}
}

func testRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }

// randomPackets makes packets with times in whole units, some cut short and
// now and then one with a time before the last.
func randomPackets(r *rand.Rand, n int, unit int64, longest int) []packet {
	t := int64(1_700_000_000e9)
	packets := make([]packet, n)
	for i := range packets {
		t += (r.Int64N(2e9) - 1e8) / unit * unit
		data := make([]byte, r.IntN(longest))
		for j := range data {
			data[j] = byte(r.Uint32())
		}
		packets[i] = packet{time: t, length: len(data) + r.IntN(2)*r.IntN(5000), link: capture.LinkEthernet, data: string(data)}
	}
	return packets
}

// pcapBytes writes a classic file; header is the length of a record's header.
func pcapBytes(o byteOrder, magic, snapLen uint32, header int, packets []packet) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(b, snapLen)
	link := capture.LinkEthernet
	if len(packets) > 0 {
		link = packets[0].link
	}
	b = o.AppendUint32(b, uint32(link))
	unit := int64(1000)
	if magic == 0xa1b23c4d {
		unit = 1
	}
	for _, p := range packets {
		b = o.AppendUint32(b, uint32(p.time/1e9))
		b = o.AppendUint32(b, uint32(p.time%1e9/unit))
		b = o.AppendUint32(b, uint32(len(p.data)))
		b = o.AppendUint32(b, uint32(p.length))
		b = append(b, make([]byte, header-16)...)
		b = append(b, p.data...)
	}
	return b
}

// smallPcap is a little-endian file in microseconds.
func smallPcap(packets ...packet) []byte {
	return pcapBytes(binary.LittleEndian, 0xa1b2c3d4, 65535, 16, packets)
}

// at is a packet of one byte at a time in seconds.
func at(seconds int64, data string) packet {
	return packet{time: seconds * 1e9, length: len(data), link: capture.LinkEthernet, data: data}
}

// chunks returns what it reads in pieces of at most n bytes, as a pipe does.
type chunks struct {
	r io.Reader
	n int
}

func (c chunks) Read(b []byte) (int, error) { return c.r.Read(b[:min(len(b), c.n)]) }

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}

// readAll reads to the end and returns the packets and the error that is not
// io.EOF.
func readAll(s capture.Source) ([]packet, error) {
	var packets []packet
	for {
		frame, info, err := s.Next()
		if err == io.EOF {
			return packets, nil
		}
		if err != nil {
			return packets, err
		}
		packets = append(packets, packet{time: info.Time, length: info.Length, link: info.Link, data: string(frame)})
	}
}

func equal(t *testing.T, got, want []packet) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("packet %d: time %d length %d link %d, %d bytes; want time %d length %d link %d, %d bytes", i,
				got[i].time, got[i].length, got[i].link, len(got[i].data),
				want[i].time, want[i].length, want[i].link, len(want[i].data))
		}
	}
}

func write(t testing.TB, folder, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
