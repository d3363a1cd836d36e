package webmail

import (
	"bytes"

	"mailsensor/protocols/line"
)

// file is a mail store or a message that is moved as a file.
type file struct{}

// stores are the names by which such files go.
var stores = []string{".pst", ".ost", ".mbox", ".eml", ".msg", ".olm", ".nsf"}

func hasSuffix(name []byte, suffix string) bool {
	return len(name) > len(suffix) && bytes.EqualFold(name[len(name)-len(suffix):], []byte(suffix))
}

func isStore(name []byte) bool {
	for _, s := range stores {
		if hasSuffix(name, s) {
			return true
		}
	}
	return false
}

// transfer returns a call for a request whose URL names such a file.
func (s *Set) transfer(r *Request, path []byte) Call {
	name := last(path)
	if !isStore(name) {
		return nil
	}
	c := s.call()
	c.begin(s, file{}, "file", r)
	c.form = unread
	c.op = keep(c.op, r.Method, 16)
	c.file = keep(c.file, unquoted(name), 256)
	c.upload = is(r.Method, "PUT", "POST")
	return c
}

// fileName is the one of a Content-Disposition (RFC 6266), if it is a mail store's.
func fileName(v []byte) []byte {
	i := bytes.Index(bytes.ToLower(v), []byte("filename="))
	if i < 0 {
		return nil
	}
	name := bytes.Trim(line.Trim(v[i+len("filename="):]), `"`)
	if j := bytes.IndexByte(name, ';'); j >= 0 {
		name = bytes.Trim(name[:j], `" `)
	}
	if !isStore(name) {
		return nil
	}
	return name
}

func (file) request(*call, token, []byte, []byte, uint64)  {}
func (file) response(*call, token, []byte, []byte, uint64) {}

// mapi is MAPI over HTTP (MS-OXCMAPIHTTP): its content is remote operations in a form
// of their own, of which the kind and the octets are told.
type mapi struct{ file }

func (s *Set) mapi(r *Request) Call {
	c := s.call()
	c.begin(s, mapi{}, "mapi", r)
	c.form = unread
	c.op = keep(c.op, r.Header("x-requesttype"), 64)
	c.device = keep(c.device, nil, 0)
	return c
}
