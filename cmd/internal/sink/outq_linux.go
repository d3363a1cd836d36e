package sink

import (
	"net"

	"golang.org/x/sys/unix"
)

// unconfirmed returns how many octets were written that the other machine did not
// confirm, and the error of a connection that has broken.
func unconfirmed(c *net.TCPConn) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var e error
	err = raw.Control(func(fd uintptr) {
		if soerr, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); soerr != 0 {
			e = unix.Errno(soerr)
			return
		}
		n, e = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	if err == nil {
		err = e
	}
	return n, err
}
