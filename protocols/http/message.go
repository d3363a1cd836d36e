package http

import (
	"bytes"

	"mailsensor/protocols/line"
)

// requestLine splits a request line (RFC 9112, section 3). What follows the target
// has to be a version.
func requestLine(b []byte) (method, target []byte, ok bool) {
	method, rest := line.Word(b)
	if !isToken(method) || len(method) > 32 {
		return nil, nil, false
	}
	i := bytes.LastIndexByte(rest, ' ')
	if i <= 0 || !bytes.HasPrefix(rest[i+1:], []byte("HTTP/1.")) {
		return nil, nil, false
	}
	return method, line.Trim(rest[:i]), true
}

// isToken reports whether b is a method: upper-case letters, as all that are in use,
// and the hyphen of a few.
func isToken(b []byte) bool {
	for _, c := range b {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return len(b) >= 3
}

// statusLine reads a status line (RFC 9112, section 4).
func statusLine(b []byte) (status int, ok bool) {
	if len(b) < len("HTTP/1.1 200") || !bytes.HasPrefix(b, []byte("HTTP/1.")) || b[8] != ' ' {
		return 0, false
	}
	v, rest, ok := line.Number(line.TrimLeft(b[8:]))
	if !ok || v < 100 || v > 999 || len(rest) > 0 && rest[0] != ' ' {
		return 0, false
	}
	return int(v), true
}

// splitTarget takes an absolute-form target apart (RFC 9112, section 3.2.2): host
// without the port, and path and query. proxied is false for any other form.
func splitTarget(target []byte) (host, path []byte, proxied bool) {
	i := bytes.Index(target, []byte("://"))
	if i <= 0 || i > 16 || bytes.IndexByte(target[:i], '/') >= 0 || bytes.IndexByte(target[:i], '?') >= 0 {
		return nil, target, false
	}
	rest := target[i+3:]
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		return hostOf(rest), []byte("/"), true
	}
	if rest[end] != '/' {
		return hostOf(rest[:end]), rest[end:], true
	}
	return hostOf(rest[:end]), rest[end:], true
}

// hostOf is the host of an authority, without user and port.
func hostOf(b []byte) []byte {
	if i := bytes.LastIndexByte(b, '@'); i >= 0 {
		b = b[i+1:]
	}
	host, _ := hostPort(b)
	return host
}

// hostPort splits host and port; 0: none.
func hostPort(b []byte) (host []byte, port uint16) {
	if len(b) > 0 && b[0] == '[' {
		if i := bytes.IndexByte(b, ']'); i > 0 {
			host, b = b[1:i], b[i+1:]
			if len(b) > 1 && b[0] == ':' {
				port = number16(b[1:])
			}
			return host, port
		}
	}
	if i := bytes.LastIndexByte(b, ':'); i >= 0 && bytes.IndexByte(b[:i], ':') < 0 {
		return b[:i], number16(b[i+1:])
	}
	return b, 0
}

func number16(b []byte) uint16 {
	v, rest, ok := line.Number(b)
	if !ok || len(rest) > 0 || v > 65535 {
		return 0
	}
	return uint16(v)
}

// chunkSize reads the size of a chunk (RFC 9112, section 7.1), extensions aside.
func chunkSize(b []byte) (n uint64, ok bool) {
	digits := 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | uint64(c-'A'+10)
		case c == ';' || c == ' ' || c == '\t':
			return n, digits > 0
		default:
			return 0, false
		}
		if digits++; digits > 15 {
			return 0, false
		}
	}
	return n, digits > 0
}
