package tcp

import "mailsensor/capture"

// state of a flow; each has its own list.
type state uint8

const (
	halfOpen state = iota // SYN seen, the handshake is not complete
	open                  // may carry payload
	closed                // over: absorbs what still comes
	states
)

// recentPackets is how many packets of a direction are remembered to tell one
// that was captured twice.
const recentPackets = 4

// half is one direction of a flow. It has no pointers.
type half struct {
	nxt    uint32 // the octet that is delivered next
	isn    uint32 // the sequence number before the first octet
	acked  uint32 // highest acknowledgement sent by this side
	end    uint32 // sequence number of FIN or RST, where ending
	odd    uint32 // where the last strange segment ended
	holeLo uint32 // the newest hole of a stopped stream
	holeHi uint32
	head   uint32 // pages that wait, in order of sequence numbers
	tail   uint32

	recent [recentPackets]uint32
	at     uint8 // next place in recent
	odds   uint8 // strange segments that agree
	silent uint8 // holes since the last packet
	ending ending

	known   bool // nxt is set
	firm    bool // by a packet of this side, not by an acknowledgement
	acks    bool // acked is set
	stopped bool // the handler wants no more
	absent  bool // nothing waits for this side: it is not in the capture
	done    bool // end was reached

	tot capture.HalfTotals
}

type ending uint8

const (
	noEnd ending = iota
	endFIN
	endRST
)

// flow is a connection as far as the table is concerned. It has no pointers, so
// that the collector does not scan the slab.
type flow struct {
	key       capture.Key
	hash      uint32
	state     state
	lowClient bool
	handshake bool
	fresh     bool // began with payload, and no second packet came yet

	id      uint64
	start   int64
	last    int64
	packets uint32 // patience is counted in them

	prev, next uint32 // list of the state
	stamp      int64
	wprev      uint32 // list of flows with pages that wait
	wnext      uint32
	wstamp     int64
	pages      uint32

	half [2]half // by capture.Dir
}

func (f *flow) dir(fromLow bool) capture.Dir {
	if fromLow == f.lowClient {
		return capture.ToServer
	}
	return capture.ToClient
}

// swap turns the roles round. Only before the handler was told who is who.
func (f *flow) swap() {
	f.lowClient = !f.lowClient
	f.half[0], f.half[1] = f.half[1], f.half[0]
}

// mailPorts are where mail servers listen.
func mailPort(p uint16) bool {
	switch p {
	case 24, 25, 26, 110, 143, 465, 587, 993, 995, 2525, 4190, 8025:
		return true
	}
	return false
}

// lowIsClient guesses the roles of a flow whose handshake was not seen: the
// server is the side with a mail port, else the side with the lower port.
// Whoever identifies the protocol may know better later.
func lowIsClient(k *capture.Key) bool {
	if l, h := mailPort(k.LowPort), mailPort(k.HighPort); l != h {
		return h
	}
	return k.LowPort > k.HighPort
}
