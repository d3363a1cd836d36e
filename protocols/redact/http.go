package redact

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"mailsensor/capture"
	"mailsensor/protocols/line"
)

// http follows both sides of HTTP/1 (RFC 9112): request and status lines without
// queries, headers of a list, and no bodies. It keeps nothing behind what it cannot
// follow, HTTP/2 above all.
type http struct {
	conn *Connection
	side [2]httpSide
}

type httpSide struct {
	where   where
	left    int // octets of the body, or of the chunk
	chunked bool
	length  bool
}

type where uint8

const (
	start where = iota
	fields
	body
	chunkSize
	chunkEnd
	trailer
	lost
)

var httpFields = []string{"HOST", "CONTENT-LENGTH", "CONTENT-TYPE", "CONTENT-ENCODING", "TRANSFER-ENCODING", "USER-AGENT", "ACCEPT", "ACCEPT-ENCODING",
	"ACCEPT-LANGUAGE", "CONNECTION", "DATE", "SERVER", "CACHE-CONTROL", "VARY", "EXPECT", "WWW-AUTHENTICATE", "X-FORWARDED-FOR"}

func (h *http) scan(d capture.Dir, b, out []byte) int {
	s := &h.side[d]
	switch s.where {
	case lost:
		return len(b)
	case body:
		n := min(s.left, len(b))
		if s.left -= n; s.left == 0 {
			s.where = start
			if s.chunked {
				s.where = chunkEnd
			}
		}
		return n
	}
	n, text := next(b)
	if n == 0 {
		return 0
	}
	hide(b[:n], out, text)
	switch s.where {
	case start:
		h.first(d, s, out, text)
	case fields:
		if len(text) > 0 {
			h.field(s, out, text)
			break
		}
		switch {
		case s.chunked:
			s.where = chunkSize
		case s.left > 0:
			s.where = body
		case d == capture.ToClient && !s.length: // up to the end of the connection, or none: who knows
			s.where = lost
		default:
			s.where = start
		}
	case chunkSize:
		copy(out, text[:hexDigits(text)])
		switch size := hex(text); {
		case size < 0:
			s.where = lost
		case size == 0:
			s.where = trailer
		default:
			s.where, s.left = body, size
		}
	case chunkEnd:
		s.where = chunkSize
		if len(text) > 0 {
			s.where = lost
		}
	case trailer:
		if len(text) == 0 {
			s.where = start
		}
	}
	return n
}

// first is a request line or a status line.
func (h *http) first(d capture.Dir, s *httpSide, out, text []byte) {
	*s = httpSide{where: fields}
	method, rest, _ := bytes.Cut(text, []byte{' '})
	if d == capture.ToClient {
		if !bytes.HasPrefix(method, []byte("HTTP/1.")) {
			s.where = lost
			return
		}
		copy(out, text)
		if bytes.HasPrefix(rest, []byte("1")) || bytes.HasPrefix(rest, []byte("204")) || bytes.HasPrefix(rest, []byte("304")) {
			s.length = true
		}
		return
	}
	i := bytes.LastIndexByte(rest, ' ')
	if i < 0 || !bytes.HasPrefix(rest[i+1:], []byte("HTTP/1.")) || len(method) > 10 || string(method) == "CONNECT" || string(method) == "HEAD" {
		s.where = lost
		h.side[d.Other()].where = lost
		return
	}
	path := rest[:i]
	if q := bytes.IndexAny(path, "?;#@"); q >= 0 {
		path = path[:q+1]
	}
	copy(out, text[:len(method)+1+len(path)])
	copy(out[len(method)+1+i:], rest[i:])
}

func (h *http) field(s *httpSide, out, text []byte) {
	name, value, ok := bytes.Cut(text, []byte{':'})
	if !ok {
		return
	}
	at := len(name) + 1
	key := strings.ToUpper(string(name))
	if key == "AUTHORIZATION" || key == "PROXY-AUTHORIZATION" {
		copy(out, text[:at])
		h.basic(out[at:], value)
		return
	}
	if !slices.Contains(httpFields, key) {
		copy(out, text[:at])
		h.conn.secret(bytes.TrimSpace(value))
		return
	}
	copy(out, text)
	switch key {
	case "CONTENT-LENGTH":
		s.left, s.length = number(bytes.TrimSpace(value)), true
	case "TRANSFER-ENCODING":
		s.chunked = bytes.Contains(bytes.ToLower(value), []byte("chunked"))
	}
}

// basic keeps the name of a user (RFC 7617).
func (h *http) basic(out, value []byte) {
	i := len(value) - len(bytes.TrimLeft(value, " "))
	h.conn.secret(bytes.TrimSpace(value))
	copy(out, value[:i])
	if !line.HasPrefixFold(value[i:], "BASIC ") {
		return
	}
	b64 := value[i+len("basic "):]
	text, err := base64.StdEncoding.DecodeString(string(b64))
	name, password, ok := bytes.Cut(text, []byte{':'})
	if err != nil || !ok {
		return
	}
	h.conn.secret(b64)
	h.conn.secret(password)
	fill(text[len(name)+1:])
	copy(out[i:], value[i:i+len("basic ")])
	base64.StdEncoding.Encode(out[i+len("basic "):len(value)], text)
}

func hexDigits(b []byte) (n int) {
	for n < len(b) && strings.IndexByte("0123456789abcdefABCDEF", b[n]) >= 0 {
		n++
	}
	return n
}

// hex is a chunk's size, -1: it is none.
func hex(b []byte) (n int) {
	digits := hexDigits(b)
	if digits == 0 || digits > 7 {
		return -1
	}
	for _, c := range b[:digits] {
		n = n<<4 + strings.IndexByte("0123456789abcdef", c|0x20)
	}
	return n
}
