// Package forward sees mail being sent on to somebody outside: the rule that does
// it, and the rule's effect.
//
// It finds (T1114.003): a live rule, of whatever protocol, that sends mail outside,
// judged by how new and how foreign its target is and by what it hides; one new
// outside target that several mailboxes send to; and, where no rule was seen, its
// effect: a message in to a mailbox, and the same message, or another with the same
// attachments, out to somebody whom it was not addressed to, within minutes. Rights on a mailbox given to somebody else
// (T1098.002).
//
// It misses: rules made inside TLS that never fired while it watched; mail that is
// sent on as a new message with another subject, or without an attachment of 32 KiB; forwarding within the mail server
// when its way out is encrypted. Lists and mailboxes that send on to many are no
// findings. What was so when the watch began, and no rule explains, is told once,
// and not as more than medium.
package forward

import (
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Config holds what can be chosen. Default gives what is shipped.
type Config struct {
	TwinWindow time.Duration `yaml:"twin_window"` // how soon a message goes out again
	Learn      time.Duration `yaml:"learn"`       // what is found within so long of the beginning may have been always so
	List       int           `yaml:"list"`        // a mailbox that sends on to so many outside is a list
	Allowed    []string      `yaml:"allowed"`     // targets, or domains of targets, that may be sent on to; lower case
}

// Default returns what is shipped.
func Default() Config {
	return Config{TwinWindow: 15 * time.Minute, Learn: 7 * 24 * time.Hour, List: 5}
}

// Bounds.
const (
	maxMessages = 1 << 16 // on their way, within TwinWindow
	maxPairs    = 1 << 16 // of a mailbox and a target
	maxBoxes    = 1 << 16
	maxTargets  = 1 << 15
	maxContacts = 1 << 17 // outside addresses that somebody wrote to
)

// Detector is the detector.
type Detector struct {
	codec.Tables

	config   Config
	border   *inside.Border
	begun    int64
	messages *recent.Table[uint64, passing]
	pairs    *recent.Table[string, pair]
	boxes    *recent.Table[string, box]
	targets  *recent.Table[string, target]
	contacts *recent.Table[uint64, int64] // when an outside address was first written to
	kept     store
	name     []byte
	key      []byte
	in, out  []byte // recipients of the message at hand, as names
	joined   []byte
}

// New returns a Detector.
func New(c Config, border *inside.Border) *Detector {
	d := &Detector{
		config: c, border: border,
		messages: recent.New[uint64, passing](maxMessages),
		pairs:    recent.New[string, pair](maxPairs),
		boxes:    recent.New[string, box](maxBoxes),
		targets:  recent.New[string, target](maxTargets),
		contacts: recent.New[uint64, int64](maxContacts),
	}
	d.Tables = codec.Bounded(d.messages, d.pairs, d.boxes, d.targets, d.contacts)
	return d
}

// Evicted implements detectors.Bounded.
func (d *Detector) Evicted() uint64 {
	return d.messages.Evicted + d.pairs.Evicted + d.boxes.Evicted + d.targets.Evicted + d.contacts.Evicted
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "forward" }

// Tick implements detectors.Detector. Everything here is decided by events.
func (d *Detector) Tick(int64, func(detectors.Alert)) {}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	if d.begun == 0 {
		d.begun = ev.Header().Time
	}
	switch e := ev.(type) {
	case *protocols.RuleChange:
		d.rule(e, raise)
	case *protocols.Message:
		d.message(e, raise)
	case *protocols.MailboxChange:
		if e.Command == "SETACL" {
			d.rights(e, raise)
		}
	}
}
