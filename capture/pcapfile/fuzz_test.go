package pcapfile

import (
	"bytes"
	"errors"
	"testing"
)

// mostRead bounds what a fuzz input can decompress to.
const mostRead = 20_000

// readSome is readAll up to a bound.
func readSome(f *File) (packets []packet, err error) {
	for len(packets) < mostRead {
		frame, info, err := f.Next()
		if err != nil {
			return packets, err
		}
		packets = append(packets, packet{time: info.Time, length: info.Length, link: info.Link, data: string(frame)})
	}
	return packets, nil
}

// check reads b at once, and in small reads through small blocks: packets,
// error and counts are the same, and everything is within its bounds.
func check(t *testing.T, b []byte, compressed bool) {
	once := FromReader("f", bytes.NewReader(b))
	got, err := readSome(once)
	pieces := newFile("f", chunks{bytes.NewReader(b), 7}, newPool(128))
	again, errAgain := readSome(pieces)
	equal(t, again, got)
	if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() {
		t.Fatalf("errors %v and %v", err, errAgain)
	}
	if once.Stats().Truncated != pieces.Stats().Truncated || once.Stats().Backwards != pieces.Stats().Backwards {
		t.Fatalf("stats %+v and %+v", once.Stats(), pieces.Stats())
	}
	octets := 0
	for _, p := range got {
		octets += len(p.data)
		if p.length < len(p.data) {
			t.Fatalf("a frame of %d bytes is %d long", len(p.data), p.length)
		}
	}
	if !compressed && octets > len(b) {
		t.Fatalf("%d octets of frames in a file of %d", octets, len(b))
	}
	var e *Error
	if errors.As(err, &e) && e.Offset < 0 {
		t.Fatalf("error without an offset: %v", err)
	}
	if err := errors.Join(once.Close(), pieces.Close()); err != nil {
		t.Fatal(err)
	}
}

func FuzzPcap(f *testing.F) {
	packets := randomPackets(testRand(1), 5, 1000, 40)
	for _, o := range orders() {
		f.Add(pcapBytes(o, 0xa1b2c3d4, 65535, 16, packets))
		f.Add(pcapBytes(o, 0xa1b23c4d, 0, 16, packets))
		f.Add(pcapBytes(o, 0xa1b2cd34, 65535, 24, packets))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if isGzip(b) || isZstd(b) {
			return
		}
		check(t, b, false)
	})
}

func FuzzPcapng(f *testing.F) {
	f.Add(smallNg(at(1, "abc"), at(2, "")))
	for _, o := range orders() {
		n := &ngBytes{}
		n.section(o)
		n.secrets(SecretTLSKeyLog, []byte("key"))
		n.iface(113, 100, 0x80|7, 3600)
		n.simple(5, "abcde")
		n.obsolete(0, 5<<40, 9, "x")
		n.section(o)
		f.Add(n.b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if isGzip(b) || isZstd(b) {
			return
		}
		check(t, b, false)
	})
}

func FuzzCompressed(f *testing.F) {
	packets := randomPackets(testRand(1), 5, 1000, 40)
	f.Add(gzipped(f, smallPcap(packets...)))
	f.Add(zstded(f, smallPcap(packets...)))
	f.Add(gzipped(f, smallNg(packets...)))
	f.Add(append([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9}, zstded(f, smallNg(packets...))...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 || !isGzip(b) && !isZstd(b) {
			return
		}
		check(t, b, true)
	})
}
