package forward

import (
	"slices"
	"strings"

	"mailsensor/detectors/address"
	"mailsensor/protocols"
)

// target is an outside address that mail is sent on to.
type target struct {
	mailboxes []string // that send to it
}

// maxMailboxes bounds those that are listed of a target.
const maxMailboxes = 32

// outside reports whether an address is foreign to an account: of another domain,
// and not of one that is known to be ours.
func (d *Detector) outside(account, to string) bool {
	dom := address.DomainOf(to)
	if dom == "" || !strings.Contains(to, "@") {
		return false
	}
	if on := address.Route(to); on != "" {
		return d.outside(account, on)
	}
	return (dom != address.DomainOf(account) || !strings.Contains(account, "@")) && !d.border.Ours([]byte(dom))
}

// allowed reports whether configuration lets mail be sent on to an address.
func (d *Detector) allowed(to string) bool {
	return slices.Contains(d.config.Allowed, to) || slices.Contains(d.config.Allowed, address.DomainOf(to))
}

// wrote notes that somebody wrote to an outside address by himself.
func (d *Detector) wrote(to []byte, t int64) {
	h := protocols.NameID(to)
	if d.contacts.Get(h) == nil {
		*d.contacts.Insert(h) = t
	}
}

// contacted reports whether an address was written to more than a day ago.
func (d *Detector) contacted(to string, t int64) bool {
	const day = 24 * 3600e9
	p := d.contacts.Get(protocols.NameID(to))
	return p != nil && t-*p > day
}

// sends notes that a mailbox sends on to a target, and returns what is known of
// that. Targets that differ by a tag only are one.
func (d *Detector) sends(mailbox, to string) *target {
	tg := d.targets.Get(to)
	if tg == nil {
		tg = d.targets.Insert(to)
		tg.mailboxes = tg.mailboxes[:0]
	}
	if !slices.Contains(tg.mailboxes, mailbox) && len(tg.mailboxes) < maxMailboxes {
		tg.mailboxes = append(tg.mailboxes, mailbox)
	}
	return tg
}

// box is a mailbox that sends mail on.
type box struct {
	targets []string // outside, that it was seen to send to
	rules   []string // outside, that a rule of it names
}

const maxBoxTargets = 16

func (d *Detector) box(name string) *box {
	b := d.boxes.Get(name)
	if b == nil {
		b = d.boxes.Insert(name)
		b.targets, b.rules = b.targets[:0], b.rules[:0]
	}
	return b
}

func note(list *[]string, s string) {
	if !slices.Contains(*list, s) && len(*list) < maxBoxTargets {
		*list = append(*list, s)
	}
}
