package doctor

import (
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"mailsensor/capture/live"
)

// Link looks at an interface.
func Link(name string) []Finding {
	l, err := live.FindLink(name)
	if err != nil {
		return []Finding{bad("", "%v", err)}
	}
	var out []Finding
	switch l.State {
	case live.Down:
		out = append(out, bad("ip link set "+name+" up", "%s is switched off", name))
	case live.NoCarrier:
		out = append(out, bad("Is the cable in, and is the port of the switch on?", "%s has no link", name))
	default:
		out = append(out, good("%s is up, MTU %d", name, l.MTU))
	}
	if !l.Loopback && l.MTU < 1500 {
		out = append(out, bad("ip link set "+name+" mtu 1500, or 9000 where jumbo frames are mirrored.", "the MTU of %s is %d: longer frames are thrown away", name, l.MTU))
	}
	if l.Promisc > 0 {
		out = append(out, note("", "%s is promiscuous already: something else captures, or it is part of a bridge", name))
	}
	if n := l.Counters.Missed + l.Counters.Fifo + l.Counters.Over; n > 0 {
		out = append(out, bad("Enlarge the ring of the card (below), spread its interrupts, or mirror less.", "%s has lost %d packets before anybody saw them, of %d", name, n, l.Counters.Packets))
	}
	if n := l.Counters.Errors; n > 0 {
		out = append(out, bad("Look at cable, optics and the port's duplex.", "%s has received %d damaged packets", name, n))
	}
	return append(out, card(name)...)
}

// Commands of SIOCETHTOOL (linux/ethtool.h).
const (
	getRing  = 0x10
	getTSO   = 0x1e
	getGSO   = 0x23
	getFlags = 0x25
	getGRO   = 0x2b

	flagLRO = 1 << 15
)

// card asks the driver. What it does not know is left out.
func card(name string) (out []Finding) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	ask := func(cmd uint32) (uint32, bool) {
		v := [2]uint32{cmd} // struct ethtool_value
		ok := ethtool(fd, name, unsafe.Pointer(&v))
		return v[1], ok
	}
	if v, ok := ask(getFlags); ok && v&flagLRO != 0 {
		out = append(out, bad("ethtool -K "+name+" lro off", "LRO is on: the card merges packets and does not keep what each of them said"))
	}
	if v, ok := ask(getGRO); ok && v != 0 {
		out = append(out, good("GRO is on: merged packets are read, and cost less"))
	}
	tso, _ := ask(getTSO)
	gso, _ := ask(getGSO)
	if tso|gso != 0 {
		out = append(out, note("Of no account on a mirror port. On a mail server itself leave --checksums off.",
			"TSO or GSO is on: what this machine sends is seen before it is cut and before it has checksums"))
	}
	var ring struct{ cmd, rxMax, _, _, _, rx, _, _, _ uint32 } // struct ethtool_ringparam
	ring.cmd = getRing
	if ethtool(fd, name, unsafe.Pointer(&ring)) && ring.rxMax > 0 {
		if ring.rx < ring.rxMax {
			out = append(out, note("ethtool -G "+name+" rx "+strconv.Itoa(int(ring.rxMax)), "the ring of the card has %d places and could have %d", ring.rx, ring.rxMax))
		} else {
			out = append(out, good("the ring of the card has all its %d places", ring.rx))
		}
	}
	return out
}

// ethtool puts a question to a driver, of which value is both the question and the
// answer.
func ethtool(fd int, name string, value unsafe.Pointer) bool {
	var req struct { // struct ifreq (netdevice(7)): the union is larger than the pointer
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [24]byte
	}
	if copy(req.name[:unix.IFNAMSIZ-1], name) < len(name) {
		return false
	}
	req.data = value
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req)))
	return errno == 0
}
