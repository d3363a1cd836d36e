package webmail

import "bytes"

// A batch may hold requests for several mailboxes, as that of a program which may read
// all of them does. Whose each of them is goes with the ask, and from there to the items,
// rules and messages.

// maxOwners bounds the mailboxes that the requests of a batch are told apart by.
const maxOwners = 64

// owner is one of those that a batch names, from 1; 0: nobody else.
type owner uint8

// someoneElse notes whom the URL or the content names: the account where nobody is
// authenticated, else the mailbox if it is another's.
func (c *call) someoneElse(who []byte) {
	switch {
	case bytes.IndexByte(who, '@') <= 0:
	case c.several:
		c.owner = c.named(who)
	case len(c.user) == 0:
		c.user = keep(c.user, who, maxName)
	case !bytes.EqualFold(who, c.user):
		c.mailbox = keep(c.mailbox, who, maxName)
	}
}

func (c *call) named(who []byte) owner {
	if bytes.EqualFold(who, c.user) {
		return 0
	}
	for i := range c.owners {
		if bytes.EqualFold(who, c.owners[i]) {
			return owner(i + 1)
		}
	}
	if len(c.owners) == maxOwners {
		c.more = true
		return 0
	}
	c.owners = append(c.owners, bytes.Clone(cut(who)))
	return owner(len(c.owners))
}

func cut(b []byte) []byte { return b[:min(len(b), maxName)] }

// present is whose the request is that is being read or answered.
func (c *call) present() owner {
	if a := c.current(); a != nil {
		return a.owner
	}
	return c.owner
}

// alone makes the only one whom a batch names its user, where nobody is authenticated:
// "me" is the same, then.
func (c *call) alone() {
	if len(c.user) > 0 || len(c.owners) != 1 {
		return
	}
	c.user, c.owners = keep(c.user, c.owners[0], maxName), c.owners[:0]
	clear(c.whose)
	for i := range c.asks {
		c.asks[i].owner = 0
	}
	for i := range c.rules {
		c.rules[i].owner = 0
	}
	for i := range c.mails {
		c.mails[i].owner = 0
	}
}

// only is whose all requests are; 0: nobody else's, or of several.
func (c *call) only() owner {
	for i := range c.asks {
		if c.asks[i].owner != c.asks[0].owner {
			return 0
		}
	}
	if len(c.asks) == 0 {
		return 0
	}
	return c.asks[0].owner
}

// account is who the events about an owner are put down to.
func (c *call) account(o owner) []byte {
	if len(c.user) == 0 && o > 0 {
		return c.owners[o-1]
	}
	return c.user
}

// box is the mailbox of an owner, where that is not the account's own.
func (c *call) box(o owner) []byte {
	if len(c.user) > 0 && o > 0 {
		return c.owners[o-1]
	}
	return c.mailbox
}

// truncate forgets the items from the one of a number on.
func (c *call) truncate(n int) { c.items, c.whose = c.items[:n], c.whose[:n] }
