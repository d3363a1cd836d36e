package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"testing"
)

// patched returns a copy of b with v at offset, little-endian.
func patched(b []byte, offset int, v uint32) []byte {
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[offset:], v)
	return b
}

func TestErrors(t *testing.T) {
	pcap := smallPcap(at(1, "one"), at(2, "two"))
	ng := smallNg(at(1, "one!"), at(2, "two!"))
	first := len(ng) - 2*36 // where the first packet's block begins
	zipped := gzipped(t, pcap)
	noInterface := &ngBytes{}
	noInterface.section(binary.LittleEndian)
	noInterface.simple(3, "abc")
	badSecrets := &ngBytes{}
	badSecrets.section(binary.LittleEndian)
	badSecrets.block(10, []byte{1, 0, 0, 0, 99, 0, 0, 0, 1, 2, 3, 4})
	shortBlocks := &ngBytes{}
	shortBlocks.section(binary.LittleEndian)
	shortBlocks.block(1, []byte{1, 0, 0, 0})

	tests := []struct {
		name    string
		b       []byte
		packets int
		kind    error
		text    string
	}{
		{"empty", nil, 0, ErrEmpty, "pcapfile: f: offset 0: empty file"},
		{"empty gzip", gzipped(t, nil), 0, ErrEmpty, "pcapfile: f: offset 0: empty inside the compression"},
		{"text", []byte("hello world"), 0, ErrNotCapture, "pcapfile: f: offset 0: not a capture, begins with 68656c6c"},
		{"two bytes", []byte{0xd4, 0xc3}, 0, ErrNotCapture, "pcapfile: f: offset 0: not a capture, begins with d4c3"},
		{"text in gzip", gzipped(t, []byte("hello")), 0, ErrNotCapture, "pcapfile: f: offset 0: not a capture, begins with 68656c6c"},
		{"header cut", pcap[:10], 0, ErrDamaged, "pcapfile: f: offset 0: file header cut short: 10 of 24 bytes"},
		{"pcap version", patched(pcap, 4, 9), 0, ErrDamaged, "pcapfile: f: offset 4: pcap version 9.0, known is 2.4"},
		{"absurd first record", patched(pcap, 32, 1<<31), 0, ErrDamaged, "pcapfile: f: offset 24: record of 2147483648 bytes, the most is 262144"},
		{"absurd second record", patched(pcap, 24+19+8, 300_000), 1, ErrDamaged, "pcapfile: f: offset 43: record of 300000 bytes, the most is 262144"},
		{"pcapng byte order", patched(ng, 8, 7), 0, ErrDamaged, "pcapfile: f: offset 0: section without a byte order"},
		{"pcapng version", patched(ng, 12, 0x00020003), 0, ErrDamaged, "pcapfile: f: offset 0: pcapng version 3.2, known is 1.0"},
		{"block too short", patched(ng, first+36+4, 8), 1, ErrDamaged, "pcapfile: f: offset 116: block of 8 bytes"},
		{"block too long", patched(ng, first+36+4, 1<<30), 1, ErrDamaged, "pcapfile: f: offset 116: block of 1073741824 bytes"},
		{"block of no whole words", patched(ng, first+36+4, 37), 1, ErrDamaged, "pcapfile: f: offset 116: block of 37 bytes"},
		{"block length again", patched(ng, first+36+32, 40), 1, ErrDamaged, "pcapfile: f: offset 116: block of 36 bytes ends with length 40"},
		{"packet beyond its block", patched(ng, first+20, 5), 0, ErrDamaged, "pcapfile: f: offset 80: packet of 5 bytes in a block of 36"},
		{"absurd packet", patched(ng, first+20, 1<<32-1), 0, ErrDamaged, "pcapfile: f: offset 80: packet of 4294967295 bytes in a block of 36"},
		{"unknown interface", patched(ng, first+8, 3), 0, ErrDamaged, "pcapfile: f: offset 80: packet of interface 3, 1 are known"},
		{"no interface", noInterface.b, 0, ErrDamaged, "pcapfile: f: offset 28: packet of interface 0, 0 are known"},
		{"short interface", shortBlocks.b, 0, ErrDamaged, "pcapfile: f: offset 28: interface description too short"},
		{"secrets beyond their block", badSecrets.b, 0, ErrDamaged, "pcapfile: f: offset 28: decryption secrets of 99 bytes in a block of 24"},
		{"gzip damaged", patched(zipped, len(zipped)-8, 1), 2, ErrDamaged, "pcapfile: f: offset 62: compressed data: gzip: invalid checksum"},
		{"gzip header damaged", patched(zipped, 0, 0xff8b1f), 0, ErrDamaged, "pcapfile: f: offset 0: compressed data: gzip: invalid header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := FromReader("f", bytes.NewReader(tt.b))
			got, err := readAll(f)
			if err == nil || err.Error() != tt.text {
				t.Errorf("error %v, want %s", err, tt.text)
			}
			if !errors.Is(err, tt.kind) {
				t.Errorf("error %v is not %v", err, tt.kind)
			}
			if len(got) != tt.packets {
				t.Errorf("%d packets, want %d", len(got), tt.packets)
			}
			if _, _, again := f.Next(); again != err {
				t.Errorf("the next call says %v", again)
			}
		})
	}
}

// broken fails after its bytes.
type broken struct {
	r   io.Reader
	err error
}

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func TestUnreadable(t *testing.T) {
	pcap := smallPcap(at(1, "one"), at(2, "two"))
	for form, b := range forms(t, pcap) {
		t.Run(form, func(t *testing.T) {
			f := FromReader("f", broken{bytes.NewReader(b), fs.ErrPermission})
			got, err := readAll(f)
			if !errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
			if form == "plain" && (len(got) != 2 || err.Error() != "pcapfile: f: offset 62: permission denied") {
				t.Errorf("%d packets, error %v", len(got), err)
			}
		})
	}
	f := FromReader("f", broken{bytes.NewReader(nil), fs.ErrPermission})
	if _, err := readAll(f); err == nil || err.Error() != "pcapfile: f: offset 0: permission denied" {
		t.Errorf("error %v", err)
	}
}

type lazy struct{}

func (lazy) Read([]byte) (int, error) { return 0, nil }

func TestReaderWithoutProgress(t *testing.T) {
	f := FromReader("f", io.MultiReader(bytes.NewReader(smallPcap(at(1, "one"))), lazy{}))
	got, err := readAll(f)
	if len(got) != 1 || !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%d packets, error %v", len(got), err)
	}
}

func TestClosed(t *testing.T) {
	f := FromReader("f", bytes.NewReader(smallPcap(at(1, "one"), at(2, "two"))))
	if _, _, err := f.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Next(); err != io.EOF {
			t.Errorf("after Close: %v", err)
		}
	}
	if n := f.Stats().Packets; n != 1 {
		t.Errorf("%d packets counted, want 1", n)
	}
}
