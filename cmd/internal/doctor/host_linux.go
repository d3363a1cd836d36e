package doctor

import (
	"errors"
	"os"
	"runtime"

	"github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"mailsensor/capture/live"
)

// Host looks at the machine.
func Host() (out []Finding) {
	out = append(out, rights(), clock(), memory())
	if v, err := syscall.LandlockGetABIVersion(); err != nil || v < 4 {
		out = append(out, note("A kernel from 6.7 on has it. The rest of the confinement works without.", "Landlock is missing or old (version %d): files or connections are not limited", max(v, 0)))
	} else {
		out = append(out, good("the kernel can confine the sensor (Landlock version %d)", v))
	}
	return out
}

func rights() Finding {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	switch {
	case err == unix.EPERM || err == unix.EACCES:
		return bad(live.ErrPermission.Error(), "there is no right to capture")
	case err != nil:
		return bad("The kernel needs CONFIG_PACKET.", "packet sockets cannot be opened: %v", err)
	}
	unix.Close(fd)
	if os.Geteuid() == 0 {
		return note("The right to capture is enough: see docs/live.md. The sensor gives up the rest when it has begun.", "this is root")
	}
	return good("there is the right to capture")
}

// clock asks the kernel whether anybody keeps the clock (adjtimex(2)).
func clock() Finding {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil && !errors.Is(err, unix.EPERM) {
		return note("", "the state of the clock is not known: %v", err)
	}
	if state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0 {
		return bad("Run chrony, ntpd or systemd-timesyncd: events have to stand beside the logs of others.", "nobody keeps the clock")
	}
	return good("the clock is kept, to within %.1f ms", float64(t.Esterror)/1000)
}

func memory() Finding {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return note("", "the memory is not known: %v", err)
	}
	total := uint64(info.Totalram) * uint64(info.Unit)
	f := good("%d CPUs, %d MiB of memory: %d MiB of rings in %d for an interface by default", runtime.NumCPU(), total>>20, live.RingBytes(total)>>20, live.Rings())
	if total < 1<<30 {
		f.Level, f.Do = Note, "200,000 open connections have taken 379 MB (docs/performance.md): more memory, or a filter."
	}
	return f
}
