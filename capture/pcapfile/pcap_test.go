package pcapfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// forms is how the bytes of a file can come.
func forms(t testing.TB, b []byte) map[string][]byte {
	return map[string][]byte{"plain": b, "gzip": gzipped(t, b), "zstd": zstded(t, b)}
}

// inEveryWay reads b as it is and compressed, through blocks and reads of
// several sizes, and wants the same packets each time.
func inEveryWay(t *testing.T, b []byte, want []packet) {
	t.Helper()
	for form, b := range forms(t, b) {
		for _, block := range []int{64, 4096, blockSize} {
			for _, chunk := range []int{1, 1000, 1 << 30} {
				t.Run(fmt.Sprintf("%s/blocks of %d/reads of %d", form, block, chunk), func(t *testing.T) {
					f := newFile("test", chunks{bytes.NewReader(b), chunk}, newPool(block))
					got, err := readAll(f)
					if err != nil {
						t.Fatal(err)
					}
					equal(t, got, want)
					if st := f.Stats(); st.Packets != uint64(len(want)) || st.Bytes != int64(len(b)) || st.Truncated {
						t.Errorf("stats %+v of %d packets in %d bytes", st, len(want), len(b))
					}
				})
			}
		}
	}
}

func TestPcapVariants(t *testing.T) {
	for name, o := range orders() {
		for magic, unit := range map[uint32]int64{0xa1b2c3d4: 1000, 0xa1b23c4d: 1, 0xa1b2cd34: 1000} {
			t.Run(fmt.Sprintf("%s/%x", name, magic), func(t *testing.T) {
				header := 16
				if magic == 0xa1b2cd34 {
					header = 24
				}
				packets := randomPackets(testRand(uint64(magic)), 40, unit, 400)
				inEveryWay(t, pcapBytes(o, magic, 65535, header, packets), packets)
			})
		}
	}
}

// oraclePcap reads a classic file with gopacket.
func oraclePcap(t *testing.T, r io.Reader) []packet {
	t.Helper()
	in, err := pcapgo.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	var packets []packet
	for {
		data, ci, err := in.ReadPacketData()
		if cutShort(err) {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, packet{time: ci.Timestamp.UnixNano(), length: ci.Length, link: linkOf(in.LinkType()), data: string(data)})
	}
}

func TestPcapAgainstOracle(t *testing.T) {
	for _, nanos := range []bool{false, true} {
		var b bytes.Buffer
		w := pcapgo.NewWriter(&b)
		if nanos {
			w = pcapgo.NewWriterNanos(&b)
		}
		if err := w.WriteFileHeader(65535, layers.LinkTypeLinuxSLL); err != nil {
			t.Fatal(err)
		}
		for _, p := range randomPackets(testRand(7), 2000, 1, 9000) {
			ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, p.time), CaptureLength: len(p.data), Length: p.length}
			if err := w.WritePacket(ci, []byte(p.data)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readAll(FromReader("test", bytes.NewReader(b.Bytes())))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, oraclePcap(t, &b))
	}
}

// Real files hold longer records than their header allows, and some writers
// leave the length on the wire at less than they captured.
func TestPcapWrongLengths(t *testing.T) {
	long := at(1, string(make([]byte, 200_000)))
	short := at(2, "captured")
	short.length = 3
	b := pcapBytes(binary.LittleEndian, 0xa1b2c3d4, 96, 16, []packet{long, short})
	got, err := readAll(FromReader("test", bytes.NewReader(b)))
	if err != nil {
		t.Fatal(err)
	}
	short.length = len(short.data)
	equal(t, got, []packet{long, short})
}

// A frame bigger than a block, between small ones.
func TestHugeFrame(t *testing.T) {
	packets := []packet{at(1, "before"), at(2, string(bytes.Repeat([]byte("huge"), 1<<20))), at(3, "after")}
	for _, snapLen := range []uint32{0, 8 << 20} {
		b := pcapBytes(binary.BigEndian, 0xa1b2c3d4, snapLen, 16, packets)
		got, err := readAll(FromReader("test", chunks{bytes.NewReader(b), 50_000}))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, packets)
	}
}

func TestBackwardsIsCounted(t *testing.T) {
	f := FromReader("test", bytes.NewReader(smallPcap(at(5, "a"), at(4, "b"), at(6, "c"), at(6, "d"), at(1, "e"))))
	if _, err := readAll(f); err != nil {
		t.Fatal(err)
	}
	if n := f.Stats().Backwards; n != 2 {
		t.Errorf("%d packets backwards, want 2", n)
	}
}
