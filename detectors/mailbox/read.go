package mailbox

import "mailsensor/protocols"

// Change is what one event changed.
type Change struct {
	Total      Delta // over all clients: of the account, and of everything
	Host       Delta // of the client
	NewMailbox bool  // nobody had read of this mailbox before
	NewForHost bool  // the client had not
}

// reading is the event being taken in.
type reading struct {
	ev     *protocols.MailboxRead
	box    *box
	host   *view
	sel    *selection // nil until an item by position comes
	change Change
}

// Read takes in what was sent to a client. account is the normalised name of
// whose mailbox it is; it is empty where that is unknown.
func (t *Tracker) Read(ev *protocols.MailboxRead, account []byte) Change {
	b, known := t.find(&ev.Head, account, ev.Mailbox, ev.UIDValidity, ev.Selection)
	t.now = reading{ev: ev, box: b}
	if b == nil {
		t.now.box = t.newBox(&ev.Head, account, ev.Mailbox, ev.UIDValidity, known)
		t.now.change.NewMailbox = true
	}
	t.now.box.exists = max(t.now.box.exists, ev.Exists)
	t.now.host, t.now.change.NewForHost = t.host(t.now.box, ev.Client())
	for i := range ev.Items {
		it := &ev.Items[i]
		if it.ID != 0 {
			n := t.byNumber(it)
			it = &n
		}
		if it.First != 0 && it.First <= it.Last { // 0 is neither UID nor position
			t.item(it)
		}
	}
	t.makeRoom()
	return t.now.change
}

func (t *Tracker) item(it *protocols.ReadItem) {
	if !it.ByUID && t.now.sel == nil {
		t.now.sel = t.selection()
	}
	switch it.Kind {
	case protocols.ReadWhole:
		t.rise(it.ByUID, it.First, it.Last, Whole)
	case protocols.ReadHeaders:
		t.rise(it.ByUID, it.First, it.Last, Headers)
	case protocols.ReadPartial, protocols.ReadPart:
		t.rise(it.ByUID, it.First, it.First, Partial)
		t.eachBook(it.ByUID, func(bk *book, s scope) { t.piece(bk, s, it) })
	case protocols.ReadStructure:
		t.remember(it)
		t.eachBook(it.ByUID, func(bk *book, s scope) { t.settle(bk, s, it.First) })
	case protocols.ReadIdentity:
		if !it.ByUID && it.Other != 0 {
			t.identify(it.First, it.Other)
		}
	}
}

// scope says whose counts a ledger keeps.
type scope uint8

const (
	everyone scope = iota // by UID, over all clients
	client                // by UID, of one client
	position              // by position: of one client, and so of everyone
)

// eachBook calls f with the ledgers that know a message: one where it goes by
// position, two where it goes by UID.
func (t *Tracker) eachBook(byUID bool, f func(*book, scope)) {
	if !byUID {
		f(&t.now.sel.book, position)
		return
	}
	f(&t.now.box.all.book, everyone)
	f(&t.now.host.book, client)
}

func (t *Tracker) rise(byUID bool, first, last uint32, to Level) {
	if !byUID {
		t.raise(&t.now.sel.book, position, first, last, to)
		return
	}
	t.raise(&t.now.box.all.book, everyone, first, last, to)
	t.raise(&t.now.host.book, client, first, last, to)
}

// raise brings messages to a level in one ledger and books what that changes.
func (t *Tracker) raise(bk *book, s scope, first, last uint32, to Level) {
	before := len(bk.runs)
	n, scratch := bk.ledger.raise(first, last, to, t.pieces)
	t.pieces = scratch
	t.runs += len(bk.runs) - before
	if n == (moved{}) {
		return
	}
	conn, selection := t.now.ev.Conn.ID, t.now.ev.Selection
	switch s {
	case everyone:
		t.now.box.all.byName.note(conn, selection)
		t.now.box.all.named.move(&n, to)
		t.now.change.Total.move(&n, to)
	case client:
		t.now.host.byName.note(conn, selection)
		t.now.host.named.move(&n, to)
		t.now.change.Host.move(&n, to)
	case position:
		t.now.box.all.byPlace.note(conn, selection)
		t.now.host.byPlace.note(conn, selection)
		t.now.box.lost = t.now.box.lost || bk.coarse
		t.movePositions(&n, to)
	}
}
