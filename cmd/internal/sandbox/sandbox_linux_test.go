package sandbox

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

const inside = "MAILSENSOR_TEST_SANDBOX"

// The sandbox is tried in a process of its own: there is no way out of it.
func TestSandbox(t *testing.T) {
	for _, name := range []string{"plain", "connect", "raw"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0], "-test.run=^TestInside$", "-test.v")
			cmd.Env = append(os.Environ(), inside+"="+name, inside+"_DIR="+dir)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--- PASS: TestInside") {
				t.Fatalf("%v\n%s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if s, ok := strings.CutPrefix(line, "untested: "); ok {
					t.Log("not tested:", s)
				}
			}
		})
	}
}

// TestInside tries what is forbidden, and what has to go on.
func TestInside(t *testing.T) {
	mode, dir := os.Getenv(inside), os.Getenv(inside+"_DIR")
	if mode == "" {
		t.Skip("run by TestSandbox")
	}
	mine := filepath.Join(dir, "sensor.yaml")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0") // where nobody is to be called
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, err = c.Write([]byte("hello"))
		}
		accepted <- err
	}()
	early, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	hadRaw, _ := cap.GetProc().GetFlag(cap.Permitted, cap.NET_RAW)
	opt := Options{Read: []string{mine}, Write: []string{dir}, KeepRaw: mode == "raw"}
	if mode == "connect" {
		opt.Connect = []uint16{uint16(other.Addr().(*net.TCPAddr).Port)}
	}
	r, err := Enter(opt)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.String(), "capabilit") {
		t.Error(r)
	}

	// What goes on.
	if _, err := os.ReadFile(mine); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "events"), []byte("x"), 0o600); err != nil {
		t.Error(err)
	}
	if err := os.Rename(filepath.Join(dir, "events"), filepath.Join(dir, "events.1")); err != nil {
		t.Error(err)
	}
	early.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := early.Read(make([]byte, 9)); n != 5 || err != nil || <-accepted != nil {
		t.Error("a connection that was open:", n, err)
	}
	done := make(chan bool)
	for range 50 { // threads are made
		go func() { time.Sleep(time.Millisecond); unix.Getpid(); done <- true }()
	}
	for range 50 {
		<-done
	}

	// What does not.
	deny := func(what string, held bool, err error) {
		t.Helper()
		switch {
		case !held:
			fmt.Printf("untested: %s, the kernel cannot\n", what)
		case err == nil:
			t.Errorf("%s: it went", what)
		case !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EACCES):
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = os.ReadFile("/etc/passwd")
	deny("a file of the system", r.Files, err)
	deny("a file elsewhere", r.Files, os.WriteFile("/tmp/mailsensor-sandbox-test", nil, 0o600))
	deny("a program", r.Files || r.Calls, exec.Command("/bin/sh", "-c", "true").Run())
	_, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if mode == "raw" && hadRaw {
		if err != nil || r.Capabilities != "CAP_NET_RAW" {
			t.Errorf("a raw socket: %v, %v", err, r)
		}
	} else {
		deny("a raw socket", true, err)
	}
	if mode != "raw" && r.Capabilities != "" {
		t.Error("capabilities are left:", r.Capabilities)
	}
	_, err = net.DialTimeout("tcp", other.Addr().String(), 5*time.Second)
	if mode == "connect" {
		if err != nil {
			t.Error("a connection that is configured:", err)
		}
		_, err = net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
		deny("a connection to another port", r.Files, err)
		if _, err := net.LookupHost("localhost"); err != nil {
			t.Error("a name:", err)
		}
		if _, err := net.Dial("udp", "127.0.0.1:53"); err != nil {
			t.Error("a question for a name:", err)
		}
		_, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
		deny("MPTCP, which Landlock does not see", r.Calls, err)
		_, err = net.Listen("tcp", "127.0.0.1:0")
		deny("a listener", r.Calls, err)
	} else {
		deny("a connection", r.Files || r.Calls, err)
		_, err = net.Dial("udp", "127.0.0.1:53")
		deny("a datagram", r.Calls, err)
	}
	deny("tracing", r.Calls, unix.PtraceAttach(unix.Getppid()))
	deny("a mount", true, unix.Mount("none", dir, "tmpfs", 0, ""))
	deny("another namespace", r.Calls, unix.Unshare(unix.CLONE_NEWNS))
	deny("a change of user", r.Calls, unix.Setresuid(0, 0, 0))
	status, err := os.ReadFile("/proc/self/status")
	if err != nil || !strings.Contains(string(status), "NoNewPrivs:\t1\n") {
		t.Error("new privileges can be had:", err)
	}
}
