package socks

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// request is what a client asks for. Its bytes are a part of the message.
type request struct {
	command byte
	address netip.Addr // zero: there is a name
	name    []byte
	port    uint16
	user    []byte // version 4
}

// target is the host as it was asked for.
func (r *request) target() []byte {
	if r.address.IsValid() {
		return r.address.AppendTo(nil)
	}
	return r.name
}

// request4 reads a request of version 4, or of 4a, which has a name behind the user
// where the address is 0.0.0.x. n is its length; 0: more is needed; -1: it is none.
func request4(b []byte) (r request, n int) {
	if len(b) < 9 {
		return r, 0
	}
	r.command, r.port = b[1], binary.BigEndian.Uint16(b[2:])
	user, n := terminated(b[8:])
	if n <= 0 {
		return r, n
	}
	r.user, n = user, 8+n
	if b[4]|b[5]|b[6] != 0 || b[7] == 0 {
		r.address = netip.AddrFrom4([4]byte(b[4:8]))
		return r, n
	}
	name, k := terminated(b[n:])
	if k <= 0 {
		return r, k
	}
	r.name = name
	return r, n + k
}

// terminated reads a string up to its NUL.
func terminated(b []byte) (s []byte, n int) {
	i := bytes.IndexByte(b, 0)
	if i < 0 && len(b) <= maxName {
		return nil, 0
	}
	if i < 0 || i > maxName || !printable(b[:i]) {
		return nil, -1
	}
	return b[:i], i + 1
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// request5 reads a request of version 5, or a reply, which has the same form (RFC
// 1928, sections 4 and 6): command is then the reply code.
func request5(b []byte) (r request, n int) {
	if len(b) < 5 {
		return r, 0
	}
	if b[0] != version5 {
		return r, -1
	}
	r.command = b[1]
	at := 4
	switch b[3] {
	case 1:
		if n = at + net4 + 2; len(b) < n {
			return r, 0
		}
		r.address = netip.AddrFrom4([4]byte(b[at : at+net4]))
	case 3:
		if n = at + 1 + int(b[at]) + 2; len(b) < n {
			return r, 0
		}
		r.name = b[at+1 : n-2]
	case 4:
		if n = at + net6 + 2; len(b) < n {
			return r, 0
		}
		r.address = netip.AddrFrom16([16]byte(b[at : at+net6])).Unmap()
	default:
		return r, -1
	}
	r.port = binary.BigEndian.Uint16(b[n-2:])
	return r, n
}

// Octets of an address.
const (
	net4 = 4
	net6 = 16
)

// reply4 reads a reply of version 4.
func reply4(b []byte) (code byte, n int) {
	switch {
	case len(b) < 8:
		return 0, 0
	case b[0] != 0:
		return 0, -1
	}
	return b[1], 8
}
