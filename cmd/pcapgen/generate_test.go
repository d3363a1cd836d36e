package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"mailsensor/protocols"
	"mailsensor/protocols/tls"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

func make1(t *testing.T, opt options) (truth, []byte) {
	t.Helper()
	var file bytes.Buffer
	tr, err := generate(opt, &file)
	if err != nil {
		t.Fatal(err)
	}
	return tr, file.Bytes()
}

// mail is a small capture of the usual shape.
func mail() options {
	return options{Size: 16e6, Seed: 7, Mix: "mail", Connections: 60, Loss: 0.001, Reorder: 0.01}
}

func TestSameSeedSameFile(t *testing.T) {
	for _, mix := range []string{"mail", "mixed", "tls", "download", "idle", "synflood"} {
		opt := options{Size: 2e6, Seed: 3, Mix: mix, Connections: 40, SYNs: 500, Loss: 0.01, Reorder: 0.05}
		ta, a := make1(t, opt)
		tb, b := make1(t, opt)
		if sha256.Sum256(a) != sha256.Sum256(b) || ta != tb {
			t.Errorf("%s: the same seed gave two files", mix)
		}
		opt.Seed = 4
		if _, c := make1(t, opt); bytes.Equal(a, c) {
			t.Errorf("%s: another seed gave the same file", mix)
		}
	}
}

// seen is what gopacket reads out of a capture.
type seen struct {
	packets, data, late, lost, backwards int
	bytes, smtp, imap, tls               int64 // of the file
	open, openAtOnce                     int
	streams                              map[string][]byte
}

type end struct{ src, dst string }

func read(t *testing.T, file []byte) seen {
	t.Helper()
	r, err := pcapgo.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	s := seen{streams: make(map[string][]byte), bytes: int64(len(file))}
	type half struct {
		first, high uint32
		have        int64
	}
	halves := make(map[end]*half)
	last := int64(0)
	for {
		b, info, err := r.ReadPacketData()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		pkt := gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
		ip, _ := pkt.NetworkLayer().(*layers.IPv4)
		tcp, _ := pkt.TransportLayer().(*layers.TCP)
		if ip == nil || tcp == nil {
			t.Fatalf("packet %d: %v", s.packets, pkt)
		}
		s.packets++
		if now := info.Timestamp.UnixNano(); now < last {
			s.backwards++
		} else {
			last = now
		}
		size := int64(len(b) + recordHeader)
		switch min(tcp.SrcPort, tcp.DstPort) {
		case 25, 587:
			s.smtp += size
		case 143:
			s.imap += size
		default:
			s.tls += size
		}
		k := end{fmt.Sprint(ip.SrcIP, tcp.SrcPort), fmt.Sprint(ip.DstIP, tcp.DstPort)}
		if tcp.SYN {
			halves[k] = &half{first: tcp.Seq + 1, high: tcp.Seq + 1}
			if !tcp.ACK {
				s.open++
				s.openAtOnce = max(s.openAtOnce, s.open)
			}
		}
		h := halves[k]
		if h == nil {
			t.Fatalf("packet %d: before its SYN", s.packets)
		}
		if n := len(tcp.Payload); n > 0 {
			s.data++
			h.have += int64(n)
			if int32(tcp.Seq-h.high) < 0 {
				s.late++
			} else {
				h.high = tcp.Seq + uint32(n)
			}
			s.put(k, tcp.Seq-h.first, tcp.Payload)
		}
		if tcp.FIN {
			if h.have != int64(tcp.Seq-h.first) {
				s.lost++ // at least one segment of this direction
			}
			if tcp.DstPort < 1024 {
				s.open--
			}
		}
	}
	return s
}

func (s *seen) put(k end, at uint32, payload []byte) {
	key := k.src + ">" + k.dst
	stream := s.streams[key]
	for len(stream) < int(at)+len(payload) {
		stream = append(stream, make([]byte, int(at)+len(payload)-len(stream))...)
	}
	copy(stream[at:], payload)
	s.streams[key] = stream
}

func (s *seen) count(what string) (n int) {
	for _, stream := range s.streams {
		n += bytes.Count(stream, []byte(what))
	}
	return n
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.5g, want %.5g within %.5g", what, got, want, tolerance)
	}
}

func TestShape(t *testing.T) {
	tr, file := make1(t, mail())
	s := read(t, file)
	size := float64(len(file))
	near(t, "size", size, 16e6, 3e5)
	near(t, "share of SMTP", float64(s.smtp)/size, 0.5, 0.03)
	near(t, "share of IMAP", float64(s.imap)/size, 0.5, 0.03)
	near(t, "share of attachments", float64(tr.AttachmentBytes)/size, 0.25, 0.02)
	near(t, "late segments", float64(s.late)/float64(s.data), 0.01, 0.004)
	near(t, "lost segments", float64(tr.SegmentsLost)/float64(tr.DataSegments), 0.001, 0.001)
	near(t, "bytes a packet", size/float64(s.packets), 925, 25)
	if s.openAtOnce != 60 || tr.OpenAtOnce != 60 || s.open != 0 {
		t.Errorf("%d open at once, %d in the truth, %d never closed", s.openAtOnce, tr.OpenAtOnce, s.open)
	}
	if int64(s.packets) != tr.Packets || s.bytes != tr.Bytes || s.backwards > 0 || s.smtp != tr.SMTP.FileBytes || s.imap != tr.IMAP.FileBytes {
		t.Errorf("packets %d, bytes %d, %d back in time; truth %+v", s.packets, s.bytes, s.backwards, tr)
	}
	if int64(s.data) != tr.DataSegments-tr.SegmentsLost || s.lost == 0 {
		t.Errorf("%d data segments, %d directions with losses; truth %+v", s.data, s.lost, tr)
	}
}

func TestTruthIsExactWithoutLoss(t *testing.T) {
	opt := mail()
	opt.Loss = 0
	tr, file := make1(t, opt)
	s := read(t, file)
	if s.lost > 0 || tr.SegmentsLost > 0 {
		t.Fatalf("%d directions with losses", s.lost)
	}
	for what, want := range map[string]int{
		"\r\nMAIL FROM:<":   tr.SMTP.MessagesAccepted,
		"250 2.1.5 Ok":      tr.SMTP.RecipientsAccepted,
		"550 5.1.1":         tr.SMTP.RecipientsRejected,
		"235 2.7.0":         tr.SMTP.LoginsOK,
		"OK LOGIN":          tr.IMAP.LoginsOK,
		"AUTHENTICATIONFAI": tr.IMAP.LoginsFailed,
		"OK APPEND":         tr.IMAP.MessagesAppended,
		"OK LOGOUT":         tr.IMAP.Connections,
		"221 2.0.0":         tr.SMTP.Connections,
	} {
		if got := s.count(what); got != want {
			t.Errorf("%q: %d times, want %d", what, got, want)
		}
	}
	if got := s.count(" BODY[] {") + s.count(" RFC822 {"); got != tr.IMAP.BodyItems {
		t.Errorf("%d bodies, want %d", got, tr.IMAP.BodyItems)
	}
	if tr.IMAP.MessagesDownloaded > tr.IMAP.BodyItems || tr.IMAP.MessagesDownloaded == 0 {
		t.Errorf("%d messages in %d bodies", tr.IMAP.MessagesDownloaded, tr.IMAP.BodyItems)
	}
}

func TestMixed(t *testing.T) {
	opt := mail()
	opt.Mix = "mixed"
	opt.Size = 30e6
	tr, file := make1(t, opt)
	s := read(t, file)
	near(t, "share of TLS", float64(s.tls)/float64(len(file)), 0.7, 0.04)
	for key, stream := range s.streams {
		if bytes.HasPrefix(stream, []byte{recordHandshake, 3, 1}) {
			walkRecords(t, key, stream)
			if v := tls.New().Probe(protocols.Probe{ToServer: stream}); v != protocols.Accept && stream[5] == 1 {
				t.Fatalf("%s: not taken for TLS: % x", key, stream[:64])
			}
		}
	}
	if tr.TLS.Connections == 0 || tr.TLS.FileBytes != s.tls {
		t.Errorf("%d bytes of TLS; truth %+v", s.tls, tr.TLS)
	}
}

// walkRecords follows the records of a stream to where a loss makes it impossible.
func walkRecords(t *testing.T, key string, stream []byte) {
	t.Helper()
	for n := 0; len(stream) >= 5; n++ {
		if stream[0] == 0 {
			return // lost
		}
		if stream[0] != recordData && stream[0] != recordHandshake {
			t.Fatalf("%s: record %d is of type %d", key, n, stream[0])
		}
		stream = stream[min(len(stream), 5+int(binary.BigEndian.Uint16(stream[3:]))):]
	}
}

func TestIdleStaysOpen(t *testing.T) {
	tr, file := make1(t, options{Seed: 1, Mix: "idle", Connections: 300})
	s := read(t, file)
	if s.open != 300 || tr.OpenAtOnce != 300 || s.count("NOOP\r\n") != 300 || tr.IMAP.LoginsOK != 150 {
		t.Errorf("%d open, %d NOOPs; truth %+v", s.open, s.count("NOOP\r\n"), tr)
	}
}

func TestFloodHidesOneSession(t *testing.T) {
	tr, file := make1(t, options{Seed: 1, Mix: "synflood", SYNs: 5000})
	s := read(t, file)
	if s.open != 5000 || tr.SYNs != 5000 || tr.SMTP.MessagesAccepted == 0 || s.count("MAIL FROM") != tr.SMTP.MessagesAccepted {
		t.Errorf("%d open; truth %+v", s.open, tr)
	}
}

func TestDotsAreDoubled(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\n":                  "a\r\n.\r\n",
		".a\r\n.\r\n..b\r\n":     "..a\r\n..\r\n...b\r\n.\r\n",
		"a.b\r\n.\r\n.\r\nc\r\n": "a.b\r\n..\r\n..\r\nc\r\n.\r\n",
	} {
		if got := string(appendStuffed(nil, []byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSize(t *testing.T) {
	for in, want := range map[string]size{"500": 500, "64KB": 64e3, "1.5mb": 15e5, "4GB": 4e9, "0": 0, "-1MB": 0, "x": 0, "": 0, "NaN": 0} {
		var got size
		if err := got.UnmarshalText([]byte(in)); got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: %d, %v, want %d", in, got, err, want)
		}
	}
}

func TestRunPrintsTheTruth(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.pcap")
	var out bytes.Buffer
	opt := options{Size: 1e6, Mix: "mail", Connections: 10, File: name}
	if err := run(opt, &out); err != nil {
		t.Fatal(err)
	}
	var tr truth
	if err := json.Unmarshal(out.Bytes(), &tr); err != nil || tr.File != name {
		t.Fatalf("%v in %q", err, out.String())
	}
	if st, err := os.Stat(name); err != nil || st.Size() != tr.Bytes {
		t.Errorf("%v, want %d bytes", err, tr.Bytes)
	}
	opt.File = filepath.Join(name, "no")
	if err := run(opt, io.Discard); err == nil {
		t.Error("no error for a file that cannot be made")
	}
}

func TestClientsAreDistinct(t *testing.T) {
	have := make(map[netip.AddrPort]bool)
	for n := range 200_000 {
		a := netip.AddrPortFrom(clientAddr(n), clientPort(n))
		if have[a] {
			t.Fatalf("connection %d uses %v again", n, a)
		}
		have[a] = true
	}
}
