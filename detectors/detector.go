// Package detectors is the contract of what watches the events: a Detector sees
// them all, once each, in order, and raises Alerts; a Set runs several of them,
// keeps an alert that goes on from being raised again, and ranks what was raised.
//
// No detector asks which protocol an event came from when it means the same in
// all of them. Events are borrowed; alerts own their memory: they are rare.
package detectors

import "mailsensor/protocols"

// Detector watches the events. It is used from one goroutine, needs no locks, and
// keeps nothing of an event without copying it.
type Detector interface {
	// Name is what its alerts are filed under, a constant.
	Name() string
	// Observe takes in the next event. Events that repeat behind a proxy what was
	// seen before it do not come.
	Observe(ev protocols.Event, raise func(Alert))
	// Tick says that event time has reached now, Unix nanoseconds, a multiple of
	// TickInterval, whether there was traffic or not.
	Tick(now int64, raise func(Alert))
}

// Flusher is a Detector that keeps back what it will tell at its next Tick.
type Flusher interface {
	// Flush tells it now: the capture is at its end.
	Flush(raise func(Alert))
}

// Bounded is a Detector whose tables have bounds.
type Bounded interface {
	// Evicted counts what was forgotten for want of room.
	Evicted() uint64
}

// Limited is a Detector whose tables can be made smaller.
type Limited interface {
	// Within has each table of hosts, accounts and the like hold so many at most.
	Within(entities int)
}

// Learner is a Detector whose state outlives the process.
type Learner interface {
	Detector
	// AppendState appends all that was learned. Equal states give equal octets.
	AppendState(dst []byte) ([]byte, error)
	// LoadState takes over what AppendState wrote. An error leaves the Learner as
	// good as new.
	LoadState(src []byte) error
}

// TickInterval is how much event time passes between Ticks, in nanoseconds.
const TickInterval = 60 * int64(1e9)
