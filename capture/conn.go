package capture

import "net/netip"

// Dir is the direction of bytes in a connection.
type Dir uint8

// The two directions.
const (
	ToServer Dir = iota // sent by the client
	ToClient            // sent by the server
)

// Other is the opposite direction.
func (d Dir) Other() Dir { return d ^ 1 }

// String is "c2s" or "s2c".
func (d Dir) String() string {
	if d == ToServer {
		return "c2s"
	}
	return "s2c"
}

// Conn is the identity of a connection: immutable, copied by value.
type Conn struct {
	ID             uint64 // index of the connection's first packet in the capture
	Client, Server netip.AddrPort
	Start          int64 // time of the first packet, Unix nanoseconds
	Handshake      bool  // the SYN or SYN-ACK was seen: who is the client is known, not guessed
}

// StreamHandler receives one connection's two byte streams, in order, on one
// goroutine. Bytes are borrowed until the call returns. A handler that answers
// more == false is given no further Data or Gap in that direction; the bytes
// are then only counted, and Close still comes.
type StreamHandler interface {
	Data(d Dir, t int64, b []byte) (more bool)
	Gap(d Dir, t int64, n int) (more bool) // n bytes that will never come
	Close(t int64, tot Totals)
}

// EndReason says why a connection was closed.
type EndReason uint8

// The reasons.
const (
	EndFIN     EndReason = iota // both sides sent FIN
	EndRST                      // a reset
	EndIdle                     // nothing for the idle timeout
	EndReused                   // the ports were taken for a new connection
	EndEvicted                  // the flow table was full
	EndCapture                  // the capture ended first
)

var endNames = [...]string{"fin", "rst", "idle", "reused", "evicted", "capture_end"}

func (r EndReason) String() string { return endNames[r] }

// HalfTotals counts one direction of a connection.
type HalfTotals struct {
	Packets       uint64 // segments, repeats included, SPAN duplicates not
	Bytes         uint64 // stream octets handed on or counted, gaps not included
	GapBytes      uint64 // octets that were never seen
	Gaps          uint32
	Retransmitted uint64 // payload octets that came again
	OutOfOrder    uint32 // segments that came before their turn
	Conflicts     uint32 // overlaps whose bytes differ; the first ones count
	Duplicates    uint32 // the same packet captured twice (SPAN of both ports, both sides of a router)
	SYN, FIN, RST bool
}

// Totals counts a connection.
type Totals struct {
	Half  [2]HalfTotals // by Dir
	End   EndReason
	Start int64 // first packet, Unix nanoseconds
	Last  int64 // last packet
}

// OneSided reports whether only one direction was seen at all.
func (t *Totals) OneSided() bool {
	return t.Half[ToServer].Packets == 0 || t.Half[ToClient].Packets == 0
}
