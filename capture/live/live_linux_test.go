package live

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/filter"
	"mailsensor/capture/live/livetest"
)

func now() int64 { return time.Now().UnixNano() }

// frames makes n frames, a third of them tagged, some twice. Their source address
// tells them from what the kernel sends of itself, and numbers them.
func frames(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([][]byte, n)
	for i := range out {
		f := append([]byte{2, 0, 0, 0, 0, 9, 6, 7}, binary.BigEndian.AppendUint32(nil, uint32(i))...)
		for range max(0, r.IntN(6)-3) {
			f = append(f, [][]byte{{0x81, 0}, {0x88, 0xa8}}[r.IntN(2)]...)
			f = append(f, byte(r.IntN(16)<<4), byte(1+r.IntN(3)))
		}
		ip := make([]byte, 40+r.IntN(1400))
		ip[0], ip[8], ip[9], ip[12], ip[16] = 0x45, 64, 6, 10, 10
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
		ip[15], ip[19] = byte(r.IntN(20)), byte(r.IntN(20))
		binary.BigEndian.PutUint16(ip[20:], []uint16{25, 143, 80}[r.IntN(3)])
		binary.BigEndian.PutUint16(ip[22:], uint16(30000+r.IntN(100)))
		ip[32] = 5 << 4
		out[i] = append(append(f, 8, 0), ip...)
	}
	return out
}

func ours(frame []byte) bool { return len(frame) >= 12 && frame[6] == 6 && frame[7] == 7 }

// got is a frame as it came.
type got struct {
	frame []byte
	capture.Info
}

// collect reads frames of ours until there are n, or nothing came for a while.
func collect(t *testing.T, s *Source, n int) (out []got) {
	t.Helper()
	idle := 0
	for len(out) < n && idle < 5 {
		frame, info, err := s.Next()
		switch {
		case errors.Is(err, capture.ErrIdle):
			idle++
		case err != nil:
			t.Fatal(err)
		case ours(frame):
			idle = 0
			out = append(out, got{bytes.Clone(frame), info})
		}
	}
	for idle == 0 { // the books are shown when a block is done
		if _, _, err := s.Next(); err != nil {
			idle++
		}
	}
	return out
}

func open(t *testing.T, opt Options) *Source {
	t.Helper()
	opt.Now = now
	if opt.Interfaces == nil {
		opt.Interfaces = []string{livetest.Near}
	}
	opt.RingBytes = 16 << 20
	s, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// What is sent is what comes, tags included, with one ring and with several.
func TestFrames(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	sent := frames(3000)
	for _, rings := range []int{1, 4} {
		s := open(t, Options{Rings: rings})
		before := now()
		go peer.Send(sent...)
		came := collect(t, s, len(sent))
		if len(came) != len(sent) {
			t.Fatalf("%d rings: %d frames of %d", rings, len(came), len(sent))
		}
		last := before
		for i, g := range came {
			want := sent[i] // a single sender: the order of times is that of sending
			if !bytes.Equal(g.frame, want) || g.Length != len(want) || g.Link != capture.LinkEthernet {
				t.Fatalf("%d rings: frame %d is %x, %d long, want %x", rings, i, g.frame, g.Length, want)
			}
			if g.Time < last || g.Time > now() {
				t.Fatalf("%d rings: frame %d is of %d, the one before of %d", rings, i, g.Time, last)
			}
			last = g.Time
		}
		st := s.Stats().Interfaces[0]
		if st.Packets < uint64(len(sent)) || st.Drops() != 0 || st.State != Up || st.Rings != rings || st.Last < last {
			t.Errorf("%d rings: %+v", rings, st)
		}
		if p := s.Pressure(); p > 0.6 {
			t.Errorf("%d rings: pressure %v though all is read", rings, p)
		}
		s.Close()
		if _, _, err := s.Next(); err != io.EOF {
			t.Errorf("behind Close: %v", err)
		}
	}
}

// A filter means live what it means on a file, and the snap length cuts.
func TestFilter(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	sent := frames(600)
	for _, expr := range []string{"tcp port 25", "vlan and tcp port 25", "vlan 2", "vlan and vlan", "not vlan", "port 25 or (vlan and port 143)",
		"ether src 06:07:00:00:00:05", "less 300", "vlan and greater 700", "src host 10.0.0.3 or (vlan and src host 10.0.0.3)"} {
		p, err := filter.New(expr)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, f := range sent {
			if p.Match(f, capture.LinkEthernet) {
				want = append(want, string(f[:min(len(f), 96)]))
			}
		}
		s := open(t, Options{Filter: expr, SnapLength: 96, Rings: 2})
		peer.Send(sent...)
		var came []string
		for _, g := range collect(t, s, len(want)+1) {
			came = append(came, string(g.frame))
			if len(g.frame) > 96 || g.Length < len(g.frame) {
				t.Errorf("%d octets of %d with a snap length of 96", len(g.frame), g.Length)
			}
		}
		if !slices.Equal(came, want) || len(want) == 0 {
			t.Errorf("%q: %d frames, want %d", expr, len(came), len(want))
		}
		s.Close()
	}
}

// An interface that is switched off, or taken away, is waited for.
func TestInterfaceReturns(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	sent := frames(20)
	for _, rings := range []int{1, 2} {
		s := open(t, Options{Rings: rings})
		until := func(want State) {
			t.Helper()
			for end := time.Now().Add(10 * time.Second); s.Stats().Interfaces[0].State != want; {
				s.Next()
				if time.Now().After(end) {
					t.Fatalf("%d rings: it is %v, want %v", rings, s.Stats().Interfaces[0].State, want)
				}
			}
		}
		flows := func() {
			t.Helper()
			peer.Send(sent...)
			if came := collect(t, s, len(sent)); len(came) != len(sent) {
				t.Fatalf("%d rings: %d frames of %d", rings, len(came), len(sent))
			}
		}
		flows()
		livetest.IP(t, "link set "+livetest.Near+" down")
		until(Down)
		livetest.IP(t, "link set "+livetest.Near+" up")
		until(Up)
		flows()
		peer.IP("link set " + livetest.Far + " down")
		until(NoCarrier)
		peer.IP("link set " + livetest.Far + " up")
		until(Up)
		livetest.IP(t, "link del "+livetest.Near)
		until(Gone)
		peer.Pair()
		until(Up)
		flows()
		if l, err := FindLink(livetest.Near); err != nil || l.Promisc == 0 {
			t.Errorf("%d rings: not promiscuous any more: %+v, %v", rings, l, err)
		}
		if st := s.Stats().Interfaces[0]; st.Returns != 1 || st.Packets < 3*uint64(len(sent)) {
			t.Errorf("%d rings: %+v", rings, st)
		}
		s.Close()
	}
}

// A reader that is too slow costs frames, which are counted, and blocks that are
// held are not written over.
func TestDrops(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	s := open(t, Options{Rings: 1})
	s.Next()
	big := make([]byte, 1500)
	copy(big, frames(1)[0])
	batch := slices.Repeat([][]byte{big}, 2000)
	peer.Send(batch[:1]...)
	frame, info, err := s.Next()
	for err != nil || !ours(frame) {
		frame, info, err = s.Next()
	}
	info.Block.Retain()
	held := bytes.Clone(frame)
	for range 10 {
		peer.Send(batch...)
	}
	st := s.Stats().Interfaces[0]
	if st.KernelDrops == 0 || st.Freezes == 0 {
		t.Errorf("30 MB into a ring of 16 MiB: %+v", st)
	}
	if p := s.Pressure(); p < 0.9 {
		t.Errorf("pressure %v with a full ring", p)
	}
	came := collect(t, s, 20000)
	if n := uint64(len(came)) + st.KernelDrops; n < 19990 || n > 20010 {
		t.Errorf("%d came and %d are counted as dropped, of 20,000", len(came), st.KernelDrops)
	}
	if !bytes.Equal(frame, held) {
		t.Error("a block that is held was written over")
	}
	s.Close()
	if !bytes.Equal(frame, held) {
		t.Error("a block that is held went with its source")
	}
	info.Block.Release()
}

func TestErrors(t *testing.T) {
	for want, opt := range map[string]Options{
		"no interface":                  {Now: now},
		"given twice":                   {Now: now, Interfaces: []string{"lo", "lo"}},
		"snap length":                   {Now: now, Interfaces: []string{"lo"}, SnapLength: -1},
		"from 1 to 16 rings":            {Now: now, Interfaces: []string{"lo"}, Rings: 99},
		"there is no interface nowhere": {Now: now, Interfaces: []string{"nowhere"}},
	} {
		if _, err := Open(opt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := Open(Options{Now: now, Interfaces: []string{"lo"}, Filter: "port mail"}); err == nil {
		t.Error("a wrong filter is taken")
	}
}

// Without the right to capture, the error says how to get it.
func TestNoPermission(t *testing.T) {
	if os.Getenv("MAILSENSOR_TEST_NOBODY") != "" {
		_, err := Open(Options{Now: now, Interfaces: []string{"lo"}})
		fmt.Println("Open:", err)
		if !errors.Is(err, ErrPermission) {
			t.Error(err)
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoPermission$")
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		cmd.Args = append([]string{"/proc/self/exe"}, cmd.Args[1:]...)
	}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "MAILSENSOR_TEST_NOBODY=1")
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) {
		t.Skipf("another user cannot run this program: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "setcap cap_net_raw=ep") || !strings.Contains(string(out), "AmbientCapabilities") {
		t.Errorf("%v: %s", err, out)
	}
}

// The default sizes grow with the machine.
func TestSizes(t *testing.T) {
	for memory, want := range map[uint64]int{512 << 20: 32 << 20, 8 << 30: 128 << 20, 512 << 30: 256 << 20} {
		if got := RingBytes(memory); got != want {
			t.Errorf("%d MiB of rings for %d MiB, want %d", got>>20, memory>>20, want>>20)
		}
	}
	if n := Rings(); n < 1 || n > 8 {
		t.Errorf("%d rings", n)
	}
}
