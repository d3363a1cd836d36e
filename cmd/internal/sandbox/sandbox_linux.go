package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"

	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Enter limits the process, all its threads, for good.
func Enter(opt Options) (Report, error) {
	var r Report
	if err := become(opt.User, &r); err != nil {
		return r, err
	}
	if err := drop(opt.KeepRaw); err != nil {
		return r, err
	}
	r.Capabilities = left()
	if err := files(opt); err != nil {
		return r, err
	}
	if err := calls(opt); err != nil {
		return r, err
	}
	// The libraries do what the kernel can and do not say how much that was.
	_, err := os.ReadDir("/")
	if r.Files = errors.Is(err, unix.EACCES); !r.Files {
		r.Missing = append(r.Missing, "Landlock")
	}
	fd, err := unix.Socket(unix.AF_ALG, unix.SOCK_SEQPACKET, 0)
	if err == nil {
		unix.Close(fd)
	}
	if r.Calls = err == unix.EPERM; !r.Calls {
		r.Missing = append(r.Missing, "seccomp")
	}
	return r, nil
}

// become changes the user of a process that is root, and its groups. CAP_NET_RAW
// goes with that unless drop, which comes later, is to keep it.
func become(name string, r *Report) error {
	if name == "" {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("sandbox: --user needs root to start from")
	}
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return fmt.Errorf("sandbox: user %s: %w", name, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return fmt.Errorf("sandbox: user %s: %w", name, err)
	}
	if err := cap.SetGroups(gid); err != nil {
		return fmt.Errorf("sandbox: groups of %s: %w", name, err)
	}
	if err := cap.SetUID(uid); err != nil { // keeps the capabilities that drop decides about
		return fmt.Errorf("sandbox: user %s: %w", name, err)
	}
	r.User = name
	return nil
}

// drop gives up all capabilities, those a program could regain included.
func drop(keepRaw bool) error {
	now := cap.GetProc()
	if setpcap, err := now.GetFlag(cap.Permitted, cap.SETPCAP); err == nil && setpcap {
		all := make([]cap.Value, 0, cap.MaxBits())
		for v := range cap.MaxBits() {
			all = append(all, v)
		}
		if now.SetFlag(cap.Effective, true, cap.SETPCAP) == nil && now.SetProc() == nil {
			cap.DropBound(all...) // without the right to, there is nothing to regain either: no_new_privs follows
		}
	}
	none := cap.NewSet()
	if raw, err := now.GetFlag(cap.Permitted, cap.NET_RAW); keepRaw && err == nil && raw {
		if err := errors.Join(none.SetFlag(cap.Permitted, true, cap.NET_RAW), none.SetFlag(cap.Effective, true, cap.NET_RAW)); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	}
	if err := none.SetProc(); err != nil {
		return fmt.Errorf("sandbox: drop capabilities: %w", err)
	}
	return nil
}

// left names the capabilities that the process has.
func left() string {
	if raw, _ := cap.GetProc().GetFlag(cap.Permitted, cap.NET_RAW); raw {
		return "CAP_NET_RAW"
	}
	return ""
}

// dnsPort is asked over TCP where an answer is too long for a datagram.
const dnsPort = 53

// files limits the process to its own files, and to TCP connections to no port but
// those that are wanted.
func files(opt Options) error {
	rules := []landlock.Rule{
		landlock.RODirs("/proc/self", "/sys/fs/cgroup").IgnoreIfMissing(), // the runtime and the metrics read them
		landlock.ROFiles("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size").IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
		landlock.RWDirs(opt.Write...),
	}
	for _, path := range opt.Read {
		if st, err := os.Stat(path); err == nil && !st.IsDir() {
			rules = append(rules, landlock.ROFiles(path))
			continue
		}
		rules = append(rules, landlock.RODirs(path).IgnoreIfMissing())
	}
	if len(opt.Connect) > 0 { // names need files of the resolver
		for _, port := range append([]uint16{dnsPort}, opt.Connect...) {
			rules = append(rules, landlock.ConnectTCP(port))
		}
		rules = append(rules, landlock.ROFiles("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services").IgnoreIfMissing(),
			landlock.RODirs("/etc/ssl", "/etc/pki", "/usr/share/ca-certificates", "/run/systemd/resolve").IgnoreIfMissing())
	}
	if err := landlock.V5.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("sandbox: Landlock: %w", err)
	}
	return nil
}
