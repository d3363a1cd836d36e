package livetest

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Outside the test has a number of the namespace, which must not be that within.
const outside = "LIVETEST_OUTSIDE"

func namespace(t *testing.T) string {
	t.Helper()
	name, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Skip(err)
	}
	return name
}

// A test that is alone has a network of its own, in which there is nothing but what it
// makes, and its peer has another. What the peer sends comes over the pair.
func TestAlone(t *testing.T) {
	if os.Getenv(outside) == "" {
		os.Setenv(outside, namespace(t))
		defer os.Unsetenv(outside)
	}
	if !Alone(t) {
		return
	}
	mine := namespace(t)
	if mine == os.Getenv(outside) {
		t.Error("it is in the network of the machine")
	}
	peer := NewPeer(t)
	peer.Do(func() {
		if theirs := namespace(t); theirs == mine {
			t.Error("the peer is in the same namespace")
		}
	})
	out, err := exec.Command("ip", "-o", "link").Output()
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, ": lo:") && !strings.Contains(line, ": "+Near+"@") && !strings.Contains(line, "NOARP") { // tunnels that the kernel makes
			t.Errorf("there is %s", line)
		}
	}
	if err != nil || !strings.Contains(string(out), Near) {
		t.Errorf("%v: %s", err, out)
	}

	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, int(unix.ETH_P_ALL<<8))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	want := append([]byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xb5"), bytes.Repeat([]byte("mark"), 20)...) // an EtherType for experiments
	peer.Send(want)
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5})
	for deadline := time.Now().Add(5 * time.Second); ; {
		b := make([]byte, 2048)
		n, _, err := unix.Recvfrom(fd, b, 0)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("what was sent does not come: %v", err)
		}
		if bytes.Equal(b[:n], want) {
			break
		}
	}
}
