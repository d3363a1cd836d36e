// Package mailbox tells which messages of which mailbox were sent to a client:
// whole, in part, or their headers only. Downloads come over many connections,
// from several hosts, repeated and in pieces; a message counts once all the same.
//
// A message is (server, account, mailbox, UIDVALIDITY, UID). Where no UID was
// seen it is a position in one selection of one connection, until a response
// shows both. Counts are kept twice: over all clients, and per client host.
//
// Everything is bounded: mailboxes, hosts and messages in transit are forgotten
// least recent first, and sets of messages grow coarse. Each of these lowers the
// confidence of the counts it touches, and has a counter. Events are borrowed;
// names are copied once per mailbox.
package mailbox

import (
	"encoding/binary"
	"net/netip"

	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Limits bounds a Tracker. Zero values take the defaults.
type Limits struct {
	Mailboxes  int // mailboxes
	Hosts      int // client hosts, per mailbox they read
	Messages   int // messages in transit, of which only pieces came so far; at least 4
	Structures int // messages whose BODYSTRUCTURE is remembered
	Selections int // connections that read by position
	Names      int // messages that are known by an opaque name
	Runs       int // runs of messages, over all mailboxes
}

func (l *Limits) setDefaults() {
	for _, d := range []struct {
		v *int
		n int
	}{
		{&l.Mailboxes, 1 << 16}, {&l.Hosts, 1 << 16}, {&l.Messages, 1 << 16},
		{&l.Structures, 1 << 16}, {&l.Selections, 1 << 14}, {&l.Names, 1 << 18}, {&l.Runs, 1 << 20},
	} {
		if *d.v <= 0 {
			*d.v = d.n
		}
	}
	l.Messages = max(l.Messages, 4) // joining a position to its UID holds three at once
}

// Tracker follows all mailboxes. It is used from one goroutine.
type Tracker struct {
	// Forgot, where it is set, is told of a mailbox that was forgotten (client
	// is then the zero Addr), or of what one client had read of one. What they
	// download again is counted again.
	Forgot func(account string, client netip.Addr)

	limits     Limits
	boxes      *recent.Table[string, box]
	hosts      *recent.Table[hostKey, view]
	messages   *recent.Table[messageKey, message]
	structures *recent.Table[messageKey, *structure]
	selections *recent.Table[uint64, selection]
	names      *recent.Table[nameKey, named]
	sections   sections
	serial     uint64 // last one given out
	runs       int    // in all ledgers
	key        []byte // scratch
	pieces     []run  // scratch
	now        reading
}

// New returns an empty Tracker.
func New(l Limits) *Tracker {
	l.setDefaults()
	return &Tracker{
		limits:     l,
		boxes:      recent.New[string, box](l.Mailboxes),
		hosts:      recent.New[hostKey, view](l.Hosts),
		messages:   recent.New[messageKey, message](l.Messages),
		structures: recent.New[messageKey, *structure](l.Structures),
		selections: recent.New[uint64, selection](l.Selections),
		names:      recent.New[nameKey, named](l.Names),
		sections:   newSections(),
	}
}

// Evictions counts what was forgotten for want of room.
type Evictions struct {
	Mailboxes, Hosts, Messages, Structures, Selections, Names uint64
}

// Evictions returns the counters.
func (t *Tracker) Evictions() Evictions {
	return Evictions{t.boxes.Evicted, t.hosts.Evicted, t.messages.Evicted, t.structures.Evicted, t.selections.Evicted, t.names.Evicted}
}

// box is one mailbox.
type box struct {
	serial   uint64
	key      string // holds the names
	account  string
	mailbox  string
	server   netip.Addr
	protocol string
	repeat   bool   // read behind a proxy, and before it as well
	valid    uint32 // UIDVALIDITY
	exists   uint32 // the most messages it was said to hold
	known    bool   // by account and UIDVALIDITY
	lost     bool   // something that could have completed a message was forgotten
	blurred  bool   // a selection or a name was forgotten: its messages may be counted again
	named    uint32 // opaque names that were seen
	all      view   // over all clients
}

// view is what was read of a mailbox, by one client or by all.
type view struct {
	book
	box     *box
	named   Delta  // counts by UID
	unnamed Delta  // counts by position
	sources int    // selections that count in unnamed
	wholes  int    // of those, with whole messages
	byName  origin // the selections that count in named
	byPlace origin // those that ever counted in unnamed
	owner   uint64 // serial of box
}

// origin remembers which selection something came from, as long as it is one.
type origin struct {
	conn      uint64
	selection uint32
	set, many bool
}

func (o *origin) note(conn uint64, selection uint32) {
	o.many = o.many || o.set && (o.conn != conn || o.selection != selection)
	o.conn, o.selection, o.set = conn, selection, true
}

type hostKey struct {
	box    uint64
	client netip.Addr
}

// book is a ledger, and the number by which its messages in transit are found.
type book struct {
	serial uint64
	ledger
}

func (b *book) open(serial uint64) {
	b.reset()
	b.serial = serial
}

func (t *Tracker) next() uint64 {
	t.serial++
	return t.serial
}

// find returns the mailbox an event is about, or nil. Its key stays in t.key.
func (t *Tracker) find(h *protocols.Head, account, mailbox []byte, validity, selection uint32) (b *box, known bool) {
	known = len(account) > 0 && (validity != 0 || h.Protocol != "imap") // elsewhere names and UIDs stay valid
	server := h.Server().As16()
	k := append(t.key[:0], server[:]...)
	k = binary.BigEndian.AppendUint32(k, validity)
	if !known { // nobody can tell whether it is the same one elsewhere
		k = binary.BigEndian.AppendUint64(k, h.Conn.ID)
		k = binary.BigEndian.AppendUint32(k, selection)
	}
	if h.Repeat { // what is downloaded again behind a proxy counts for the proxy alone
		k = append(k, 1)
	}
	k = append(append(k, h.Protocol...), 0)
	k = binary.BigEndian.AppendUint32(k, uint32(len(account)))
	k = append(append(k, account...), mailbox...)
	t.key = k
	return recent.GetBytes(t.boxes, k), known
}

func (t *Tracker) newBox(h *protocols.Head, account, mailbox []byte, validity uint32, known bool) *box {
	if t.boxes.Full() {
		t.forgetBox(t.boxes.Oldest())
	}
	key := string(t.key)
	names := key[len(key)-len(account)-len(mailbox):]
	b := t.boxes.Insert(key)
	all := b.all
	*b = box{
		serial: t.next(), key: key, account: names[:len(account)], mailbox: names[len(account):],
		server: h.Server(), protocol: h.Protocol, repeat: h.Repeat, valid: validity, known: known,
	}
	t.openView(&b.all, &all, b)
	return b
}

// openView makes v a fresh view of b. It takes over the runs of old, which had
// the memory of v before, unless they stood within it.
func (t *Tracker) openView(v, old *view, b *box) {
	t.runs -= len(old.runs)
	*v = view{box: b, owner: b.serial}
	if cap(old.runs) > len(v.small) {
		v.runs = old.runs[:0]
	}
	v.open(t.next())
}

// host returns what a client read of b.
func (t *Tracker) host(b *box, client netip.Addr) (v *view, fresh bool) {
	k := hostKey{b.serial, client}
	if v = t.hosts.Get(k); v != nil {
		return v, false
	}
	if t.hosts.Full() {
		t.forgetHost(t.hosts.Oldest())
	}
	v = t.hosts.Insert(k)
	old := *v
	t.openView(v, &old, b)
	return v, true
}

// live reports that the view's mailbox is not forgotten.
func (v *view) live() bool { return v.box.serial == v.owner }
