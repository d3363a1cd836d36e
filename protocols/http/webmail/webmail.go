// Package webmail understands the mail APIs that go over HTTP: what a call did, to
// whose mailbox, how much it read, what it sent, and which rules it made. It is given
// the exchanges one by one, with their content as it comes, dechunked and
// decompressed, and keeps none of it: package scan knows where it is in JSON, XML and
// WBXML and no more.
//
// It knows Exchange Web Services, Outlook on the web, MAPI over HTTP, ActiveSync,
// Microsoft Graph, the Gmail API, JMAP, and mail that is moved as files.
// docs/webmail.md says which operations. Services are told by the path of the URL.
package webmail

import (
	"bytes"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail/scan"
)

// Wanted are the names, in lower case, of the headers that a Request and a Response
// can be asked for. The parser of HTTP keeps no others.
var Wanted = []string{"content-type", "user-agent", "content-disposition", "action", "x-owa-urlpostdata", "x-requesttype", "x-responsecode"}

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
	// Response is the status of the final response. Its header is good until it
	// returns. It answers whether the call is still of interest: if not, End is all
	// that follows.
	Response(status int, header func(name string) []byte) bool
	ResponseBody(b []byte)
	// Unread is told of octets that came in a coding that nobody reads.
	Unread(n int, request bool)
	// End tells what the call did. whole: all of the response's content was seen.
	// The Call must not be used any more.
	End(t int64, out protocols.Sink, whole bool)
}

// Set recognises the calls of one connection. It is used from one goroutine.
type Set struct {
	free     []*call
	contents []*content
	drafts   []draft
	sieves   []stored
	session  session
	ids      []uint64 // scratch
}

// New returns a Set.
func New() *Set { return new(Set) }

// Reset makes the Set ready for another connection.
func (s *Set) Reset() {
	s.session.reset()
	s.drafts, s.sieves = nil, nil
	if cap(s.ids) > maxItems/4 {
		s.ids = nil
	}
}

func (s *Set) call() *call {
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return new(call)
}

// putCall takes back a call that is over, without what an unusual one made it grow by.
func (s *Set) putCall(c *call) {
	for i := range c.mails {
		if x := c.mails[i].content; x != nil {
			if x.wipe(); len(s.contents) < 2 {
				s.contents = append(s.contents, x)
			}
			c.mails[i].content = nil
		}
	}
	if len(s.free) == 2 || cap(c.items) > 256 {
		return
	}
	if cap(c.rules) > 4 || cap(c.mails) > 4 || cap(c.asks) > 64 {
		c.rules, c.mails, c.asks = nil, nil, nil
	}
	s.free = append(s.free, c)
}

// namespaces are those of EWS (MS-OXWSCDATA, section 2.2.1) and SOAP, by their ends:
// some clients write another scheme.
var namespaces = []string{
	"schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope",
	"schemas.microsoft.com/exchange/services/2006/messages", "schemas.microsoft.com/exchange/services/2006/types",
}

// Begin returns the Call for a request, or nil if that is not about mail.
func (s *Set) Begin(r *Request) Call {
	path, query, _ := bytes.Cut(r.Target, []byte{'?'})
	var c *call
	switch {
	case hasSuffix(path, "/ews/exchange.asmx"):
		c = s.ews(r)
	case hasPrefix(path, "/owa/service.svc"), hasPrefix(path, "/owa/") && hasFold(path, "/service.svc"), hasPrefix(path, "/ecp/") && hasFold(path, ".svc"):
		c = s.owa(r, path, query)
	case hasPrefix(path, "/microsoft-server-activesync"):
		c = s.eas(r, query)
	case hasPrefix(path, "/mapi/emsmdb"), hasPrefix(path, "/mapi/nspi"):
		c = s.mapi(r, query)
	case hasPrefix(path, "/v1.0/"), hasPrefix(path, "/beta/"):
		c = s.graph(r, path)
	case hasPrefix(path, "/gmail/v1/"), hasPrefix(path, "/upload/gmail/v1/"), hasPrefix(path, "/resumable/upload/gmail/v1/"), hasPrefix(path, "/batch/gmail/v1"):
		c = s.gmail(r, path)
	case hasFold(path, "/jmap"), s.session.knows(path):
		c = s.jmap(r, path)
	}
	if c == nil {
		c = s.transfer(r, path)
	}
	if c == nil {
		return nil // and not an interface that holds a nil
	}
	return c
}

// Line, Content and PartEnd implement scan.PartVisitor.
var _ scan.PartVisitor = (*call)(nil)
