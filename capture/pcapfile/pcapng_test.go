package pcapfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"mailsensor/capture"
)

func linkOf(l layers.LinkType) capture.LinkType { return capture.LinkType(l) }

// randomNg writes sections of changing byte order with interfaces of every
// kind and packets in every block, and says what should be read from them.
func randomNg(r *rand.Rand) ([]byte, []packet) {
	n := &ngBytes{}
	var packets []packet
	last := int64(0)
	for range 1 + r.IntN(3) {
		o := byteOrder(binary.LittleEndian)
		if r.IntN(2) == 0 {
			o = binary.BigEndian
		}
		n.section(o)
		links := []capture.LinkType{capture.LinkEthernet, capture.LinkSLL, capture.LinkRaw}
		offsets := []int64{0, 3600, -86400}
		n.iface(uint16(links[0]), 0, 9, offsets[0])
		n.iface(uint16(links[1]), 262144, 6, offsets[1])
		n.iface(uint16(links[2]), 100, 0x80|20, offsets[2])
		for i, p := range randomPackets(r, 60, 1, 300) {
			in := r.IntN(3)
			if r.IntN(8) == 0 {
				p.length = len(p.data)
				n.simple(p.length, p.data)
				in, p.time = 0, last
			} else {
				ts := []uint64{uint64(p.time), uint64(p.time / 1000), uint64(p.time/1e9)<<20 | 1<<19}[in]
				p.time = []int64{p.time, p.time / 1000 * 1000, p.time/1e9*1e9 + 5e8}[in] + offsets[in]*1e9
				if r.IntN(4) == 0 {
					n.obsolete(uint16(in), ts, p.length, p.data)
				} else {
					n.enhanced(uint32(in), ts, p.length, p.data)
				}
			}
			p.link, last = links[in], p.time
			packets = append(packets, p)
			if i%10 == 0 {
				n.block(0x0BAD, make([]byte, r.IntN(500)))
			}
		}
	}
	return n.b, packets
}

func TestPcapngRandom(t *testing.T) {
	for seed := range uint64(20) {
		b, want := randomNg(testRand(seed))
		got, err := readAll(FromReader("test", bytes.NewReader(b)))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, got, want)
		oracle := oracleNg(t, bytes.NewReader(b), got)
		equal(t, got, oracle)
	}
	b, want := randomNg(testRand(99))
	inEveryWay(t, b, want)
}

// oracleNg reads with gopacket. It gives simple packets no time, and rounds a
// resolution that is a power of 2; the time is taken from ours then.
func oracleNg(t *testing.T, r io.Reader, ours []packet) []packet {
	t.Helper()
	in, err := pcapgo.NewNgReader(r, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	var packets []packet
	for i := 0; ; i++ {
		data, ci, err := in.ReadPacketData()
		if err == io.EOF {
			return packets
		}
		if err != nil {
			t.Fatal(err)
		}
		p := packet{time: ci.Timestamp.UnixNano(), length: ci.Length, link: linkOf(ci.AncillaryData[0].(layers.LinkType)), data: string(data)}
		if i < len(ours) && (ci.Timestamp.IsZero() || max(p.time, ours[i].time)-min(p.time, ours[i].time) < 1e6) {
			p.time = ours[i].time
		}
		packets = append(packets, p)
	}
}

func TestPcapngOfOracle(t *testing.T) {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddInterface(pcapgo.NgInterface{Name: "two", LinkType: layers.LinkTypeRaw, SnapLength: 1000}); err != nil {
		t.Fatal(err)
	}
	for i, p := range randomPackets(testRand(3), 1000, 1, 3000) {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, p.time), CaptureLength: len(p.data), Length: p.length, InterfaceIndex: i % 2}
		if err := w.WritePacket(ci, []byte(p.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteInterfaceStats(0, pcapgo.NgInterfaceStatistics{PacketsReceived: 5}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(FromReader("test", bytes.NewReader(b.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1000 {
		t.Fatalf("%d packets, want 1000", len(got))
	}
	equal(t, got, oracleNg(t, &b, got))
}

// A simple packet is as long as the snap length of the first interface, and
// what pads it is not part of it.
func TestSimplePacket(t *testing.T) {
	n := &ngBytes{}
	n.section(binary.LittleEndian)
	n.iface(101, 5, 9, 0)
	n.simple(900, "abcde")
	n.enhanced(0, 7e9, 1, "x")
	n.simple(3, "abc")
	got, err := readAll(FromReader("test", bytes.NewReader(n.b)))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, got, []packet{
		{time: 0, length: 900, link: capture.LinkRaw, data: "abcde"},
		{time: 7e9, length: 1, link: capture.LinkRaw, data: "x"},
		{time: 7e9, length: 3, link: capture.LinkRaw, data: "abc"},
	})
}

func TestSecrets(t *testing.T) {
	for name, o := range orders() {
		t.Run(name, func(t *testing.T) {
			n := &ngBytes{}
			n.section(o)
			n.secrets(SecretTLSKeyLog, []byte("CLIENT_RANDOM 1 2\n"))
			n.iface(1, 0, 6, 0)
			n.enhanced(0, 1e6, 1, "x")
			n.secrets(0x57474b4c, []byte("other"))
			f := FromReader("test", bytes.NewReader(n.b))
			if got, err := readAll(f); err != nil || len(got) != 1 {
				t.Fatalf("%d packets, error %v", len(got), err)
			}
			got := fmt.Sprintf("%x %q", f.Secrets()[0].Type, f.Secrets()[0].Data) + fmt.Sprintf(" %x %q", f.Secrets()[1].Type, f.Secrets()[1].Data)
			if want := `544c534b "CLIENT_RANDOM 1 2\n" 57474b4c "other"`; got != want {
				t.Errorf("secrets %s, want %s", got, want)
			}
			if st := f.Stats(); st.Secrets != 2 || st.Dropped != 0 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func TestSecretsAreBounded(t *testing.T) {
	for _, size := range []int{1, 1 << 20} {
		n := &ngBytes{}
		n.section(binary.LittleEndian)
		for range maxSecrets + 3 {
			if len(n.b) < 8<<20 {
				n.secrets(SecretTLSKeyLog, []byte(strings.Repeat("k", size)))
			}
		}
		f := FromReader("test", bytes.NewReader(n.b))
		if _, err := readAll(f); err != nil {
			t.Fatal(err)
		}
		kept, dropped := f.Stats().Secrets, f.Stats().Dropped
		wantKept := min(maxSecrets, maxSecretBytes/size)
		if kept != wantKept || dropped == 0 {
			t.Errorf("secrets of %d bytes: %d kept, want %d; %d dropped", size, kept, wantKept, dropped)
		}
	}
}
