package http

import (
	"bytes"
	"net/netip"
	"slices"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// maxHops bounds the proxies of a list that are remembered, nearest first.
const maxHops = 8

// The fields in which a proxy names its client.
const (
	forwarded    = "forwarded"
	forwardedFor = "x-forwarded-for"
)

// hops are the clients that the proxies before this connection had, nearest first.
type hops struct {
	list [maxHops]netip.AddrPort
	n    int
}

// originOf reads whom the peer says it speaks for: Forwarded (RFC 7239, section 4), or
// X-Forwarded-For. Each proxy adds to the end, so only the last is the peer's own
// word; those before are of whoever sent it them.
func originOf(h *header) (o hops, source string) {
	if o.read(h, forwarded, parameterFor); o.n > 0 {
		return o, forwarded
	}
	o.read(h, forwardedFor, func(b []byte) []byte { return b })
	return o, forwardedFor
}

// read takes the elements of a list apart. The last come first; one that is no address
// ends it.
func (o *hops) read(h *header, name string, node func([]byte) []byte) {
	for i := len(h.fields) - 1; i >= 0; i-- {
		if h.fields[i].name != name {
			continue
		}
		for v, more := h.value(i), true; more && o.n < maxHops; {
			element := v
			if comma := bytes.LastIndexByte(v, ','); comma >= 0 {
				v, element = v[:comma], v[comma+1:]
			} else {
				more = false
			}
			a, ok := address(line.Trim(node(element)))
			if !ok {
				return
			}
			o.list[o.n] = a
			o.n++
		}
	}
}

// parameterFor is the value of the parameter "for" of an element.
func parameterFor(element []byte) []byte {
	for len(element) > 0 {
		var pair []byte
		pair, element, _ = bytes.Cut(element, []byte{';'})
		name, value, _ := bytes.Cut(pair, []byte{'='})
		if line.EqualFold(line.Trim(name), "FOR") {
			return bytes.Trim(line.Trim(value), `"`)
		}
	}
	return nil
}

// via is how a request came here: as its connection did, with what the peer claims; the
// last one, if that says the same. Where the connection itself names whom it is passed
// on for (the PROXY protocol), the claim is that one's, not the peer's.
func (o *hops) via(conn, last *protocols.Via, source string) *protocols.Via {
	var v protocols.Via
	if conn != nil {
		v = *conn
	}
	before := o.list[:o.n]
	if !v.Origin.IsValid() {
		v.Origin, v.OriginSource, before = o.list[0], source, o.list[1:o.n]
	}
	same := func(a netip.Addr, b netip.AddrPort) bool { return a == b.Addr() }
	if last != nil && last.Origin == v.Origin && last.OriginSource == v.OriginSource && slices.EqualFunc(last.Before, before, same) {
		return last
	}
	v.Before = nil
	for _, a := range before {
		v.Before = append(v.Before, a.Addr())
	}
	return &v
}

// address reads an address with or without a port.
func address(b []byte) (netip.AddrPort, bool) {
	if len(b) == 0 || len(b) > 64 {
		return netip.AddrPort{}, false
	}
	host, port := b, uint16(0)
	if bytes.IndexByte(b, ':') == bytes.LastIndexByte(b, ':') || b[0] == '[' {
		host, port = hostPort(b)
	}
	a, err := netip.ParseAddr(string(host))
	return netip.AddrPortFrom(a.Unmap().WithZone(""), port), err == nil
}
