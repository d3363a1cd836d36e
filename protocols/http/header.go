package http

import (
	"iter"
	"slices"

	"mailsensor/protocols/http/webmail"
	"mailsensor/protocols/line"
)

// own are the fields that framing, authentication and proxies need; names in lower
// case.
var own = []string{
	"authorization", "client-request-id", "connection", "content-encoding", "content-length", "forwarded", "host", "proxy-authenticate", "proxy-authorization",
	"transfer-encoding", "upgrade", "user-agent", "via", "www-authenticate", "x-forwarded-for",
}

// names are all that are kept, sorted.
var names = sorted(append(slices.Clone(own), webmail.Wanted...))

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// header is the fields of one block that are kept.
type header struct {
	bytes  []byte
	fields []field
	octets int // of the block so far
	count  int
	long   bool // a bound was hit
}

type field struct {
	name     string
	from, to int
}

func (h *header) reset() { *h = header{bytes: h.bytes[:0], fields: h.fields[:0]} }

// wipe resets h and clears what it kept: credentials may be among it.
func (h *header) wipe() {
	clear(h.bytes)
	h.reset()
}

// add takes a line of the block.
func (h *header) add(b []byte) {
	h.octets += len(b)
	h.count++
	if h.octets > maxHeader || h.count > maxFields {
		h.long = true
		return
	}
	colon := slices.Index(b, ':')
	if colon <= 0 || colon > 64 { // a folded line (RFC 9112, section 5.2), or nonsense
		return
	}
	var low [64]byte
	for i, c := range b[:colon] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	n := colon
	for n > 0 && (low[n-1] == ' ' || low[n-1] == '\t') {
		n--
	}
	if i, ok := slices.BinarySearchFunc(names, low[:n], compare); ok {
		keep(h, i, line.Trim(b[colon+1:]))
	}
}

// keep keeps a field by the index of its name.
func keep[T string | []byte](h *header, name int, value T) {
	if len(h.bytes)+len(value) > maxKept {
		h.long = true
		return
	}
	from := len(h.bytes)
	h.bytes = append(h.bytes, value...)
	h.fields = append(h.fields, field{names[name], from, len(h.bytes)})
}

func compare(s string, b []byte) int {
	for i := range min(len(s), len(b)) {
		if s[i] != b[i] {
			return int(s[i]) - int(b[i])
		}
	}
	return len(s) - len(b)
}

// value is that of field i.
func (h *header) value(i int) []byte {
	f := &h.fields[i]
	return h.bytes[f.from:f.to:f.to]
}

// get returns the first field of a name, or nil.
func (h *header) get(name string) []byte {
	for i := range h.fields {
		if f := &h.fields[i]; f.name == name {
			return h.bytes[f.from:f.to:f.to]
		}
	}
	return nil
}

// all calls yield with every field of a name.
func (h *header) all(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range h.fields {
			if f := &h.fields[i]; f.name == name && !yield(h.bytes[f.from:f.to:f.to]) {
				return
			}
		}
	}
}

// list reports whether a word stands in the comma-separated lists of a name.
func (h *header) list(name, word string) bool {
	for v := range h.all(name) {
		for len(v) > 0 {
			i := slices.Index(v, ',')
			if i < 0 {
				i = len(v)
			}
			if line.EqualFold(line.Trim(v[:i]), word) {
				return true
			}
			v = v[min(len(v), i+1):]
		}
	}
	return false
}
