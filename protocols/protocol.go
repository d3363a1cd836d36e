// Package protocols is the contract of the mail protocols: what a parser is
// given, what it answers, and the events all of them share. Beside the contract
// it holds the stream driver, which identifies a protocol by what is said,
// feeds its parser and keeps the bytes of tokens that straddle segments.
//
// Ownership: bytes given to a parser are borrowed until it returns; the byte
// fields of an event belong to the Batch it stands in and live until the batch
// is reset.
package protocols

import "mailsensor/capture"

// Action is what a parser wants done with the bytes behind those it consumed.
type Action uint8

// The actions.
const (
	Continue   Action = iota // go on; with n == 0: call again with more bytes of this direction
	StartTLS                 // STARTTLS was accepted: TLS or (in a decrypted mirror) plain text follows in both directions
	Compressed               // COMPRESS=DEFLATE was accepted: raw deflate follows in both directions
	Tunnelled                // a proxy agreed: what follows in both directions is a connection of its own, to be identified afresh
	Stop                     // nothing more of this connection is of interest
)

// Parser understands one connection. It is used from one goroutine.
//
// It keeps no slice of b. It never panics, and has no error to return: what a
// sender does wrong is data, reported through Sink.Anomaly, and parsing goes on.
type Parser interface {
	// Parse consumes a prefix of b, the next bytes of direction d, and returns
	// its length. It is called again at once with what is left, until n is 0
	// and the action Continue: then it is called again with the same bytes and
	// at least one more. A parser that waits must bound how long (MaxToken);
	// at len(b) >= MaxToken it has to consume something.
	Parse(d capture.Dir, t int64, b []byte, out Sink) (n int, act Action)
	// Gap says that the next n bytes of direction d will never come: those that
	// Parse left unconsumed, which are dropped, and those that were lost.
	Gap(d capture.Dir, t int64, n int, out Sink)
	// Close says that the connection ended: what is pending is to be reported.
	Close(t int64, out Sink)
	// Reset makes the parser as good as new for another connection. It may keep
	// its buffers, within bounds.
	Reset(c capture.Conn)
}

// MaxToken is how many unconsumed bytes the driver keeps per direction: more
// than the longest line that any of the parsers has to see whole (RFC 4954
// allows AUTH lines of 12,288 octets).
const MaxToken = 16 << 10

// Verdict is what a Probe says of the first bytes of a connection.
type Verdict uint8

// The verdicts.
const (
	Reject   Verdict = iota // this is something else
	NeedMore                // cannot tell yet; on its own not enough to accept at the end
	Maybe                   // cannot tell yet; accepted if nothing more comes and nobody else wants it
	Accept                  // this is it
)

// Probe is what a Probe function sees: the first bytes of both directions, as
// far as they have come. In a mid-stream start both begin anywhere, even inside
// a line or a literal, and one of them may stay empty for good.
type Probe struct {
	ToServer, ToClient []byte
	Midstream          bool // the beginning of the connection was not seen
}

// Protocol describes a protocol to the driver.
type Protocol struct {
	Name    string
	Ports   []uint16 // orders the probing, proves nothing
	Probe   func(p Probe) Verdict
	New     func() Parser // before use the driver calls Reset
	Visible Visibility    // of what it parses: Cleartext, or ImplicitTLS for TLS itself
}
