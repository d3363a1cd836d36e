package mailbox

import "mailsensor/protocols"

// nameKey is a message's opaque name (protocols.NameID) in one mailbox.
type nameKey struct {
	box uint64
	id  uint64
}

// uid is the number that stands for the UID of a message with an opaque name:
// how many names its mailbox had shown before, from 1. Ledgers stay compact so.
func (t *Tracker) uid(id uint64) uint32 {
	b := t.now.box
	k := nameKey{b.serial, id}
	if n := t.names.Get(k); n != nil {
		return n.number
	}
	if t.names.Full() {
		if _, old := t.names.Oldest(); old.box.serial == old.owner {
			old.box.blurred = true // shown again, it would count again
		}
	}
	b.named++
	*t.names.Insert(k) = named{b, b.serial, b.named}
	return b.named
}

// named is a message whose name was seen.
type named struct {
	box    *box
	owner  uint64 // serial of box
	number uint32
}

// byNumber returns the item with a number in place of its name.
func (t *Tracker) byNumber(it *protocols.ReadItem) protocols.ReadItem {
	c := *it
	n := t.uid(it.ID)
	if it.Kind == protocols.ReadIdentity {
		c.Other = n
		return c
	}
	c.ByUID, c.First, c.Last = true, n, n
	return c
}
