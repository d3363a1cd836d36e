package tcp

import (
	"cmp"
	"time"
)

// Options bound a table. A program has one table per shard, so the figures are
// those of a shard. Zero values mean the defaults.
type Options struct {
	MaxFlows     int // of any state
	MaxHalfOpen  int // flows whose handshake is not complete
	MaxPages     int // pages of PageSize for payload that has to wait
	MaxFlowPages int // of them for one flow

	IdleTimeout     time.Duration
	HalfOpenTimeout time.Duration
	ClosedLinger    time.Duration // how long a closed flow absorbs what still comes
}

// PageSize is the payload that one page holds.
const PageSize = 2048

// The defaults are for 64 shards: a million flows and 128 MiB of pages at most.
// An IMAP client in IDLE speaks every 29 minutes (RFC 2177).
func (o Options) withDefaults() Options {
	o.MaxFlows = max(2, cmp.Or(o.MaxFlows, 1<<14))
	o.MaxHalfOpen = max(1, min(cmp.Or(o.MaxHalfOpen, 1<<12), o.MaxFlows-1))
	o.MaxPages = cmp.Or(o.MaxPages, 1<<10)
	o.MaxFlowPages = min(cmp.Or(o.MaxFlowPages, 1<<9), o.MaxPages)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, time.Hour)
	o.HalfOpenTimeout = cmp.Or(o.HalfOpenTimeout, 30*time.Second)
	o.ClosedLinger = cmp.Or(o.ClosedLinger, time.Minute)
	return o
}

// Patience with a hole, in packets of its flow and in event time.
const (
	// gapPackets and gapTime: the peer has acknowledged what is missing, so no
	// retransmission will come; only a reordered packet can still fill it.
	gapPackets = 48
	gapTime    = int64(time.Second)
	// onePackets and oneTime: no acknowledgement is visible, so the sender has
	// to be given the time for a retransmission.
	onePackets = 192
	oneTime    = 2 * int64(time.Second)
	// openTime: the peer is visible and still asks for the missing bytes. Only
	// the bound on pages ends that sooner.
	openTime = 30 * int64(time.Second)
	// silentAfter: this many holes in a direction without one packet of it,
	// and nothing waits for that direction any more.
	silentAfter = 3
	// sameTime: without an IP identification, the same sequence numbers within
	// this time are the same packet seen twice; retransmission timers are at
	// least 200 ms.
	sameTime = 5 * int64(time.Millisecond)
	// touchEvery: how coarse the lists of flows are ordered by time.
	touchEvery = int64(time.Second)
	// maxStep: how far one segment may move the table's time; Advance may more.
	maxStep = 2 * int64(time.Second)
	// reviveAfter: this many segments with new payload on a closed flow show
	// that its end was forged.
	reviveAfter = 8
)
