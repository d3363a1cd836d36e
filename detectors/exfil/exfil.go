// Package exfil sees data leaving by mail: attachments and octets to somebody
// outside to whom the sender never wrote before, to free mail providers, to what
// looks like the user's own other mailbox; archives and whole mail stores, mailed
// or moved over the web.
//
// It finds (T1048.003, T1567, T1114.001): a message that is strange in enough of
// these ways; more octets within a day to strangers and free mailboxes than a floor
// allows and than the sender is used to; a mail store (.pst, .ost, .mbox) in motion.
//
// It misses: what goes out inside TLS; what is hidden in the text of messages; slow
// leaks to somebody known. Habits take Config.Learn to form: before, nothing is new.
package exfil

import (
	"bytes"
	"slices"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/address"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// Config holds the thresholds. Default gives those that are shipped.
type Config struct {
	Learn         time.Duration `yaml:"learn"`          // how long a sender has to be known before anybody is new to him
	LearnMessages int           `yaml:"learn_messages"` // and how many messages he has to have sent
	Large         uint64        `yaml:"large"`          // octets of attachments that are much for one message
	Daily         uint64        `yaml:"daily"`          // octets within a day to strangers and free mail providers
	MinScore      float64       `yaml:"min_score"`      // of a message that is worth a word
}

// Default returns the thresholds that are shipped.
func Default() Config {
	return Config{Learn: 5 * 24 * time.Hour, LearnMessages: 10, Large: 10 << 20, Daily: 50 << 20, MinScore: 0.5}
}

// Bounds.
const (
	maxSenders  = 1 << 16
	maxMessages = 1 << 14 // that were seen on one leg, and will come on the next
	maxKnown    = 256     // recipients that are remembered of a sender
	usualKnown  = 16      // without another allocation
)

const day = int64(24 * time.Hour)

// Detector is the detector.
type Detector struct {
	codec.Tables

	config  Config
	border  *inside.Border
	senders *recent.Table[string, sender]
	seen    *recent.Table[uint64, int64] // messages, by their Message-ID
	name    []byte
	lower   []byte   // the recipients of the message at hand that are outside
	out     [][]byte // each of them
}

// sender is what is known of one.
type sender struct {
	name     string
	first    int64
	messages uint64
	known    []uint64 // recipients outside, the latest last
	largest  uint64   // octets of attachments of a message to outside
	strange  window.Counter
	past     uint64 // highest of the counts above on earlier days
	today    uint64
	day      int64
}

// New returns a Detector.
func New(c Config, border *inside.Border) *Detector {
	d := &Detector{config: c, border: border, senders: recent.New[string, sender](maxSenders), seen: recent.New[uint64, int64](maxMessages)}
	d.Tables = codec.Bounded(d.senders, d.seen)
	return d
}

// Evicted implements detectors.Bounded.
func (d *Detector) Evicted() uint64 {
	return d.senders.Evicted + d.seen.Evicted
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "exfil" }

// Tick implements detectors.Detector. Everything here is decided by events.
func (d *Detector) Tick(int64, func(detectors.Alert)) {}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	switch e := ev.(type) {
	case *protocols.Message:
		d.message(e, raise)
	case *protocols.MailOperation:
		if e.API == "file" {
			d.file(e, raise)
		}
	}
}

// again reports whether a message was seen on an earlier leg of its way.
func (d *Detector) again(e *protocols.Message) bool {
	if len(e.Facts.MessageID) == 0 {
		return false
	}
	id := protocols.NameID(e.Facts.MessageID)
	p := d.seen.Get(id)
	if p == nil {
		*d.seen.Insert(id) = e.Time
		return false
	}
	before := *p
	*p = e.Time
	return e.Time-before < int64(15*time.Minute)
}

// sender returns who sends a message that is his own, or nil.
func (d *Detector) sender(e *protocols.Message) *sender {
	raw := e.Account
	if len(raw) == 0 {
		d.name = address.Append(d.name[:0], e.From)
		if !d.border.Ours(address.DomainOf(d.name)) {
			return nil
		}
		raw = d.name
	}
	d.name = d.border.Account(raw, d.name)
	if len(d.name) == 0 {
		return nil
	}
	s := recent.GetBytes(d.senders, d.name)
	if s == nil {
		key := string(d.name)
		s = d.senders.Insert(key)
		known := s.known[:0]
		if known == nil {
			known = make([]uint64, 0, usualKnown)
		}
		*s = sender{name: key, first: e.Time, known: known, day: e.Time / day}
	}
	return s
}

func (s *sender) settled(t int64, c *Config) bool {
	return t-s.first >= int64(c.Learn) && s.messages >= uint64(c.LearnMessages)
}

// knows reports whether the sender wrote to a recipient before, and notes it.
func (s *sender) knows(to []byte) bool {
	h := protocols.NameID(address.Untagged(to))
	i := slices.Index(s.known, h)
	if i >= 0 {
		s.known = append(slices.Delete(s.known, i, i+1), h)
		return true
	}
	if len(s.known) == maxKnown {
		s.known = slices.Delete(s.known, 0, 1)
	}
	s.known = append(s.known, h)
	return false
}

// turn begins another day.
func (s *sender) turn(t int64) {
	if now := t / day; now > s.day {
		s.past, s.today, s.day = max(s.past, s.today), 0, now
	}
}

// outside lists the accepted recipients that are not ours, as address.Canonical writes
// them; they are good until the next message.
func (d *Detector) outside(e *protocols.Message) [][]byte {
	d.lower, d.out = d.lower[:0], d.out[:0]
	for i := range e.Recipients {
		r := &e.Recipients[i]
		if r.Outcome != protocols.Accepted || bytes.IndexByte(r.Address, '@') <= 0 {
			continue
		}
		n := len(d.lower)
		d.lower = address.Append(d.lower, r.Address)
		to := d.lower[n:len(d.lower):len(d.lower)]
		if d.border.Stays(to) {
			d.lower = d.lower[:n]
			continue
		}
		d.out = append(d.out, to)
	}
	return d.out
}
