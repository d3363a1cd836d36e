package imap

import "slices"

// Bounds of the commands in flight and of what is kept of each.
const (
	maxInFlight = 256
	maxUnheard  = 32 // while the server was not heard
	keepSlots   = 16
	roomSlots   = 1    // within the parser: ordinary clients wait for one command before the next
	roomText    = 40   // for the arguments of each: a user name, a mailbox
	maxArgument = 1024 // mailbox names, user names
	maxTerms    = 512  // search criteria, flags
	maxEarly    = 8    // replies to commands that were not sent yet
)

// partial is the <offset.count> of an item of a FETCH command.
type partial struct {
	offset, count uint64
	text          bool // of BODY[TEXT], not of BODY[]
}

// command is one that was not answered yet.
type command struct {
	tag      uint64 // hash: tags have no bound, and only equality matters
	at       int64  // when it came, Unix nanoseconds
	bytes    uint64 // APPEND: octets of its literals
	text     []byte // its arguments, one after another
	ends     [3]uint16
	verb     verb
	uid      bool
	complete bool // its end was seen
	remote   bool // APPEND: parts of the message lie at the server (CATENATE URL)
	args     uint8
	partials [2]partial
	asked    uint8  // how many partials
	named    uint32 // messages its set names; 0: not known
	count    uint32 // APPEND: messages; others: what the untagged responses tell so far
}

func (c *command) name() string {
	if c.uid && verbTable[c.verb].uidName != "" {
		return verbTable[c.verb].uidName
	}
	return verbTable[c.verb].name
}

// arg returns the argument kept as number i, from 0.
func (c *command) arg(i uint8) []byte {
	if i >= c.args {
		return nil
	}
	from := uint16(0)
	if i > 0 {
		from = c.ends[i-1]
	}
	return c.text[from:c.ends[i]]
}

// endArg closes the argument that was appended to text.
func (c *command) endArg() {
	if int(c.args) < len(c.ends) {
		c.ends[c.args] = uint16(len(c.text))
		c.args++
	}
}

// tagHash is FNV-1a.
func tagHash(tag []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range tag {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// push adds a command, the newest.
func (p *parser) push(tag uint64, v verb, uid bool) *command {
	switch n := len(p.flight); {
	case n >= maxInFlight:
		p.report("imap_pipeline")
		p.abandon(0)
	case n >= maxUnheard && !p.seen[1]:
		p.abandon(0)
	}
	n := len(p.flight)
	if n == cap(p.flight) {
		p.flight = slices.Grow(p.flight, max(keepSlots-n, 3*n))
	}
	p.flight = p.flight[:n+1]
	c := &p.flight[n]
	*c = command{tag: tag, at: p.now, verb: v, uid: uid, text: c.text[:0]}
	return c
}

// building is the command whose arguments are being read; nil if it was
// answered before its end.
func (p *parser) building() *command {
	if n := len(p.flight); p.cli.building && n > 0 {
		return &p.flight[n-1]
	}
	return nil
}

// remove takes command i out. Its slot, with its buffer, is used again.
func (p *parser) remove(i int) {
	n := len(p.flight)
	if i == n-1 {
		p.cli.building = false
	}
	slot := p.flight[i]
	copy(p.flight[i:], p.flight[i+1:])
	if cap(slot.text) > 128 {
		slot.text = nil
	}
	p.flight[n-1] = command{text: slot.text[:0]}
	p.flight = p.flight[:n-1]
	if n == 1 && cap(p.flight) > keepSlots {
		p.useRoom()
	}
}

// useRoom takes the room within the parser for the commands in flight, of which
// there are none.
func (p *parser) useRoom() {
	p.flight = p.room.flight[:0]
	for i := range p.room.flight {
		p.room.flight[i].text = p.room.text[i][:0]
	}
}

// find returns the oldest command with that tag; -1: none.
func (p *parser) find(tag uint64) int {
	return slices.IndexFunc(p.flight, func(c command) bool { return c.tag == tag })
}

// oldest returns the oldest command in flight: the one whose responses come now,
// unless the server works on several at once.
func (p *parser) oldest() *command {
	if len(p.flight) == 0 {
		return nil
	}
	return &p.flight[0]
}

// first returns the oldest command in flight that is one of verbs.
func (p *parser) first(verbs ...verb) *command {
	for i := range p.flight {
		if slices.Contains(verbs, p.flight[i].verb) {
			return &p.flight[i]
		}
	}
	return nil
}

// early is a tagged response that nobody had asked for when it came.
type early struct {
	tag  uint64
	good result
}

// result is the status of a tagged response.
type result uint8

const (
	noReply result = iota
	replyOK
	replyNO
	replyBAD
)

// unmatched notes a tagged response to no command. If its command comes later,
// the reply was early; if not, the tag is unknown.
func (p *parser) unmatched(tag uint64, r result) {
	if p.answered == tag { // the command was taken as answered by an early reply: this is the real one
		p.answered = 0
		return
	}
	if !p.seen[0] || p.cli.lossy {
		return
	}
	if len(p.early) == maxEarly {
		p.report("imap_unknown_tag")
		p.early = slices.Delete(p.early, 0, 1)
	}
	p.early = append(p.early, early{tag, r})
}

// matchEarly answers the newest command if its reply has come before it: a reply
// that was sent blindly can make a client believe what never happened, such as
// that STARTTLS was done.
func (p *parser) matchEarly(tag uint64) result {
	for i, e := range p.early {
		if e.tag == tag {
			p.early = slices.Delete(p.early, i, i+1)
			p.answered = tag
			p.report("imap_early_reply")
			return e.good
		}
	}
	return noReply
}
