package imap

import (
	"slices"

	"mailsensor/protocols"
)

// Bounds of what a selection remembers.
const (
	maxSizes   = 2048 // RFC822.SIZEs
	firstSizes = 32   // so many at first, then eight times as many
	roomName   = 32   // octets of a mailbox name within the selection
)

// selection is a mailbox while it is selected.
type selection struct {
	sequence
	mailbox  []byte // UTF-8
	validity uint32
	number   uint32 // in this connection, from 1; 0: its SELECT was not seen
	exists   uint32
	known    bool // exists was told
	uidNext  uint32
	unnamed  spans // positions that were reported without a UID
	sizes    []messageSize
	oldest   int // in sizes, once it is full
	roomName [roomName]byte
}

type messageSize struct {
	id, size uint32
	byUID    bool
}

func (s *selection) reset() {
	s.sequence.reset()
	unnamed, sizes := s.unnamed[:0], s.sizes[:0]
	if cap(unnamed) > 64 {
		unnamed = nil
	}
	if cap(sizes) > 2*firstSizes {
		sizes = nil
	}
	*s = selection{sequence: s.sequence, unnamed: unnamed, sizes: sizes}
	s.mailbox = s.roomName[:0]
}

// setSize remembers the size of a message by the number it is reported by.
func (s *selection) setSize(id uint32, byUID bool, size uint32) {
	if n := len(s.sizes); n < maxSizes {
		if n == cap(s.sizes) {
			s.sizes = slices.Grow(s.sizes, 7*n)
		}
		s.sizes = append(s.sizes, messageSize{id, size, byUID})
		return
	}
	s.sizes[s.oldest] = messageSize{id, size, byUID}
	s.oldest = (s.oldest + 1) % maxSizes
}

// size returns what setSize remembers; 0: not known.
func (s *selection) size(id uint32, byUID bool) uint32 {
	for i := range s.sizes {
		if s.sizes[i].id == id && s.sizes[i].byUID == byUID {
			return s.sizes[i].size
		}
	}
	return 0
}

// newSelection returns an empty one.
func (p *parser) newSelection() *selection {
	s := &p.room.selection
	if s == p.sel || s == p.next {
		if s, p.spare = p.spare, nil; s == nil {
			s = new(selection)
		}
	}
	s.reset()
	return s
}

// drop keeps a selection that ended for the next.
func (p *parser) drop(s *selection) {
	if s != nil && s != &p.room.selection {
		p.spare = s
	}
}

// selectionNow is the selection that responses are about now. While a SELECT is
// answered, it is the new one (RFC 9051, section 6.3.2).
func (p *parser) selectionNow() *selection {
	c := p.oldest()
	if c != nil && (c.verb == selectVerb || c.verb == examineVerb) {
		if p.next == nil {
			p.next = p.newSelection()
		}
		return p.next
	}
	if p.sel == nil {
		p.sel = p.newSelection()
	}
	return p.sel
}

func (p *parser) setExists(n uint32) {
	s := p.selectionNow()
	s.exists, s.known = n, true
	p.exists = n
}

func (p *parser) expunged(seq uint32) {
	if seq == 0 {
		return
	}
	p.selectionNow().sequence.expunge(seq)
	p.removed(1)
}

// selected makes the mailbox of c, an accepted SELECT or EXAMINE, the selected
// one. c is nil where the command was not seen.
func (p *parser) selected(c *command) {
	next := p.next
	p.next = nil
	if next == nil {
		next = p.newSelection()
		if c == nil { // what the server told before went to the selection before
			next.exists, next.known = p.exists, p.exists > 0
			if p.sel != nil {
				next.validity = p.sel.validity
			}
		}
	}
	p.flush(nil)
	p.unselect()
	p.selections++
	next.number = p.selections
	p.sel = next
	if c == nil {
		return
	}
	if n := next.exists; n > 0 && next.uidNext > n && next.uidNext-n == 1 { // as many messages as UIDs: none was ever expunged
		next.learn(n, n)
	}
	next.mailbox = appendMailbox(next.mailbox[:0], c.arg(0), p.utf8)
	e := p.out.MailboxSelect(p.now)
	e.Command, e.Mailbox = c.name(), p.out.Copy(next.mailbox)
	e.UIDValidity, e.Selection = next.validity, next.number
	e.Exists, e.ExistsKnown = next.exists, next.known
	if p.srv.lossy && !next.known {
		e.Confidence = protocols.LowerBound
	}
}

// unselect leaves the selected mailbox.
func (p *parser) unselect() {
	p.drop(p.sel)
	p.sel = nil
}
