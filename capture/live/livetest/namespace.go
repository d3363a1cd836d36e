//go:build linux

// Package livetest gives tests a network of their own: a namespace for the test, one
// for its peer, and a pair of veth interfaces between them, so that real traffic
// can be captured without touching the machine's network. What the machine does not
// allow is a skipped test that says so.
package livetest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The two ends of the pair, and their addresses.
const (
	Near, Far         = "near0", "far0"
	NearAddr, FarAddr = "10.77.0.1", "10.77.0.2"
)

const inside = "MAILSENSOR_TEST_NAMESPACE"

// Alone runs the test again in a process in a network namespace of its own, and
// reports there, and only there, true: the caller returns where it is false.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		return true
	}
	t.Parallel()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs the program ip, of iproute2")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+cmp.Or(os.Getenv("MAILSENSOR_TEST_TIMEOUT"), "60s"))
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if id := os.Getuid(); id != 0 {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Skipf("needs the right to make a network namespace: %v", err)
	}
	err := cmd.Wait()
	switch text := out.String(); {
	case err != nil:
		t.Fatalf("in a namespace: %v\n%s", err, text)
	case strings.Contains(text, "--- SKIP"):
		t.Skip(text)
	case !strings.Contains(text, "--- PASS: "+t.Name()):
		t.Fatalf("in a namespace: it did not run\n%s", text)
	default:
		t.Log(text)
	}
	return false
}

// Peer is a thread in a network namespace of its own.
type Peer struct {
	t    testing.TB
	tid  int
	work chan func()
}

// NewPeer makes a namespace and a pair of interfaces to it, up and with addresses.
func NewPeer(t testing.TB) *Peer {
	t.Helper()
	p := &Peer{t: t, work: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		p.tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWNET)
		ready <- err
		if err != nil {
			return
		}
		for f := range p.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Skipf("needs the right to make a network namespace: %v", err)
	}
	t.Cleanup(func() { close(p.work) })
	IP(t, "link set lo up")
	p.IP("link set lo up")
	p.Pair()
	return p
}

// Pair makes the interfaces.
func (p *Peer) Pair() {
	p.t.Helper()
	out, err := exec.Command("ip", strings.Fields(fmt.Sprintf("link add %s type veth peer name %s netns %d", Near, Far, p.tid))...).CombinedOutput()
	if err != nil {
		p.t.Skipf("needs veth interfaces: %v: %s", err, out)
	}
	IP(p.t, "addr add "+NearAddr+"/24 dev "+Near)
	IP(p.t, "link set "+Near+" up")
	p.IP("addr add " + FarAddr + "/24 dev " + Far)
	p.IP("link set " + Far + " up")
	for range 200 { // frames pass before the system says that the link is up
		if out, err := exec.Command("ip", "-o", "link", "show", Near).Output(); err != nil || strings.Contains(string(out), "state UP") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Do runs f in the peer's namespace. Sockets made there stay there.
func (p *Peer) Do(f func()) {
	done := make(chan struct{})
	p.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// IP runs the program ip in the peer's namespace.
func (p *Peer) IP(args string) { p.t.Helper(); p.Do(func() { IP(p.t, args) }) }

// IP runs the program ip in the namespace of the test.
func IP(t testing.TB, args string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Errorf("ip %s: %v: %s", args, err, out)
	}
}

// Send puts Ethernet frames on the wire at the peer's end.
func (p *Peer) Send(frames ...[]byte) {
	p.t.Helper()
	p.Do(func() {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			p.t.Error(err)
			return
		}
		defer unix.Close(fd)
		var ifr *unix.Ifreq
		if ifr, err = unix.NewIfreq(Far); err == nil {
			err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr)
		}
		if err != nil {
			p.t.Error(err)
			return
		}
		to := &unix.SockaddrLinklayer{Ifindex: int(ifr.Uint32()), Halen: 6}
		for _, f := range frames {
			for err = unix.Sendto(fd, f, 0, to); err == unix.ENOBUFS || err == unix.EAGAIN; {
				time.Sleep(time.Millisecond)
				err = unix.Sendto(fd, f, 0, to)
			}
			if err != nil {
				p.t.Errorf("send %d octets: %v", len(f), err)
			}
		}
	})
}
