package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What cannot be opened ends the program with code 2 and words that say what to do.
func TestRunRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-i", "nosuch0"}, "there is no interface nosuch0; there are: "},
		{[]string{"-i", "lo", "--listen", "127.0.0.1:99999"}, "--listen: "},
		{[]string{"-i", "lo", "--events", dir + "/none/events"}, "--events: "},
		{[]string{"-i", "lo", "--config", dir + "/none.yaml"}, "config: "},
		{[]string{"-i", "lo", "tcp prot 25"}, "'prot' is no address"},
	} {
		args := append([]string{"run", "-q"}, c.args...)
		if !strings.Contains(strings.Join(args, " "), "--listen") {
			args = append(args, "--listen", "none")
		}
		o := sensor(nil, args...)
		if permission := strings.Contains(o.err, "no permission"); o.code != exitBad || !strings.Contains(o.err, c.want) && !permission {
			t.Errorf("%q: exit %d: %s", args, o.code, o.err)
		}
	}
}

// Without the right to capture the error says which one, and how it is granted.
func TestRunWithoutPermission(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsSensor$")
	cmd.Env = append(os.Environ(), asSensor+"="+strings.Join([]string{"run", "-i", "lo", "--listen", "none"}, "\n"))
	// The root of a user namespace of its own has no rights over this network.
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skipf("needs the right to make a user namespace: %v", err)
	}
	if cmd.ProcessState.ExitCode() != exitBad || !strings.Contains(string(out), "CAP_NET_RAW") || !strings.Contains(string(out), "setcap") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out)
	}
}
