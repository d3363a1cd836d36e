package proxy

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// parser reads one header and is done.
type parser struct {
	left uint32 // octets of a binary header that are passed by
	over bool   // the header is, or what was lost of it leaves nothing to read
}

// Reset implements protocols.Parser.
func (p *parser) Reset(capture.Conn) { *p = parser{} }

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	switch {
	case p.over:
		return 0, protocols.Tunnelled
	case d == capture.ToClient: // the server waits for the header; what it says belongs to what follows
		if len(b) < protocols.MaxToken {
			return 0, protocols.Continue
		}
		return 0, protocols.Tunnelled
	case p.left > 0:
		n = int(min(uint64(len(b)), uint64(p.left)))
		p.left -= uint32(n)
	case b[0] == binarySignature[0]:
		if n = p.version2(t, b, out); n == 0 {
			return 0, protocols.Continue
		}
	default:
		if n = p.version1(t, b, out); n == 0 {
			return 0, protocols.Continue
		}
	}
	if p.left > 0 {
		return n, protocols.Continue
	}
	return n, protocols.Tunnelled
}

// version1 reads the line (section 2.1), and returns its length; 0: more is needed.
func (p *parser) version1(t int64, b []byte, out protocols.Sink) int {
	i := bytes.IndexByte(b, '\n')
	if i < 0 && len(b) < maxText {
		return 0
	}
	if i < 0 || i >= maxText {
		out.Anomaly(t, "proxy_bad_header", nil)
		return len(textSignature) // what follows may be anything
	}
	_, rest := line.Word(bytes.TrimRight(b[:i], "\r"))
	family, rest := line.Word(rest)
	if line.EqualFold(family, "UNKNOWN") {
		return i + 1
	}
	source, rest := line.Word(rest)
	_, rest = line.Word(rest)
	port, _ := line.Word(rest)
	a, err := netip.ParseAddr(string(source))
	v, ok := line.Uint(port)
	if err != nil || !ok || v > 65535 {
		out.Anomaly(t, "proxy_bad_header", nil)
		return i + 1
	}
	claim(out, netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(v)))
	return i + 1
}

// Families and commands of version 2 (section 2.2).
const (
	cmdProxy = 1 // 0 is LOCAL: the peer speaks for itself
	inet     = 1
	inet6    = 2
)

// version2 reads the binary header (section 2.2) as far as the addresses, and notes
// how much is behind them. 0: more is needed.
func (p *parser) version2(t int64, b []byte, out protocols.Sink) int {
	if len(b) < fixed {
		return 0
	}
	size, want, family := int(binary.BigEndian.Uint16(b[14:])), 0, b[13]>>4
	switch family {
	case inet:
		want = 2*4 + 2*2
	case inet6:
		want = 2*16 + 2*2
	}
	n := min(size, want)
	if len(b) < fixed+n {
		return 0
	}
	p.left = uint32(size - n)
	a := b[fixed : fixed+n]
	switch version, command := b[12]>>4, b[12]&15; {
	case version != 2, command > cmdProxy, command == cmdProxy && n < want:
		out.Anomaly(t, "proxy_bad_header", nil)
	case command != cmdProxy:
	case family == inet:
		claim(out, netip.AddrPortFrom(netip.AddrFrom4([4]byte(a)), binary.BigEndian.Uint16(a[8:])))
	case family == inet6:
		claim(out, netip.AddrPortFrom(netip.AddrFrom16([16]byte(a)).Unmap(), binary.BigEndian.Uint16(a[32:])))
	}
	return fixed + n
}

// claim notes who the peer says the client is.
func claim(out protocols.Sink, origin netip.AddrPort) {
	out.SetVia(out.Via().Claim(origin, protocols.SourceProxy))
}

// Gap implements protocols.Parser.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	if d != capture.ToServer {
		return
	}
	if uint64(n) < uint64(p.left) {
		p.left -= uint32(n)
		return
	}
	p.left, p.over = 0, true
}

// Close implements protocols.Parser.
func (p *parser) Close(int64, protocols.Sink) {}
