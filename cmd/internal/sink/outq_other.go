//go:build !linux

package sink

import "net"

// unconfirmed is not known here: what was written counts as delivered.
func unconfirmed(*net.TCPConn) (int, error) { return 0, nil }
