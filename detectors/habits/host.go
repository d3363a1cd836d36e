package habits

import (
	"math/bits"
	"net/netip"
	"slices"
)

// host is what is known of a client of ours.
type host struct {
	id       uint64
	trace    *trace
	who      string    // whom it sent or read for today, first
	accounts [8]uint32 // that it logged in as, or read, today: hashes of the first ones
	day      int32     // the present one, UTC
	many     uint32    // days on which there were many: today, yesterday …
	n        uint8     // of accounts
	several  bool      // there were others than who
	before   bool      // there were several on the day it was active before
	takes    bool      // it takes mail: a server
}

func (t *Tracker) host(a netip.Addr) *host {
	h := t.hosts.Get(a)
	if h == nil {
		h = t.hosts.Insert(a)
		*h = host{id: addressID(a)}
	}
	return h
}

// takesMail notes that a host of ours is a mail server.
func (t *Tracker) takesMail(server netip.Addr) {
	if h := t.hosts.Peek(server); h == nil || !h.takes {
		t.host(server).takes = true
	}
}

// turn begins another day.
func (h *host) turn(now int64) {
	today := int32(now / day)
	if today <= h.day {
		return
	}
	h.many <<= min(today-h.day, 32)
	h.before = h.several
	h.day, h.n, h.who, h.several = today, 0, "", false
}

// isUsedBy notes an account of the host; limit of them are many.
func (h *host) isUsedBy(account uint64, limit int, now int64) {
	h.turn(now)
	short := uint32(account)
	if slices.Contains(h.accounts[:h.n], short) {
		return
	}
	if int(h.n) < len(h.accounts) {
		h.accounts[h.n] = short
		h.n++
	}
	if int(h.n) >= min(limit, len(h.accounts)) {
		h.many |= 1
	}
}

// worksFor notes an account or a sender; "" is nobody.
func (h *host) worksFor(name string, now int64) {
	h.turn(now)
	switch {
	case name == "":
	case h.who == "":
		h.who = name
	case h.who != name:
		h.several = true
	}
}

// remembered are the days that make a habit.
const remembered = 1<<30 - 1

// sole reports that one person stands behind the host.
func (h *host) sole() bool { return h.who != "" && !h.several && !h.before }

// Person is who alone stands behind a host of ours, or "".
func (t *Tracker) Person(a netip.Addr) string {
	if h := t.hosts.Peek(a); h != nil && h.sole() {
		return h.who
	}
	return ""
}

// Shared reports that many people stand behind a host of ours: it had many accounts on
// some days of the last 30.
func (t *Tracker) Shared(a netip.Addr) bool {
	h := t.hosts.Peek(a)
	return h != nil && t.shared(h)
}

func (t *Tracker) shared(h *host) bool {
	return bits.OnesCount32(h.many&remembered) >= t.config.SharedDays
}

// hostNamed finds a host by its address as text; h is nil where it was forgotten.
func (t *Tracker) hostNamed(name string) (id uint64, h *host) {
	a, err := netip.ParseAddr(name)
	if err != nil {
		return 0, nil
	}
	return addressID(a), t.hosts.Peek(a)
}
