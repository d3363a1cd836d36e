// Package webmail understands the mail APIs that go over HTTP: what a call did, to
// whose mailbox, and how much it read. It is given the exchanges one by one, with
// their content as it comes, dechunked and decompressed, and keeps none of it: JSON,
// XML and WBXML are read by scanners that know where they are and no more.
//
// It knows Exchange Web Services, Outlook on the web, MAPI over HTTP, ActiveSync,
// Microsoft Graph, the Gmail API, JMAP, and mail stores that are moved as files.
// docs/webmail.md says which operations. Services are told by the path of the URL,
// and where that says too little by the host.
package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// Wanted are the names, in lower case, of the headers that a Request and a Response
// can be asked for. The parser of HTTP keeps no others.
var Wanted = []string{"content-type", "user-agent", "content-disposition", "action", "x-owa-urlpostdata", "x-requesttype", "content-length"}

// Request is what is known of a request when its header block is over. Its bytes are
// borrowed until Begin returns.
type Request struct {
	Method []byte
	Target []byte // path and query, as in origin-form
	Host   []byte // of the URL, or of the Host header; without the port
	User   []byte // who is authenticated on this connection so far; nil: unknown
	Header func(name string) []byte
}

// Call is one exchange that is of interest. Pieces of content are borrowed until the
// method returns; they may be cut anywhere.
type Call interface {
	RequestBody(b []byte)
	// RequestEnd says that the request is over; whole: all of its content was seen.
	RequestEnd(whole bool)
	// Response is the status of the final response. Its header is good until it returns.
	Response(status int, header func(name string) []byte)
	ResponseBody(b []byte)
	// End tells what the call did. whole: all of the response's content was seen.
	// The Call must not be used any more.
	End(t int64, out protocols.Sink, whole bool)
}

// Set recognises the calls of one connection. It is used from one goroutine.
type Set struct {
	free  []*call
	blobs []blob // JMAP: which message a blob is, the latest last
	user  []byte // JMAP: whose session it is
}

// blob is the content of a message, by the name it is downloaded under.
type blob struct{ blob, id uint64 }

// maxBlobs bounds those that are remembered of a connection.
const maxBlobs = 4096

// New returns a Set.
func New() *Set { return new(Set) }

// Reset makes the Set ready for another connection.
func (s *Set) Reset() {
	s.blobs, s.user = s.blobs[:0], s.user[:0]
	if cap(s.blobs) > 64 {
		s.blobs = nil
	}
}

func (s *Set) named(b, id uint64) {
	if len(s.blobs) < maxBlobs {
		s.blobs = append(s.blobs, blob{b, id})
	}
}

// message is the message whose content a blob is, or the blob itself.
func (s *Set) message(b uint64) uint64 {
	for i := len(s.blobs) - 1; i >= 0; i-- {
		if s.blobs[i].blob == b {
			return s.blobs[i].id
		}
	}
	return b
}

func (s *Set) call() *call {
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return new(call)
}

func (s *Set) putCall(c *call) {
	c.rules, c.to = nil, nil
	if len(s.free) < 2 && cap(c.items) <= 256 {
		s.free = append(s.free, c)
	}
}

// Begin returns the Call for a request, or nil if that is not about mail.
func (s *Set) Begin(r *Request) Call {
	path, query, _ := bytes.Cut(r.Target, []byte{'?'})
	low := bytes.ToLower(path)
	switch {
	case bytes.HasSuffix(low, []byte("/ews/exchange.asmx")):
		return s.ews(r)
	case bytes.HasPrefix(low, []byte("/owa/service.svc")), bytes.HasPrefix(low, []byte("/ecp/")) && bytes.Contains(low, []byte(".svc")):
		return s.owa(r, path, query)
	case bytes.HasPrefix(low, []byte("/microsoft-server-activesync")):
		return s.eas(r, query)
	case bytes.HasPrefix(low, []byte("/mapi/emsmdb")), bytes.HasPrefix(low, []byte("/mapi/nspi")):
		return s.mapi(r)
	case bytes.HasPrefix(low, []byte("/v1.0/")), bytes.HasPrefix(low, []byte("/beta/")):
		return s.graph(r, path, query)
	case bytes.HasPrefix(low, []byte("/gmail/v1/")), bytes.HasPrefix(low, []byte("/upload/gmail/v1/")), bytes.HasPrefix(low, []byte("/batch/gmail/v1")):
		return s.gmail(r, path)
	case bytes.Contains(low, []byte("/jmap")):
		return s.jmap(r, path)
	}
	return s.transfer(r, path)
}
