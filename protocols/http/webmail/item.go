package webmail

import (
	"slices"

	"mailsensor/protocols"
)

// item is a message that a response is just telling of.
type item struct {
	id    uint64
	level protocols.ReadKind // ReadHeaders until a body comes; ReadPart: some of it
	size  uint64
	depth int // of the path at which it began, and one; 0: none
	blob  uint64
	cut   bool // its body is not all there
	body  bool // some of it came
	gone  bool // it was deleted: only its name is told
}

// partial is the section of a message of which something came that is neither the
// headers nor all of the text. It never makes a message whole.
var partial = []byte("TEXT<0>")

// found begins an item of the response; path is its own.
func (c *call) found(path []byte) {
	c.now = item{depth: len(path) + 1, level: protocols.ReadHeaders}
}

// inItem is the rest of a path behind that of the item.
func (c *call) inItem(path []byte) (rest []byte, ok bool) {
	if c.now.depth == 0 || len(path) < c.now.depth {
		return nil, false
	}
	return path[c.now.depth-1:], true
}

// text notes that octets of the body came.
func (c *call) text(size uint64) {
	c.now.size += size
	c.now.body = true
}

// done ends the item, if it is that of the path.
func (c *call) done(path []byte) {
	if c.now.depth != len(path)+1 {
		return
	}
	n := c.now
	c.now = item{}
	switch {
	case n.gone:
		return
	case n.body && n.cut:
		n.level = protocols.ReadPart
	case n.body:
		n.level = protocols.ReadWhole
	}
	c.add(n)
}

func (c *call) add(n item) {
	if n.id == 0 {
		return
	}
	if len(c.items) == maxItems {
		c.more = true
		return
	}
	c.whose = append(c.whose, c.present())
	c.items = append(c.items, protocols.ReadItem{Kind: n.level, ID: n.id, Items: 1, Bytes: n.size})
}

// distinct counts the items that were sent whole, each once.
func (c *call) distinct() (n uint32) {
	c.set.ids = c.set.ids[:0]
	for i := range c.items {
		if c.items[i].Kind == protocols.ReadWhole {
			c.set.ids = append(c.set.ids, c.items[i].ID)
		}
	}
	slices.Sort(c.set.ids)
	for i, id := range c.set.ids {
		if i == 0 || id != c.set.ids[i-1] {
			n++
		}
	}
	return n
}

// nameID is the number of a message's name. Exchange names a message the same in all
// its services, but for two characters that mean something in a URL; elsewhere the
// name of the service is part of it, and with ActiveSync the device, since each has
// its own numbers.
func (c *call) nameID(name []byte) uint64 {
	space := c.name
	switch c.name {
	case "ews", "owa", "graph":
		space = "exchange"
	}
	h := uint64(14695981039346656037)
	for _, b := range name {
		switch {
		case space != "exchange":
		case b == '+':
			b = '_'
		case b == '/':
			b = '-'
		}
		h = (h ^ uint64(b)) * 1099511628211
	}
	for i := range len(space) {
		h = (h ^ uint64(space[i])) * 1099511628211
	}
	if c.name == "activesync" {
		for _, b := range c.device {
			h = (h ^ uint64(b)) * 1099511628211
		}
	}
	return max(h, 1)
}
