package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// stores are the names by which mail goes as files: stores of many messages, and
// single ones.
var stores = []string{".pst", ".ost", ".mbox", ".eml", ".msg", ".olm", ".nsf"}

// packed are the endings of a file that was compressed.
var packed = []string{".zip", ".gz", ".7z", ".rar", ".xz", ".bz2", ".zst", ".tar"}

func isStore(name []byte) bool {
	for i := 0; i < len(packed); i++ {
		if s := packed[i]; len(name) > len(s) && hasSuffix(name, s) {
			name, i = name[:len(name)-len(s)], -1
		}
	}
	for _, s := range stores {
		if len(name) > len(s) && hasSuffix(name, s) {
			return true
		}
	}
	return false
}

// storeTypes are the media types of mail as files.
func isStoreType(contentType []byte) bool {
	kind, _, _ := bytes.Cut(contentType, []byte{';'})
	return is(bytes.TrimSpace(kind), "message/rfc822", "application/mbox", "application/vnd.ms-outlook", "application/vnd.ms-outlook-pst", "application/x-pst")
}

// transfer returns a call for a request that moves mail as a file, or may: what the
// answer to a GET is shows only then.
func (s *Set) transfer(r *Request, path []byte) *call {
	name, kind := last(path), r.Header("content-type")
	uploads := is(r.Method, "PUT", "POST")
	form := uploads && hasPrefix(kind, "multipart/form-data")
	switch {
	case is(r.Method, "GET"):
	case uploads && (isStore(name) || isStoreType(kind) || form):
	default:
		return nil
	}
	c := s.call()
	c.begin(s, silent{}, "file", r)
	c.operation(string(r.Method))
	c.upload, c.quiet = uploads, form || !uploads && !isStore(name)
	if isStore(name) {
		c.file = keep(c.file, unquoted(name), 256)
	}
	c.key = c.nameID(r.Host) ^ c.nameID(r.Target)*3
	if form {
		c.as(asParts, kind)
	}
	return c
}

// fileName is the one of a Content-Disposition (RFC 6266), if it is that of mail.
func fileName(v []byte) []byte {
	for _, key := range [...]string{"filename*=", "filename="} {
		i := indexFold(v, key)
		if i < 0 {
			continue
		}
		name := line.Trim(v[i+len(key):])
		if len(name) > 0 && name[0] == '"' {
			name, _, _ = bytes.Cut(name[1:], []byte{'"'})
		} else {
			name, _, _ = bytes.Cut(name, []byte{';'})
			name = line.Trim(name)
		}
		if key == "filename*=" { // charset'language'value (RFC 8187)
			if j := bytes.LastIndexByte(name, '\''); j >= 0 {
				name = name[j+1:]
			}
			name = unquoted(name)
		}
		if isStore(name) {
			return name
		}
	}
	return nil
}

// arrives decides by the header of a response whether that is mail.
func (c *call) arrives(header func(string) []byte) {
	if c.upload {
		c.form = unread
		return
	}
	if name := fileName(header("content-disposition")); name != nil {
		c.file = keep(c.file, name, 256)
	}
	kind := header("content-type")
	known := len(c.file) > 0 || isStoreType(kind)
	c.quiet = !known
	plain, _, _ := bytes.Cut(kind, []byte{';'})
	switch {
	case c.status/100 != 2:
		c.quiet = c.quiet || c.status == 304
		c.form = unread
		return
	case !known && !is(bytes.TrimSpace(plain), "application/octet-stream", "binary/octet-stream", ""):
		c.form = unread
		return
	case hasSuffix(c.file, ".eml"), hasSuffix(c.file, ".msg"), len(c.file) == 0 && isStoreType(kind) && !is(bytes.TrimSpace(plain), "application/mbox"):
		if a := c.asked(0, whole); a != nil {
			a.message = c.key
		}
	}
	c.as(asOther, nil)
	c.other = (*call).sniff
}

// sniff takes the beginning of a file: by it mail is recognised where no name says so.
func (c *call) sniff(b []byte) {
	const most = 128
	from := len(c.word)
	c.word = append(c.word, b[:min(len(b), most-from)]...)
	mbox := bytes.HasPrefix(c.word, []byte("From "))
	switch {
	case bytes.HasPrefix(c.word, []byte("!BDN")): // MS-PST, section 2.2.2.6
		c.quiet, c.form = false, unread
	case mbox && (hasSuffix(c.file, ".mbox") || bytes.IndexByte(c.word, '\n') > 0 && bytes.Count(c.word, []byte{':'}) >= 2):
		begin := c.word
		c.quiet, c.other, c.mark = false, (*call).mbox, len("\n\n") // as if behind an empty line
		c.mbox(begin)
		c.mbox(b[len(begin)-from:])
	case mbox && len(c.word) < most, bytes.HasPrefix([]byte("From "), c.word), bytes.HasPrefix([]byte("!BDN"), c.word):
		// go on
	default:
		c.form = unread
	}
}

// boxStart is what a message begins with, behind those before it.
const boxStart = "\n\nFrom "

// mbox counts the messages of an mbox file (RFC 4155): lines that begin with From,
// stand at the beginning or behind an empty line, and hold a time.
func (c *call) mbox(b []byte) {
	for _, ch := range b {
		switch n := len(boxStart); {
		case ch == '\r':
		case c.mark == n: // in such a line
			if ch == ':' {
				c.batch.status++
			}
			if ch == '\n' {
				if c.mark = 1; c.batch.status >= 2 {
					c.boxed()
				}
			}
		case ch == boxStart[c.mark]:
			c.mark++
			c.batch.status = 0
		case ch == '\n':
			c.mark = 1 + min(c.mark, 2)/2
		default:
			c.mark = 0
		}
	}
	if c.more {
		c.form = unread
	}
}

// boxed notes a message of an mbox file.
func (c *call) boxed() {
	c.add(item{id: max(c.key+uint64(len(c.items))*0x9e3779b97f4a7c15, 1), level: protocols.ReadWhole})
}

// uploads takes octets of a part of a form. By its name, or by how it begins, it is
// mail.
func (c *call) uploads(b []byte) {
	if c.batch.size == uint64(len(b)) {
		c.word = c.word[:0]
	}
	before := len(c.batch.file) > 0 || string(c.word) == "!BDN"
	c.word = append(c.word, b[:min(len(b), 4-len(c.word))]...)
	switch {
	case before:
		c.octets += uint64(len(b))
	case len(c.batch.file) > 0, string(c.word) == "!BDN":
		c.octets += c.batch.size
	default:
		return
	}
	if c.quiet {
		c.quiet = false
		c.file = keep(c.file, c.batch.file, 256)
	}
}
