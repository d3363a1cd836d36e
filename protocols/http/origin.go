package http

import (
	"bytes"
	"net/netip"

	"mailsensor/protocols/line"
)

// originOf is the real client as a proxy names it: the first of Forwarded (RFC 7239,
// section 4), or of X-Forwarded-For.
func originOf(h *header) (a netip.AddrPort, source string, ok bool) {
	if v := h.get("forwarded"); v != nil {
		if i := bytes.IndexByte(v, ','); i >= 0 {
			v = v[:i]
		}
		for len(v) > 0 {
			pair, rest, _ := bytes.Cut(v, []byte{';'})
			v = rest
			name, value, _ := bytes.Cut(pair, []byte{'='})
			if line.EqualFold(line.Trim(name), "for") {
				if a, ok := address(bytes.Trim(line.Trim(value), `"`)); ok {
					return a, "forwarded", true
				}
			}
		}
	}
	if v := h.get("x-forwarded-for"); v != nil {
		if i := bytes.IndexByte(v, ','); i >= 0 {
			v = v[:i]
		}
		if a, ok := address(line.Trim(v)); ok {
			return a, "x-forwarded-for", true
		}
	}
	return a, "", false
}

// address reads an address with or without a port.
func address(b []byte) (netip.AddrPort, bool) {
	if len(b) == 0 || len(b) > 64 {
		return netip.AddrPort{}, false
	}
	if a, err := netip.ParseAddr(string(b)); err == nil {
		return netip.AddrPortFrom(a.Unmap().WithZone(""), 0), true
	}
	host, port := hostPort(b)
	if a, err := netip.ParseAddr(string(host)); err == nil {
		return netip.AddrPortFrom(a.Unmap().WithZone(""), port), true
	}
	return netip.AddrPort{}, false
}
