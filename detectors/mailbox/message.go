package mailbox

import (
	"slices"

	"mailsensor/protocols"
)

// messageKey names a message by the serial of a book, or of a box where it is
// about a structure, and its UID or position.
type messageKey struct {
	book uint64
	n    uint32
}

// message is one of which pieces were sent, and not yet all.
type message struct {
	box      *box
	owner    uint64 // serial of box
	sections []coverage
	taken    []section // sections of which everything was sent
}

// message returns the state of message n.
func (t *Tracker) message(bk *book, n uint32) *message {
	k := messageKey{bk.serial, n}
	if m := t.messages.Get(k); m != nil {
		return m
	}
	if t.messages.Full() {
		if _, old := t.messages.Oldest(); old.box.serial == old.owner {
			old.box.lost = true
		}
	}
	m := t.messages.Insert(k)
	m.box, m.owner = t.now.box, t.now.box.serial
	m.sections, m.taken = m.sections[:0], m.taken[:0]
	return m
}

// coverage returns that of a section, or nil where there are too many.
func (m *message) coverage(s section) *coverage {
	for i := range m.sections {
		if m.sections[i].section == s {
			return &m.sections[i]
		}
	}
	k := len(m.sections)
	if k == maxSections {
		return nil
	}
	if k < cap(m.sections) {
		m.sections = m.sections[:k+1]
	} else {
		m.sections = append(m.sections, coverage{})
	}
	m.sections[k].reset(s)
	return &m.sections[k]
}

// piece takes in a range of a body, or a numbered part or a range of it.
func (t *Tracker) piece(bk *book, s scope, it *protocols.ReadItem) {
	if bk.at(it.First) == Whole {
		return
	}
	if it.Kind == protocols.ReadPart && !isContent(it.Section) {
		return
	}
	sec, ok := t.sections.number(it.Section)
	if !ok {
		t.now.box.lost = true
		return
	}
	if it.Kind == protocols.ReadPart && it.Asked == 0 { // all of the part
		t.take(bk, s, it.First, sec)
		return
	}
	c := t.message(bk, it.First).coverage(sec)
	if c == nil || !c.add(it.Offset, it.Bytes) {
		t.now.box.lost = true
		return
	}
	if it.Size != 0 && sec == wholeBody { // RFC822.SIZE says nothing about parts
		c.ends(it.Size)
	}
	if it.Bytes < it.Asked && t.now.ev.Confidence != protocols.LowerBound { // shorter than asked: nothing is behind
		c.ends(it.Offset + it.Bytes)
	}
	if c.complete() {
		t.take(bk, s, it.First, sec)
	}
}

// take notes that all of a section of message n was sent.
func (t *Tracker) take(bk *book, s scope, n uint32, sec section) {
	if sec == wholeBody || sec == textBody {
		t.finish(bk, s, n)
		return
	}
	m := t.message(bk, n)
	if !slices.Contains(m.taken, sec) {
		if len(m.taken) == maxTaken {
			t.now.box.lost = true
			return
		}
		m.taken = append(m.taken, sec)
	}
	t.settle(bk, s, n) // a repeat too: the structure may have come with another client since
}

// settle finishes message n if the parts that were taken are all it has.
func (t *Tracker) settle(bk *book, s scope, n uint32) {
	m := t.messages.Get(messageKey{bk.serial, n})
	if m == nil || len(m.taken) == 0 {
		return
	}
	serial := bk.serial
	if s != position {
		serial = t.now.box.serial
	}
	if st := t.structures.Get(messageKey{serial, n}); st != nil && t.sections.all(*st, m.taken) {
		t.finish(bk, s, n)
	}
}

func (t *Tracker) finish(bk *book, s scope, n uint32) {
	t.raise(bk, s, n, n, Whole)
	t.messages.Delete(messageKey{bk.serial, n})
}

// merge adds what was sent of a message under its position to what is known of
// it under its UID.
func (t *Tracker) merge(bk *book, s scope, uid uint32, from *message) {
	if bk.at(uid) == Whole {
		return
	}
	m := t.message(bk, uid)
	for i := range from.sections {
		f := &from.sections[i]
		c := m.coverage(f.section)
		if c == nil {
			t.now.box.lost = true
			continue
		}
		for _, sp := range f.spans {
			if !c.add(sp.from, sp.to-sp.from) {
				t.now.box.lost = true
			}
		}
		c.ends(f.end)
		if c.complete() {
			t.take(bk, s, uid, f.section)
			if bk.at(uid) == Whole {
				return
			}
		}
	}
	for _, sec := range from.taken {
		t.take(bk, s, uid, sec)
		if bk.at(uid) == Whole {
			return
		}
	}
}

// remember keeps the leaf parts of a message until they are taken.
func (t *Tracker) remember(it *protocols.ReadItem) {
	st := t.sections.structure(it.Section)
	if st == nil {
		return
	}
	serial := t.now.box.serial
	if !it.ByUID {
		serial = t.now.sel.serial
	}
	t.putStructure(messageKey{serial, it.First}, st)
}

func (t *Tracker) putStructure(k messageKey, st *structure) {
	v := t.structures.Get(k)
	if v == nil {
		v = t.structures.Insert(k)
	}
	*v = st
}
