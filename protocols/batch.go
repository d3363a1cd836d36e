package protocols

import (
	"cmp"
	"slices"

	"mailsensor/capture"
)

// Position orders events: by the packet that caused them, and by the order in
// which they arose. Timeouts come before the packet whose time made them due,
// shard by shard. No position depends on the number of workers.
type Position struct {
	Index uint64 // of the packet in the capture
	Shard uint16 // for timeouts: the shard; PacketShard for events of the packet itself
	Seq   uint32 // within the two above
}

// PacketShard is the Shard of events that a packet caused directly: above every
// real shard, so that timeouts at the same index come first.
const PacketShard = 1 << 15

// Compare is negative when p comes before q.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Index, q.Index), cmp.Compare(p.Shard, q.Shard), cmp.Compare(p.Seq, q.Seq))
}

// Sink is where a parser puts its events. Each method appends an event with its
// head filled in and returns it to be completed before the next call; byte
// fields are set from Copy. The memory belongs to a recycled batch: nothing is
// allocated once it has grown.
type Sink interface {
	Login(t int64) *Login
	Message(t int64) *Message
	MailboxRead(t int64) *MailboxRead
	MailboxSelect(t int64) *MailboxSelect
	MailboxChange(t int64) *MailboxChange
	MailboxSearch(t int64) *MailboxSearch
	ClientInfo(t int64) *ClientInfo
	TLSStart(t int64) *TLSStart
	TLSUse(t int64) *TLSUse
	RuleChange(t int64) *RuleChange
	Tunnel(t int64) *Tunnel
	MailOperation(t int64) *MailOperation
	Opening(t int64) *Opening
	Anomaly(t int64, kind string, detail []byte) // copies detail
	// Copy keeps b as long as the events. Copy of nil or empty is nil.
	Copy(b []byte) []byte
	// SetAccount names the user the connection is now logged in as, for the
	// heads of this and later events; nil logs out. The connection's ConnEnd names
	// the last one all the same, unless TLS or a tunnel began since.
	SetAccount(user []byte)
	// SetVia says how the connection came here, for the heads of this and later
	// events. v must not be changed afterwards.
	SetVia(v *Via)
	// Via returns what SetVia said last, or nil.
	Via() *Via
	// SetRemote says that the connection is remote access of a kind (ssh, rdp …),
	// and the name by which it was recognised; its ConnEnd tells.
	SetRemote(kind string, name []byte)
	// CountRequests adds to the requests that the connection's ConnEnd tells of.
	CountRequests(n uint64)
}

// pool hands out values that keep their slices from one round to the next.
type pool[T any] struct {
	items []*T
	used  int
}

// poolChunk is how many values are allocated together.
const poolChunk = 16

func (p *pool[T]) next() *T {
	if p.used == len(p.items) {
		chunk := make([]T, poolChunk)
		for i := range chunk {
			p.items = append(p.items, &chunk[i])
		}
	}
	p.used++
	return p.items[p.used-1]
}

// Batch holds events in the order in which they arose, and their bytes.
type Batch struct {
	Events []Event
	pos    Position

	logins   pool[Login]
	messages pool[roomyMessage]
	reads    pool[MailboxRead]
	selects  pool[MailboxSelect]
	changes  pool[MailboxChange]
	searches pool[MailboxSearch]
	clients  pool[ClientInfo]
	tls      pool[TLSStart]
	anomaly  pool[Anomaly]
	ends     pool[ConnEnd]
	uses     pool[TLSUse]
	rules    pool[RuleChange]
	tunnels  pool[Tunnel]
	calls    pool[MailOperation]
	openings pool[Opening]
	arena    []byte
}

// maxArena is how much byte storage a batch keeps when it is reset.
const maxArena = 4 << 20

// At sets the position of the events that follow.
func (b *Batch) At(index uint64, shard uint16) {
	b.pos = Position{Index: index, Shard: shard}
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	clear(b.Events)
	b.Events = b.Events[:0]
	b.logins.used, b.messages.used, b.reads.used, b.selects.used, b.changes.used = 0, 0, 0, 0, 0
	b.searches.used, b.clients.used, b.tls.used, b.anomaly.used, b.ends.used = 0, 0, 0, 0, 0
	b.uses.used, b.rules.used, b.tunnels.used, b.calls.used, b.openings.used = 0, 0, 0, 0, 0
	if cap(b.arena) > maxArena {
		b.arena = nil
	}
	b.arena = b.arena[:0]
}

// Sort puts the events into the order of their positions.
func (b *Batch) Sort() {
	slices.SortFunc(b.Events, func(x, y Event) int { return x.Header().Pos.Compare(y.Header().Pos) })
}

// Copy keeps p in the batch.
func (b *Batch) Copy(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	n := len(b.arena)
	if n+len(p) > cap(b.arena) { // earlier copies keep the old array alive
		b.arena = make([]byte, 0, max(2*cap(b.arena), len(p), 4096))
		n = 0
	}
	b.arena = append(b.arena, p...)
	return b.arena[n : n+len(p) : n+len(p)]
}

func (b *Batch) head(s *Stream, t int64) Head {
	h := Head{Pos: b.pos, Time: t, Conn: s.conn, Protocol: s.name(), Via: s.via}
	if !s.left {
		h.Account = b.Copy(s.account)
	}
	b.pos.Seq++
	return h
}

func add[T any, E interface {
	*T
	Event
}](b *Batch, p *pool[T]) E {
	e := E(p.next())
	b.Events = append(b.Events, e)
	return e
}

// roomyMessage is a message with room for the lists of an ordinary one.
type roomyMessage struct {
	Message
	recipients  [4]Recipient
	from        [1][]byte
	to          [4][]byte
	received    [4][]byte
	attachments [1]Attachment
}

func (b *Batch) message(h Head) *Message {
	x := b.messages.next()
	m := &x.Message
	b.Events = append(b.Events, m)
	r, f := m.Recipients, m.Facts
	if r == nil {
		r = x.recipients[:]
		f = Facts{From: x.from[:], To: x.to[:], Received: x.received[:], Attachments: x.attachments[:]}
	}
	*m = Message{Head: h, Recipients: r[:0]}
	m.Facts = Facts{From: f.From[:0], To: f.To[:0], Received: f.Received[:0], Attachments: f.Attachments[:0], LinkHosts: f.LinkHosts[:0]}
	return m
}

func (b *Batch) read(h Head) *MailboxRead {
	m := add[MailboxRead](b, &b.reads)
	items := m.Items[:0]
	*m = MailboxRead{Head: h, Items: items}
	return m
}

var _ capture.StreamHandler = (*Stream)(nil)
var _ Sink = (*Stream)(nil)
