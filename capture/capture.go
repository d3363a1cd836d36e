// Package capture is the contract between whatever brings frames (files, live
// interfaces) and whatever reads the streams inside them.
//
// Ownership: a []byte handed down is borrowed until the call returns, unless
// the Info it came with names a Block; then it may be kept for as long as that
// block is retained. Times are Unix nanoseconds as the capture states them;
// nothing below cmd asks the clock.
package capture

import "errors"

// ErrIdle is what a live Source returns when no frame came within its poll
// interval. A file never returns it.
var ErrIdle = errors.New("capture: no frame yet")

// LinkType is the link-layer header type of a frame, with the numbers of the
// tcpdump.org LINKTYPE_ registry.
type LinkType uint16

// The link types that package decode reads.
const (
	LinkNull     LinkType = 0   // BSD loopback, host byte order family
	LinkEthernet LinkType = 1   // IEEE 802.3
	LinkPPP      LinkType = 9   // PPP, without or with HDLC framing
	LinkRawBSD   LinkType = 12  // raw IP, as OpenBSD and some tools number it
	LinkRawOther LinkType = 14  // raw IP, the other historical number
	LinkPPPoE    LinkType = 51  // PPPoE session without an Ethernet header
	LinkRaw      LinkType = 101 // raw IPv4 or IPv6
	LinkLoop     LinkType = 108 // OpenBSD loopback, network byte order family
	LinkSLL      LinkType = 113 // Linux cooked v1
	LinkIPv4     LinkType = 228 // raw IPv4
	LinkIPv6     LinkType = 229 // raw IPv6
	LinkSLL2     LinkType = 276 // Linux cooked v2
)

// Info describes one frame.
type Info struct {
	Time   int64    // Unix nanoseconds
	Length int      // bytes on the wire; more than len(frame) when cut by the snap length
	Link   LinkType // how to read the frame
	Block  *Block   // owner of the frame's bytes; nil: valid until the next call of Next only
}

// Source brings frames, one at a time, from one goroutine.
type Source interface {
	// Next returns the next frame. The error is io.EOF at the end, ErrIdle
	// when a live source is quiet, anything else is final.
	Next() (frame []byte, info Info, err error)
	Close() error
}
