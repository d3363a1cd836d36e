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

// within reports whether a name stands anywhere in a path, whatever its case: the
// services write the same word in different ones.
func within(path []byte, name string) bool {
	for len(path) > 0 {
		i := bytes.IndexByte(path, '/')
		if i < 0 {
			i = len(path)
		}
		if len(name) == i && bytes.EqualFold(path[:i], []byte(name)) {
			return true
		}
		path = path[min(len(path), i+1):]
	}
	return false
}

func is(b []byte, names ...string) bool {
	for _, n := range names {
		if bytes.EqualFold(b, []byte(n)) {
			return true
		}
	}
	return false
}

// parameter is the value of one in a query, percent-decoded; nil: not there.
func parameter(query []byte, name string) []byte {
	for len(query) > 0 {
		pair, rest, _ := bytes.Cut(query, []byte{'&'})
		query = rest
		k, v, _ := bytes.Cut(pair, []byte{'='})
		if bytes.EqualFold(k, []byte(name)) {
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
