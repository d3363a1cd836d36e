package socks

import "mailsensor/protocols"

// probe recognises SOCKS by the client's first message and the proxy's answer: a
// few binary octets on one side alone may be anything.
func probe(p protocols.Probe) protocols.Verdict {
	c, s := p.ToServer, p.ToClient
	if p.Midstream || len(c) == 0 && len(s) > 0 {
		return protocols.Reject
	}
	switch {
	case len(c) == 0:
		return protocols.NeedMore
	case c[0] == version5:
		return probe5(c[1:], s)
	case c[0] == version4:
		return probe4(c, s)
	}
	return protocols.Reject
}

func probe5(c, s []byte) protocols.Verdict {
	if len(c) == 0 || len(c) < 1+int(c[0]) {
		if len(c) > 0 && c[0] == 0 || len(s) > 0 {
			return protocols.Reject
		}
		return protocols.NeedMore
	}
	methods, rest := c[1:1+c[0]], c[1+c[0]:]
	if len(methods) == 0 || len(rest) > 0 && rest[0] != version5 && rest[0] != 1 {
		return protocols.Reject
	}
	switch {
	case len(s) > 0 && s[0] != version5, len(s) > 1 && !offered(methods, s[1]):
		return protocols.Reject
	case len(s) > 1:
		return protocols.Accept
	case len(s) == 0 && len(rest) > 3: // the proxy's side may not be captured
		return protocols.Maybe
	}
	return protocols.NeedMore
}

func offered(methods []byte, m byte) bool {
	for _, o := range methods {
		if o == m {
			return true
		}
	}
	return m == refused
}

func probe4(c, s []byte) protocols.Verdict {
	if len(c) > 1 && c[1] != connect && c[1] != bind {
		return protocols.Reject
	}
	r, n := request4(c)
	switch {
	case n < 0 || n == 0 && len(s) > 0 || r.port == 0 && n > 0:
		return protocols.Reject
	case n == 0:
		return protocols.NeedMore
	case len(s) == 0:
		return protocols.Maybe // one side may not be captured
	case s[0] != 0 || len(s) > 1 && (s[1] < granted4 || s[1] > granted4+3):
		return protocols.Reject
	case len(s) > 1:
		return protocols.Accept
	}
	return protocols.NeedMore
}
