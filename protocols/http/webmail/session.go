package webmail

import (
	"bytes"

	"mailsensor/protocols/http/webmail/scan"
)

// session is what a JMAP client was told of its service (RFC 8620, section 2), and
// which blobs are messages, as far as the connection showed.
type session struct {
	user          []byte
	accounts      []named
	api, download []byte // paths of the URLs, up to the first variable
	upload        []byte
	blobs         []blob // a ring
	next          int
}

// named is the name of an account, by the number of its id.
type named struct {
	id   uint64
	name []byte
}

// blob is the content of a message, or of a part of one, by the name it is downloaded
// under.
type blob struct {
	id, message uint64
	part        bool
}

const (
	maxAccounts = 64
	maxBlobs    = 4096
	maxPieces   = 64 // parts of a message
)

func (s *session) reset() {
	blobs := s.blobs[:0]
	if cap(blobs) > 64 {
		blobs = nil
	}
	*s = session{blobs: blobs}
}

// visit reads the session object.
func (s *session) visit(c *call, what scan.Token, path, value []byte) {
	const account = "/accounts/"
	switch {
	case what != scan.Text:
	case string(path) == "/username":
		s.user = keep(s.user, value, maxName)
	case string(path) == "/apiUrl":
		s.api = urlPath(s.api, value)
	case string(path) == "/downloadUrl":
		s.download = urlPath(s.download, value)
	case string(path) == "/uploadUrl":
		s.upload = urlPath(s.upload, value)
	case bytes.HasPrefix(path, []byte(account)) && hasSuffix(path, "/name") && len(path) > len(account)+len("/name"):
		id := path[len(account) : len(path)-len("/name")]
		if len(s.accounts) < maxAccounts && bytes.IndexByte(id, '/') < 0 {
			s.accounts = append(s.accounts, named{c.nameID(id), bytes.Clone(value[:min(len(value), maxName)])})
		}
	}
}

// urlPath is the path of a URL up to its first variable (RFC 6570).
func urlPath(dst, url []byte) []byte {
	if i := bytes.Index(url, []byte("://")); i >= 0 {
		url = url[i+3:]
		if i = bytes.IndexByte(url, '/'); i < 0 {
			return dst[:0]
		}
		url = url[i:]
	}
	if i := bytes.IndexByte(url, '{'); i >= 0 {
		url = url[:i]
	}
	return keep(dst, url, 256)
}

// knows reports whether a path is one of the service's.
func (s *session) knows(path []byte) bool {
	for _, p := range [...][]byte{s.api, s.download, s.upload} {
		if len(p) > 1 && bytes.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

// rest is what follows a prefix that the session told, or else a word that is usual.
func (s *session) rest(path, prefix []byte, usual string) ([]byte, bool) {
	if len(prefix) > 1 && bytes.HasPrefix(path, prefix) {
		return path[len(prefix):], true
	}
	if i := indexFold(path, usual); i >= 0 {
		return path[i+len(usual):], true
	}
	return nil, false
}

// account is the name of one; nil: not known.
func (s *session) account(id uint64) []byte {
	for i := range s.accounts {
		if s.accounts[i].id == id {
			return s.accounts[i].name
		}
	}
	return nil
}

func (s *session) blob(id uint64) *blob {
	for i := len(s.blobs) - 1; i >= 0; i-- {
		if s.blobs[i].id == id {
			return &s.blobs[i]
		}
	}
	return nil
}

func (s *session) put(b blob) {
	if len(s.blobs) < maxBlobs {
		s.blobs = append(s.blobs, b)
		return
	}
	s.blobs[s.next] = b
	s.next = (s.next + 1) % maxBlobs
}

// join completes the blobs of a message: its own, and those of its parts.
func (s *session) join(n *item, parts []uint64) {
	if n.id == 0 {
		return
	}
	for _, id := range parts {
		s.put(blob{id: id, message: n.id, part: true})
	}
	if n.blob != 0 {
		s.put(blob{id: n.blob, message: n.id})
	}
}
