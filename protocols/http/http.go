// Package http follows HTTP/1.x (RFC 9110, RFC 9112) and, in clear text, HTTP/2 (RFC
// 9113) as they are seen on the wire and between a client and its proxy. It exists for two things: mail that is read, sent
// and forwarded by APIs over HTTP, which package webmail understands, and tunnels
// that a proxy makes, in which mail goes on under another protocol.
//
// Ownership: bytes given to Parse are borrowed. Of a header block the fields that
// somebody asks for are kept, bounded, until the next one. Content is passed to
// webmail where that wants it, and passed by otherwise, O(1) a segment. Of
// credentials only the name is kept.
//
// # Anomalies
//
// Kinds reported, each once a connection:
//
//	http_bad_request      a line that is no request line
//	http_bad_response     a line that is no status line
//	http_bad_chunk        a chunk without a size
//	http_conflict         Content-Length and Transfer-Encoding together, or two lengths (request smuggling)
//	http_long_header      a header block beyond its bound; its rest was not read
//	http_pipeline         more requests in flight than are followed
//	http_bad_frame        a frame that HTTP/2 does not have, or a header block that cannot be decoded
//	http_content          content that does not decompress, or grows beyond any use
//	http_coding           content of a mail API in a coding that is not read (brotli, zstd)
package http

import (
	"sync"

	"mailsensor/protocols"
	"mailsensor/protocols/http/webmail"
	"mailsensor/protocols/inflate"
)

// New returns the protocol.
func New() protocols.Protocol {
	spare := &sync.Pool{New: func() any { return new(inflate.Inflater) }} // the workers share them
	return protocols.Protocol{
		Name:  "http",
		Ports: []uint16{80, 3128, 8080, 8000, 8008, 8081, 8888},
		Probe: probe,
		New:   func() protocols.Parser { return &parser{mail: webmail.New(), spare: spare} },
	}
}

// Bounds. Each that is hit shows in an anomaly or in the confidence of events.
const (
	maxLine     = 12 << 10 // a start line, a field, a chunk's size
	maxHeader   = 64 << 10 // octets of a header block that are read
	maxFields   = 256      // fields of one
	maxKept     = 16 << 10 // octets of fields that are kept of one
	maxInFlight = 64       // requests without a response
	maxTarget   = 8 << 10  // octets of a target that are kept
	maxUser     = 320      // octets of a user name
)
