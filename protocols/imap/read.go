package imap

import (
	"slices"

	"mailsensor/protocols"
	"mailsensor/protocols/line"
)

// What is gathered before it is reported, so that a long download is seen while
// it runs.
const (
	maxItems   = 512
	maxPending = 4 << 20        // octets of bodies
	maxAge     = 10_000_000_000 // ten seconds
	maxBodies  = 64             // of one response
	maxSection = 64
	lookBack   = 4 // runs that a message is tried against: header and text come in turn
	roomItems  = 4 // within the reading
	roomBodies = 2
)

// body is one body of the response that is being read.
type body struct {
	kind          protocols.ReadKind
	section       []byte
	bytes         uint64
	offset, asked uint64
}

// reading is what was sent to the client and is not reported yet.
type reading struct {
	items     []protocols.ReadItem
	bodies    []body
	sections  []byte // the octets of their sections
	bytes     uint64
	since     int64
	sel       *selection // that the items are of
	lossy     bool       // something is missing among the items
	vague     bool       // repeats may not be recognisable
	structure structure
	room      struct {
		items  [roomItems]protocols.ReadItem
		bodies [roomBodies]body

		sections, leaves [maxSection]byte
	}
}

// useRoom takes the room within the reading, of which nothing is in use.
func (r *reading) useRoom() {
	r.items, r.bodies = r.room.items[:0], r.room.bodies[:0]
	r.sections, r.structure.text = r.room.sections[:0], r.room.leaves[:0]
}

func (r *reading) reset() {
	items, bodies, sections := r.items[:0], r.bodies[:0], r.sections[:0]
	*r = reading{items: items, bodies: bodies, sections: sections, structure: structure{text: r.structure.text[:0]}}
}

// reading returns the one of this connection.
func (p *parser) reading() *reading {
	if p.read == nil {
		p.read = p.pools.readings.Get().(*reading)
		p.read.since = p.now
	}
	return p.read
}

// readingOf returns the reading, for items of sel.
func (p *parser) readingOf(sel *selection) *reading {
	if p.read != nil && p.read.sel != sel {
		p.flush(nil)
	}
	r := p.reading()
	r.sel = sel
	return r
}

// keep copies b.
func (r *reading) keep(b []byte) []byte {
	n := len(r.sections)
	r.sections = append(r.sections, b...)
	return r.sections[n:len(r.sections):len(r.sections)]
}

// keepUpper copies a and b in upper case, bounded.
func (r *reading) keepUpper(a, b []byte) []byte {
	n := len(r.sections)
	for _, part := range [2][]byte{a, b} {
		for _, c := range part[:min(len(part), maxSection)] {
			r.sections = append(r.sections, line.Upper(c))
		}
	}
	return r.sections[n:len(r.sections):len(r.sections)]
}

// addBody adds a body to the response that is being read.
func (p *parser) addBody(b body) {
	r := p.reading()
	if len(r.bodies) == maxBodies { // who has that many is named by what is known so far
		p.takeBodies()
	}
	r.bodies = append(r.bodies, b)
}

// take turns the bodies of a response into items.
func (r *reading) take(id uint32, byUID bool) {
	sel := r.sel
	for _, b := range r.bodies {
		it := protocols.ReadItem{
			Kind: b.kind, ByUID: byUID, First: id, Last: id, Items: 1, Bytes: b.bytes, Section: b.section,
		}
		switch b.kind {
		case protocols.ReadPartial:
			it.Offset, it.Asked, it.Size = b.offset, b.asked, uint64(sel.size(id, byUID))
		case protocols.ReadStructure:
			it.Items = 0
		}
		r.add(it)
	}
	r.bodies = r.bodies[:0]
	r.vague = r.vague || !byUID && sel.vague
}

// add appends an item, or grows a run that it belongs to.
func (r *reading) add(it protocols.ReadItem) {
	r.bytes += it.Bytes
	if it.Kind == protocols.ReadWhole || it.Kind == protocols.ReadHeaders {
		for i := len(r.items) - 1; i >= 0 && i >= len(r.items)-lookBack; i-- {
			if join(&r.items[i], &it) {
				return
			}
		}
	}
	if n := len(r.items); n == cap(r.items) {
		r.items = slices.Grow(r.items, 7*n)
	}
	r.items = append(r.items, it)
}

func join(run, it *protocols.ReadItem) bool {
	if run.Kind != it.Kind || run.ByUID != it.ByUID || it.First < run.First || uint64(it.First) > uint64(run.Last)+1 {
		return false
	}
	run.Last = max(run.Last, it.Last)
	run.Items += it.Items
	run.Bytes += it.Bytes
	return true
}

// bound reports what has gathered when it is much, or old.
func (p *parser) bound() {
	r := p.read
	if len(r.items) >= maxItems || r.bytes >= maxPending || p.now-r.since >= p.pools.age {
		p.flush(nil)
	}
}

// flush reports what has gathered. by is the command that ended; nil: another
// occasion.
func (p *parser) flush(by *command) {
	r := p.read
	if r == nil {
		return
	}
	if len(r.items) > 0 {
		p.mailboxRead(r, by)
		r.items, r.bytes, r.since, r.lossy, r.vague = r.items[:0], 0, p.now, false, false
	}
	if p.srv.mode == srvFetch { // a response is being read, and its sections are in r
		r.sections = nil
		return
	}
	p.read = nil
	r.reset()
	p.pools.readings.Put(r)
}

func (p *parser) mailboxRead(r *reading, by *command) {
	sel := r.sel
	e := p.out.MailboxRead(p.now)
	e.Command = p.readBy(by)
	if by != nil && by.verb == fetchVerb {
		e.Started = by.at
	}
	e.Mailbox = p.out.Copy(sel.mailbox)
	e.UIDValidity, e.Selection, e.Exists = sel.validity, sel.number, sel.exists
	switch {
	case r.lossy:
		e.Confidence = protocols.LowerBound
	case r.vague:
		e.Confidence = protocols.UpperBound
	}
	e.Items = append(e.Items[:0], r.items...)
	for i := range e.Items {
		e.Items[i].Section = p.out.Copy(e.Items[i].Section)
	}
}

// readBy names the command that the messages were sent for.
func (p *parser) readBy(by *command) string {
	if by == nil || by.verb != fetchVerb {
		if c := p.first(fetchVerb); c != nil {
			by = c
		} else if c := p.first(idleVerb); c != nil {
			by = c
		}
	}
	if by == nil || by.verb != fetchVerb && by.verb != idleVerb {
		return "FETCH"
	}
	return by.name()
}
