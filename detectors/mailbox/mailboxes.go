package mailbox

import "net/netip"

// Count is how many messages have one level, and how far that can be believed.
type Count struct {
	N int64
	// Least is N without what may have been counted twice.
	Least int64
	// Low: something was forgotten that could have shown more.
	Low bool
	// High: messages may have been counted twice, because what would tell them
	// apart was never seen.
	High bool
}

// Mailbox says how much of a mailbox was sent.
type Mailbox struct {
	Protocol    string
	Repeat      bool // read behind a proxy: what was read before it is another Mailbox
	Server      netip.Addr
	Account     string // as it was given to Read; empty: unknown
	Name        string
	UIDValidity uint32 // 0: unknown
	Exists      uint32 // the most messages it was said to hold; 0: unknown
	Client      netip.Addr
	Known       bool // by account and UIDVALIDITY; otherwise it may be the same as another
	Counts      [levels]Count
}

// Mailboxes calls yield with every mailbox that is not forgotten: what was sent
// of it over all clients, in no particular order.
func (t *Tracker) Mailboxes(yield func(Mailbox) bool) {
	for _, b := range t.boxes.All {
		if !yield(b.all.mailbox(netip.Addr{})) {
			return
		}
	}
}

// Clients calls yield with what was sent of every mailbox to each client.
func (t *Tracker) Clients(yield func(Mailbox) bool) {
	for k, v := range t.hosts.All {
		if v.live() && !yield(v.mailbox(k.client)) {
			return
		}
	}
}

func (v *view) mailbox(client netip.Addr) Mailbox {
	b := v.box
	m := Mailbox{
		Protocol: b.protocol, Repeat: b.repeat, Server: b.server, Account: b.account, Name: b.mailbox, UIDValidity: b.valid, Exists: b.exists, Client: client, Known: b.known,
	}
	least := v.least()
	for l := Headers; l <= Whole; l++ {
		n := v.named[l] + v.unnamed[l]
		m.Counts[l] = Count{N: n, Least: least[l], Low: b.lost || v.coarse, High: n > 0 && v.high(l)}
	}
	return m
}

// high reports that messages of level l may have been counted twice. Within one
// selection nothing is: a response that shows a UID shows the position too.
func (v *view) high(l Level) bool {
	if !v.box.known || v.box.blurred {
		return true
	}
	apart := v.byName != v.byPlace || v.byName.many // UIDs and positions of different selections
	if l == Whole {                                 // repeats hide only where two sources sent whole messages, and one of them no UID
		return v.wholes > 1 || v.wholes == 1 && v.named[Whole] > 0 && apart
	}
	return v.sources > 1 || v.sources == 1 && v.named != Delta{} && apart
}
