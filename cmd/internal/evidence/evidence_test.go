package evidence

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
	"mailsensor/detectors"
)

const second = int64(1e9)

var server = netip.MustParseAddrPort("10.0.0.25:25")

func client(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 40000)
}

// segment is one of client i, the first a SYN.
func segment(i int, index uint64, seq uint32, payload string) *capture.Segment {
	key, low := synth.KeyOf(client(i), server)
	s := &capture.Segment{Key: key, FromLow: low, Index: index, Time: int64(index+1) * second, Seq: seq, Flags: capture.ACK, Payload: []byte(payload)}
	if payload == "" {
		s.Flags = capture.SYN
	}
	return s
}

// The ring holds the latest segments that fit, whole, and hands out those of a flow in
// their order.
func TestRing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := newRing(100 << 10)
	type had struct {
		flow  int
		index uint64
		text  string
	}
	var all []had
	for i := range uint64(5000) {
		h := had{rng.IntN(5), i, strings.Repeat(string(rune('a'+i%26)), rng.IntN(1400))}
		all = append(all, h)
		r.add(segment(h.flow, i, 0, h.text))
	}
	if r.n+int(r.overwritten) != len(all) || r.overwritten == 0 || r.n < 20 {
		t.Fatalf("%d held, %d overwritten", r.n, r.overwritten)
	}
	held := all[len(all)-r.n:]
	for flow := range 5 {
		key, _ := synth.KeyOf(client(flow), server)
		from := held[len(held)/2].index
		var want []had
		for _, h := range held {
			if h.flow == flow && h.index >= from {
				want = append(want, h)
			}
		}
		r.find(&key, from, func(s *capture.Segment) {
			if len(want) == 0 || s.Index != want[0].index || string(s.Payload) != want[0].text {
				t.Fatalf("flow %d: segment %d with %d octets", flow, s.Index, len(s.Payload))
			}
			want = want[1:]
		})
		if len(want) > 0 {
			t.Errorf("flow %d: %d are not found", flow, len(want))
		}
	}
	r.add(segment(0, 9999, 0, strings.Repeat("x", 1<<20))) // which is larger than all of it
	if r.n != len(held) {
		t.Error("what does not fit threw others out")
	}
}

// The oldest files make room, what is not ours stays, and what was there before counts.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "notes.pcap")
	old := filepath.Join(dir, "20200101T000000.000000000Z-7.pcap")
	for _, path := range []string{foreign, old} {
		if err := os.WriteFile(path, make([]byte, 3000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := openFolder(dir, 5000)
	if err != nil || f.bytes != 3000 {
		t.Fatalf("%v, %d octets", err, f.bytes)
	}
	frames := synth.FromSegment(segment(1, 0, 1, strings.Repeat("x", 1000)))
	for i := range uint64(6) {
		name, err := f.write(frames, i)
		if err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", st.Mode(), err)
		}
		f.add(name)
	}
	var there int64
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.Name() != "notes.pcap" {
			there += info.Size()
		}
	}
	if there > 5000 || there != f.bytes || f.removed != 3 {
		t.Errorf("%d octets, %d by the books, %d removed", there, f.bytes, f.removed)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Error("the oldest stayed")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("what is not ours is gone")
	}
}

// keeper keeps in a folder of the test.
func keeper(t *testing.T, memory int) (*Keeper, string, *bytes.Buffer) {
	t.Helper()
	dir, log := t.TempDir(), new(bytes.Buffer)
	k, err := Open(Options{Dir: dir, Limit: 1 << 30, Memory: memory, Mail: func(p uint16) bool { return p == 25 }, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return k, dir, log
}

func alert(id string, flows ...detectors.Flow) *detectors.Alert {
	return &detectors.Alert{ID: id, Flows: flows}
}

func flowOf(i int, connection uint64) detectors.Flow {
	return detectors.Flow{Client: client(i).String(), Server: server.String(), Connection: connection, Protocol: "smtp"}
}

// What came before the alert and within half a minute after it is kept, of that
// connection alone, and once.
func TestKeeper(t *testing.T) {
	k, dir, log := keeper(t, 1<<20)
	k.Packet(segment(1, 0, 99, ""))
	k.Packet(segment(2, 1, 99, ""))
	k.Packet(segment(1, 2, 100, "EHLO before\r\n"))
	k.Packet(segment(2, 3, 100, "EHLO other\r\n"))
	k.Alert(alert("a", flowOf(1, 0)), 4*second)
	k.Alert(alert("b", flowOf(1, 0)), 4*second)
	k.Packet(segment(1, 4, 113, "NOOP after\r\n"))
	k.Tick(33 * second)
	if st := k.Stats(); st.Files != 0 {
		t.Error("it was written too early")
	}
	k.Tick(34 * second)
	k.Close()
	st := k.Stats()
	if st.Flows != 1 || st.FlowsPartial != 0 || st.Files != 1 || st.Packets != 5 || st.Failed != 0 {
		t.Errorf("%+v: %s", st, log)
	}
	text := kept(t, dir)
	if !strings.Contains(text, "before") || !strings.Contains(text, "after") || strings.Contains(text, "other") {
		t.Errorf("%q", text)
	}
}

// kept is the payload of all that is in a folder.
func kept(t *testing.T, dir string) string {
	t.Helper()
	src, err := pcapfile.Open([]string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := synth.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range frames {
		b.Write(f.Bytes)
	}
	return b.String()
}

// A connection whose beginning made room for others is kept in part, and one of which
// nothing is left is no file; both are said.
func TestKeeperForgot(t *testing.T) {
	k, _, log := keeper(t, 64<<10)
	k.Packet(segment(1, 0, 99, ""))
	for i := range uint64(500) {
		k.Packet(segment(2, i+1, 100, fmt.Sprintf("%01000d", i)))
	}
	k.Alert(alert("gone", flowOf(1, 0)), 600*second)
	k.Alert(alert("partial", flowOf(2, 1)), 600*second)
	k.Close()
	st := k.Stats()
	if st.Flows != 1 || st.FlowsPartial != 2 || st.Overwritten == 0 || !strings.Contains(log.String(), "no longer in memory") {
		t.Errorf("%+v: %s", st, log)
	}
}

// Of more connections at once than can be followed the rest is counted.
func TestKeeperBound(t *testing.T) {
	k, _, _ := keeper(t, 1<<20)
	for i := range maxFlows + 10 {
		k.Packet(segment(i, uint64(i), 99, ""))
		k.Alert(alert("x", flowOf(i, uint64(i))), second)
	}
	if st := k.Stats(); st.FlowsRefused != 10 {
		t.Errorf("%+v", st)
	}
	k.Close()
	if st := k.Stats(); st.Flows != maxFlows {
		t.Errorf("%+v", st)
	}
}

// A folder that cannot be written to is an error of the alert, and of nothing else.
func TestKeeperDiskFails(t *testing.T) {
	k, dir, log := keeper(t, 1<<20)
	k.Packet(segment(1, 0, 99, ""))
	k.Alert(alert("a", flowOf(1, 0)), second)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if st := k.Stats(); st.Failed != 1 || st.Flows != 0 || !strings.Contains(log.String(), "cannot be kept") {
		t.Errorf("%+v: %s", st, log)
	}
}
