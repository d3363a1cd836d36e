package webmail

import (
	"bytes"

	"mailsensor/protocols"
)

// ask is a request within a call. A call that is no batch has one, of id 0.
type ask struct {
	id      uint64 // by which its response names it
	kind    kind
	message uint64 // that it names
	rules   [2]int // those it makes: from, to
	mail    int    // that it sends; -1: none
	outcome protocols.Outcome
	owner   owner
}

// kind is what the response to an ask holds.
type kind uint8

const (
	other      kind = iota
	messages        // messages, each with a name of its own
	inFolders       // folders, and messages within them
	whole           // one message and nothing else
	attachment      // of the message that the request names
	ruleList
	newDraft // a message that was stored, to be sent later
)

// operation adds the name of what is asked for; a batch has several.
func (c *call) operation(parts ...string) {
	from := len(c.op)
	if from > 0 {
		c.op = append(c.op, ' ')
	}
	for _, p := range parts {
		c.op = append(c.op, p...)
	}
	if len(c.op) > maxOperation || hasWord(c.op[:from], c.op[min(from+1, len(c.op)):]) && from > 0 {
		c.op = c.op[:from]
	}
}

func hasWord(list, w []byte) bool {
	for len(list) > 0 {
		first, rest, _ := bytes.Cut(list, []byte{' '})
		if bytes.Equal(first, w) {
			return true
		}
		list = rest
	}
	return false
}

// asked begins an ask.
func (c *call) asked(id uint64, k kind) *ask {
	if len(c.asks) == maxAsks {
		c.more = true
		c.ask = -1
		return nil
	}
	c.asks = append(c.asks, ask{id: id, kind: k, mail: -1, owner: c.owner, rules: [2]int{len(c.rules), len(c.rules)}})
	c.ask = len(c.asks) - 1
	return &c.asks[c.ask]
}

// current is the ask that is being read, or nil.
func (c *call) current() *ask {
	if c.ask < 0 {
		return nil
	}
	return &c.asks[c.ask]
}

// first is the ask of a call that is no batch, or nil.
func (c *call) first() *ask {
	if len(c.asks) != 1 {
		return nil
	}
	return &c.asks[0]
}

// find makes the ask of an id current.
func (c *call) find(id uint64) *ask {
	for i := range c.asks {
		if c.asks[i].id == id {
			c.ask = i
			return &c.asks[i]
		}
	}
	c.ask = -1
	return nil
}
