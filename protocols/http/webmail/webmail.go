// Package webmail understands the mail APIs that go over HTTP: what a call did, to
// whose mailbox, and how much it read. It is given the exchanges one by one, with
// their content as it comes, dechunked and decompressed, and keeps none of it.
package webmail

import "mailsensor/protocols"

// Wanted are the names, in lower case, of the headers that a Request and a Response
// can be asked for. The parser of HTTP keeps no others.
var Wanted = []string{"content-type", "user-agent"}

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

// Set recognises calls. It is used from one goroutine.
type Set struct{}

// New returns a Set.
func New() *Set { return new(Set) }

// Begin returns the Call for a request, or nil if that is not about mail.
func (*Set) Begin(*Request) Call { return nil }
