package remote

import (
	"bytes"

	"mailsensor/protocols"
)

// begins compares what came with what is expected.
func begins(b []byte, with string) protocols.Verdict {
	n := min(len(b), len(with))
	switch {
	case n == 0:
		return protocols.NeedMore
	case string(b[:n]) != with[:n]:
		return protocols.Reject
	case n < len(with):
		return protocols.NeedMore
	}
	return protocols.Accept
}

// sshProbe: both sides begin with an identification (RFC 4253, section 4.2); that of
// the client may come first.
func sshProbe(p protocols.Probe) protocols.Verdict {
	c, s := begins(p.ToServer, "SSH-"), begins(p.ToClient, "SSH-")
	switch {
	case p.Midstream, s == protocols.Reject, c == protocols.Reject && s != protocols.Accept:
		return protocols.Reject
	case s == protocols.Accept, c == protocols.Accept && len(p.ToClient) == 0:
		return protocols.Accept
	}
	return protocols.NeedMore
}

// vncProbe: the server says its version (RFC 6143, section 7.1.1).
func vncProbe(p protocols.Probe) protocols.Verdict {
	if p.Midstream || len(p.ToClient) == 0 && len(p.ToServer) > 0 { // the client waits for it
		return protocols.Reject
	}
	return begins(p.ToClient, "RFB 00")
}

const tpkt = 4 // octets of a TPKT header (RFC 1006, section 6)

// rdpProbe: the client asks for a connection of X.224, and for what only RDP asks: by
// cookie, token or a choice of security ([MS-RDPBCGR], section 2.2.1.1). Without
// any of those it may be another of the protocols over TPKT.
func rdpProbe(p protocols.Probe) protocols.Verdict {
	const (
		fixed             = tpkt + 7
		connectionRequest = 0xe0
		negotiation       = 1
	)
	b := p.ToServer
	if p.Midstream || len(p.ToClient) > 0 && p.ToClient[0] != 3 {
		return protocols.Reject
	}
	if v := begins(b, "\x03\x00"); v != protocols.Accept || len(b) < fixed {
		return min(v, protocols.NeedMore)
	}
	n := int(b[2])<<8 | int(b[3])
	if n < fixed || int(b[4]) != n-tpkt-1 || b[5] != connectionRequest {
		return protocols.Reject
	}
	switch rest := b[fixed:]; {
	case n == fixed:
		return protocols.Maybe
	case len(rest) == 0:
		return protocols.NeedMore
	case rest[0] == negotiation:
		return protocols.Accept
	default:
		return begins(rest, "Cookie: ")
	}
}

// teamViewerProbe: both sides begin every command with the same two octets, as nDPI
// (protocols/teamviewer.c) and captures of it show.
func teamViewerProbe(p protocols.Probe) protocols.Verdict {
	const magic = "\x17\x24"
	c, s := begins(p.ToServer, magic), begins(p.ToClient, magic)
	if p.Midstream {
		return protocols.Reject
	}
	return min(c, s)
}

// telnetProbe: a side begins with negotiations of options (RFC 854).
func telnetProbe(p protocols.Probe) protocols.Verdict {
	b := p.ToClient
	if len(b) == 0 {
		b = p.ToServer
	}
	switch {
	case p.Midstream, len(b) > 0 && b[0] != iac:
		return protocols.Reject
	case len(b) < 2*option:
		if len(b) == option && negotiates(b) {
			return protocols.Maybe
		}
		return protocols.NeedMore
	case negotiates(b) && negotiates(b[option:]), negotiates(b) && bytes.IndexByte(b[option:], iac) < 0:
		return protocols.Accept
	}
	return protocols.Reject
}

const (
	iac    = 0xff
	option = 3 // octets of a negotiation
)

// negotiates reports WILL, WONT, DO or DONT of a known option.
func negotiates(b []byte) bool {
	const will, dont, options = 0xfb, 0xfe, 50
	return b[0] == iac && b[1] >= will && b[1] <= dont && (b[2] < options || b[2] == iac)
}
