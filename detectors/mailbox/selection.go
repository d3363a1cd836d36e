package mailbox

import "mailsensor/protocols"

// selection is what a connection read by position since its last SELECT.
type selection struct {
	book
	number uint32
	box    *box
	owner  uint64 // serial of box
	counts Delta
}

// selection returns that of the event's connection, a new one where the
// connection has selected since.
func (t *Tracker) selection() *selection {
	ev, b := t.now.ev, t.now.box
	s := t.selections.Get(ev.Conn.ID)
	if s != nil && s.number == ev.Selection && s.owner == b.serial {
		return s
	}
	if s == nil {
		if t.selections.Full() {
			t.forgetSelection(t.selections.Oldest())
		}
		s = t.selections.Insert(ev.Conn.ID)
	}
	t.runs -= len(s.runs) // of the selection before, or of a forgotten one
	s.open(t.next())
	s.number, s.box, s.owner, s.counts = ev.Selection, b, b.serial, Delta{}
	return s
}

// movePositions books messages that rose in the selection.
func (t *Tracker) movePositions(n *moved, to Level) {
	t.source(-1)
	t.now.sel.counts.move(n, to)
	t.now.box.all.unnamed.move(n, to)
	t.now.host.unnamed.move(n, to)
	t.now.change.Total.move(n, to)
	t.now.change.Host.move(n, to)
	t.source(+1)
}

// source adds the selection to the sources of both views, or takes it from them,
// so that they know whether repeats can hide between selections.
func (t *Tracker) source(by int) {
	c := &t.now.sel.counts
	if *c != (Delta{}) {
		t.now.box.all.sources += by
		t.now.host.sources += by
	}
	if c[Whole] != 0 {
		t.now.box.all.wholes += by
		t.now.host.wholes += by
	}
}

// identify says that the message at a position has a UID. What was read by
// position is from now on read by UID, and may turn out to be a repeat.
func (t *Tracker) identify(pos, uid uint32) {
	s := t.now.sel
	before := len(s.runs)
	level := s.drop(pos)
	t.runs += len(s.runs) - before
	if level != none {
		var n moved
		n[level] = 1
		t.movePositions(&n, none)
		t.rise(true, uid, uid, level)
	}
	at := messageKey{s.serial, pos}
	if st := t.structures.Get(at); st != nil {
		t.putStructure(messageKey{t.now.box.serial, uid}, *st)
		t.structures.Delete(at)
	}
	if m := t.messages.Get(at); m != nil {
		t.eachBook(true, func(bk *book, sc scope) { t.merge(bk, sc, uid, m) })
		t.messages.Delete(at)
	}
	t.eachBook(true, func(bk *book, sc scope) { t.settle(bk, sc, uid) })
}

// Select takes in what a SELECT, an EXAMINE or a STATUS says of a mailbox.
func (t *Tracker) Select(ev *protocols.MailboxSelect, account []byte) {
	if ev.Command != "STATUS" {
		t.Close(ev.Conn.ID)
	}
	if !ev.ExistsKnown {
		return
	}
	if b, _ := t.find(&ev.Head, account, ev.Mailbox, ev.UIDValidity, ev.Selection); b != nil {
		b.exists = max(b.exists, ev.Exists)
	}
}

// Close ends the selection of a connection: no response can any more show the
// UIDs of its positions. The counts stay.
func (t *Tracker) Close(conn uint64) {
	if s := t.selections.Get(conn); s != nil {
		t.shed(&s.book)
		t.selections.Delete(conn)
	}
}
