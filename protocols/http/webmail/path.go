package webmail

import "bytes"

// last is the last name of a path, parent the one before it.
func last(path []byte) []byte { return path[bytes.LastIndexByte(path, '/')+1:] }

func parent(path []byte) []byte {
	i := bytes.LastIndexByte(path, '/')
	if i < 0 {
		return nil
	}
	return last(path[:i])
}

// within reports whether one of the names stands anywhere in a path, whatever its
// case: the services write the same word in different ones.
func within(path []byte, names ...string) bool {
	for len(path) > 0 {
		i := bytes.IndexByte(path, '/')
		if i < 0 {
			i = len(path)
		}
		if is(path[:i], names...) {
			return true
		}
		path = path[min(len(path), i+1):]
	}
	return false
}

// below is the name that follows the first of the names in a path; nil: none does.
func below(path []byte, names ...string) (found, next []byte) {
	for len(path) > 0 {
		first, rest, _ := bytes.Cut(path, []byte{'/'})
		if is(first, names...) {
			next, _, _ = bytes.Cut(rest, []byte{'/'})
			return first, next
		}
		path = rest
	}
	return nil, nil
}

// is compares without case.
func is(b []byte, names ...string) bool {
	for _, n := range names {
		if len(b) == len(n) && equalFold(b, n) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func equalFold(b []byte, s string) bool {
	for i, c := range b {
		if lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && equalFold(b[:len(s)], s) }

func hasSuffix(b []byte, s string) bool { return len(b) >= len(s) && equalFold(b[len(b)-len(s):], s) }

// hasFold reports whether s stands anywhere in b. It is for short b.
func hasFold(b []byte, s string) bool { return indexFold(b, s) >= 0 }

func indexFold(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if equalFold(b[i:i+len(s)], s) {
			return i
		}
	}
	return -1
}

// maxSegments is how many names of a URL's path are looked at.
const maxSegments = 16

// segments are the names of a URL's path. Of OData's users('ann') both are names.
func segments(path []byte, into *[maxSegments][]byte) [][]byte {
	list := into[:0]
	for len(path) > 0 && len(list) < maxSegments-1 {
		name, rest, _ := bytes.Cut(path, []byte{'/'})
		path = rest
		if open := bytes.Index(name, []byte("('")); open > 0 && bytes.HasSuffix(name, []byte("')")) {
			list = append(list, name[:open])
			name = name[open+2 : len(name)-2]
		}
		if len(name) > 0 {
			list = append(list, name)
		}
	}
	return list
}

// parameter is the value of one in a query, percent-decoded; nil: not there.
func parameter(query []byte, name string) []byte {
	for len(query) > 0 {
		pair, rest, _ := bytes.Cut(query, []byte{'&'})
		query = rest
		k, v, _ := bytes.Cut(pair, []byte{'='})
		if is(k, name) {
			return unquoted(v)
		}
	}
	return nil
}

// unquoted undoes percent-encoding (RFC 3986, section 2.1).
func unquoted(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			hi, lo := nibble(b[i+1]), nibble(b[i+2])
			if hi < 16 && lo < 16 {
				out = append(out, hi<<4|lo)
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return out
}

func nibble(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
