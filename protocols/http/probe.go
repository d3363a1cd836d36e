package http

import (
	"bytes"

	"mailsensor/protocols"
)

// probe recognises HTTP/1.x by a request line or a status line: both carry the
// protocol's name.
func probe(p protocols.Probe) protocols.Verdict {
	if p.Midstream {
		return probeAnywhere(p)
	}
	if v := judgePreface(p); v != protocols.Reject {
		return v
	}
	c, s := judgeRequest(p.ToServer), judgeStatus(p.ToClient)
	switch {
	case c == protocols.Reject || s == protocols.Reject:
		return protocols.Reject
	case c == protocols.Accept || s == protocols.Accept && len(p.ToServer) == 0:
		return protocols.Accept
	}
	return protocols.NeedMore
}

// judgePreface recognises HTTP/2 spoken at once. The server's first frame, SETTINGS
// on stream 0 (RFC 9113, section 3.4), may come before it.
func judgePreface(p protocols.Probe) protocols.Verdict {
	c, s := p.ToServer, p.ToClient
	n := min(len(c), len(prefaceLine))
	switch {
	case string(c[:n]) != prefaceLine[:n], n == 0 && (s[0] != 0 || len(s) > 3 && s[3] != 4):
		return protocols.Reject
	case n == len(prefaceLine):
		return protocols.Accept
	}
	return protocols.NeedMore
}

func judgeRequest(b []byte) protocols.Verdict {
	b = bytes.TrimLeft(b, "\r\n")
	if len(b) == 0 {
		return protocols.NeedMore
	}
	first, _, whole := bytes.Cut(b, []byte{'\n'})
	method, _, spaced := bytes.Cut(first, []byte{' '})
	switch {
	case !known(method, spaced):
		return protocols.Reject
	case whole:
		if _, _, ok := requestLine(bytes.TrimRight(first, "\r")); ok {
			return protocols.Accept
		}
		return protocols.Reject
	}
	return protocols.NeedMore
}

// methods are those of RFC 9110, section 9, RFC 5789, and those of the mail APIs and
// of WebDAV.
var methods = []string{"GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
	"PROPFIND", "PROPPATCH", "SEARCH", "REPORT", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SUBSCRIBE", "POLL", "BPROPFIND", "RPC_IN_DATA", "RPC_OUT_DATA"}

// known reports whether b is a method, or may become one.
func known(b []byte, whole bool) bool {
	for _, m := range methods {
		if string(b) == m || !whole && len(b) < len(m) && m[:len(b)] == string(b) {
			return true
		}
	}
	return false
}

func judgeStatus(b []byte) protocols.Verdict {
	const head = "HTTP/1."
	if k := min(len(b), len(head)); string(b[:k]) != head[:k] {
		return protocols.Reject
	} else if k < len(head) {
		return protocols.NeedMore
	}
	first, _, whole := bytes.Cut(b, []byte{'\n'})
	if !whole {
		return protocols.NeedMore
	}
	if _, ok := statusLine(bytes.TrimRight(first, "\r")); ok {
		return protocols.Accept
	}
	return protocols.Reject
}

// probeAnywhere looks for a start line on either side.
func probeAnywhere(p protocols.Probe) protocols.Verdict {
	for b := p.ToServer; len(b) > 0; {
		l, rest, whole := bytes.Cut(b, []byte{'\n'})
		b = rest
		if m, _, ok := requestLine(bytes.TrimRight(l, "\r")); whole && ok && known(m, true) {
			return protocols.Accept
		}
	}
	for b := p.ToClient; len(b) > 0; {
		l, rest, whole := bytes.Cut(b, []byte{'\n'})
		b = rest
		if _, ok := statusLine(bytes.TrimRight(l, "\r")); whole && ok {
			return protocols.Accept
		}
	}
	return protocols.NeedMore
}
