package sandbox

import (
	"errors"
	"fmt"
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// allowed are the system calls of a Go program that computes, and reads and writes
// files and sockets. All others fail with EPERM: those that start programs, look
// into processes, change users, mount, load, trace. An architecture has some of them.
var allowed = []string{
	// memory and threads
	"brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mincore", "msync", "membarrier", "rseq", "futex", "futex_time64",
	"set_robust_list", "get_robust_list", "set_tid_address", "arch_prctl", "set_thread_area", "gettid", "getpid", "getppid",
	"sched_yield", "sched_getaffinity", "exit", "exit_group", "tgkill", "restart_syscall", "getcpu",
	// signals and time
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "sigaltstack", "sigreturn",
	"nanosleep", "clock_nanosleep", "clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time",
	"setitimer", "getitimer", "timer_create", "timer_settime", "timer_gettime", "timer_delete", "timerfd_create", "timerfd_settime",
	// files; which ones is Landlock's part
	"open", "openat", "openat2", "creat", "close", "close_range", "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev",
	"lseek", "_llseek", "stat", "lstat", "fstat", "stat64", "lstat64", "fstat64", "newfstatat", "fstatat64", "statx", "statfs", "fstatfs",
	"access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "rename", "renameat", "renameat2",
	"mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "chmod", "fchmod", "fchmodat", "umask", "truncate", "ftruncate", "ftruncate64",
	"fallocate", "fadvise64", "fsync", "fdatasync", "sync_file_range", "flock", "fcntl", "fcntl64", "dup", "dup2", "dup3", "pipe", "pipe2",
	"utimensat", "copy_file_range", "sendfile", "splice", "ioctl",
	// waiting
	"poll", "ppoll", "select", "_newselect", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2",
	// sockets; socket itself is below
	"bind", "listen", "accept", "accept4", "connect", "shutdown", "getsockname", "getpeername", "getsockopt", "setsockopt",
	"sendto", "sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "socketcall",
	// what the process is
	"uname", "sysinfo", "getrandom", "getrlimit", "ugetrlimit", "prlimit64", "getrusage", "times",
	"getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32", "getegid32", "getgroups", "getresuid", "getresgid", "capget",
}

// calls limits the process to these. A thread may be made, another process not.
func calls(opt Options) error {
	if !seccomp.Supported() {
		return nil
	}
	info, err := arch.GetInfo(runtime.GOARCH)
	if err != nil {
		return nil // an architecture that the library does not know: Enter says that it is missing
	}
	group := seccomp.SyscallGroup{Action: seccomp.ActionAllow}
	for _, name := range allowed {
		if _, ok := info.SyscallNames[name]; ok {
			group.Names = append(group.Names, name)
		}
	}
	group.NamesWithCondtions = append(group.NamesWithCondtions, when("clone", 0, seccomp.BitsSet, unix.CLONE_THREAD))
	families := []uint64{unix.AF_UNIX, unix.AF_NETLINK}
	if opt.KeepRaw {
		families = append(families, unix.AF_PACKET)
	}
	if len(opt.Connect) > 0 { // by protocols that Landlock looks at, which MPTCP is not
		for _, p := range []uint64{0, unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
			for _, f := range []uint64{unix.AF_INET, unix.AF_INET6} {
				socket := when("socket", 0, seccomp.Equal, f)
				socket.Conditions = append(socket.Conditions, seccomp.Condition{Argument: 2, Operation: seccomp.Equal, Value: p})
				group.NamesWithCondtions = append(group.NamesWithCondtions, socket)
			}
		}
	}
	for _, f := range families {
		group.NamesWithCondtions = append(group.NamesWithCondtions, when("socket", 0, seccomp.Equal, f))
	}
	groups := []seccomp.SyscallGroup{group}
	if _, ok := info.SyscallNames["clone3"]; ok { // its flags cannot be looked at: a C library is to fall back to clone
		groups = append(groups, seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}})
	}
	err = seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: groups}})
	if err != nil && !errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("sandbox: seccomp: %w", err)
	}
	return nil
}

func when(call string, argument uint32, op seccomp.Operation, value uint64) seccomp.NameWithConditions {
	return seccomp.NameWithConditions{Name: call, Conditions: seccomp.ArgumentConditions{{Argument: argument, Operation: op, Value: value}}}
}
