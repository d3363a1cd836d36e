package habits

import (
	"encoding/binary"

	"mailsensor/detectors/baseline"
	"mailsensor/detectors/recent"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// Read is what a MailboxRead brought of messages.
type Read struct {
	Account string // its one name; where nobody was seen to log in, "?" and the client
	Fresh   uint64 // messages that the account had not been sent within about a day
	Octets  uint64
	Folder  uint64 // a hash of the mailbox's name and UIDVALIDITY
	Upper   bool   // Fresh is an upper bound: there were too many to tell apart
	Lower   bool   // a lower bound: more are known than there is room for
}

// Read is about the event at hand; the zero Read where no message was read.
func (t *Tracker) Read() Read { return t.read }

// person is an account or a sender.
type person struct {
	name string
	id   uint64          // a hash of it
	seen window.Distinct // messages that were downloaded

	hosts [4]uint64 // that it worked at, the latest ones
	next  uint8     // to be replaced
	trace *trace
}

// worksAt notes a host.
func (p *person) worksAt(host uint64) {
	for _, h := range p.hosts {
		if h == host {
			return
		}
	}
	p.hosts[p.next] = host
	p.next = (p.next + 1) % uint8(len(p.hosts))
}

// person finds one by a name that lasts.
func (t *Tracker) person(name string) *person {
	p := t.people.Get(name)
	if p == nil {
		p = t.people.Insert(name)
		*p = person{name: name, id: protocols.NameID(name)}
	}
	return p
}

// mailboxRead counts messages: for the account, for the client or its network, for
// the server.
func (t *Tracker) mailboxRead(e *protocols.MailboxRead) {
	octets, any := octets(e)
	if !any {
		return
	}
	client := e.Client()
	named := len(t.account(e.Account)) > 0
	if !named {
		t.name = client.AppendTo(append(t.name[:0], '?'))
	}
	p := recent.GetBytes(t.people, t.name)
	if p == nil {
		p = t.person(string(t.name))
	}
	t.read = Read{Account: p.name, Octets: octets, Folder: folderHash(e)}
	t.distinct(e, p)
	t.read.Lower = p.seen.Full()
	box := t.read.Folder
	count := func(x baseline.Entity, id uint64) {
		x.Add(baseline.MessagesDownloaded, float64(t.read.Fresh))
		x.Add(baseline.BytesDownloaded, float64(octets))
		if id != 0 && t.once.add(id, baseline.MailboxesRead, box) {
			x.Add(baseline.MailboxesRead, 1)
		}
	}
	p.trace = t.note(p.trace, p.id, &e.Head)
	if named {
		count(t.engine.Entity(baseline.Account, t.name, e.Time), p.id)
	}
	box ^= mix(p.id) // another's INBOX is another
	if t.border.Address(client) {
		h := t.host(client)
		if named {
			p.worksAt(h.id)
			h.worksFor(p.name, e.Time)
			h.isUsedBy(p.id, t.config.SharedAccounts, e.Time)
		}
		h.trace = t.note(h.trace, h.id, &e.Head)
		count(t.client(h, client, e.Time), h.id)
	} else {
		count(t.network(client, e.Time), 0)
	}
	count(t.address(baseline.Server, e.Server(), e.Time), 0)
}

// octets of messages, and whether there were any messages.
func octets(e *protocols.MailboxRead) (n uint64, any bool) {
	for i := range e.Items {
		switch e.Items[i].Kind {
		case protocols.ReadWhole, protocols.ReadPartial, protocols.ReadPart:
			any = true
			n += e.Items[i].Bytes
		}
	}
	return n, any
}

// maxExpanded bounds how many messages of one run are looked at one by one.
const maxExpanded = 1 << 14

// distinct counts the messages of an event that were not read within the day.
func (t *Tracker) distinct(e *protocols.MailboxRead, p *person) {
	box := t.read.Folder
	add := func(id uint64) {
		if p.seen.Add(e.Time, day, mix(box^mix(id))) {
			t.read.Fresh++
		}
	}
	for i := range e.Items {
		it := &e.Items[i]
		switch it.Kind {
		case protocols.ReadWhole, protocols.ReadPartial, protocols.ReadPart:
		default:
			continue
		}
		if it.First == 0 {
			if it.ID != 0 {
				add(it.ID)
			}
			continue
		}
		if uint64(it.Last)-uint64(it.First) >= maxExpanded {
			t.read.Fresh += uint64(it.Items)
			t.read.Upper = true
			continue
		}
		for n := uint64(it.First); n <= uint64(it.Last); n++ {
			id := n
			if !it.ByUID { // a position is one in its selection only
				id |= e.Conn.ID<<40 | uint64(e.Selection)<<32
			}
			add(id)
		}
	}
}

// folderHash names the mailbox that an event is about.
func folderHash(e *protocols.MailboxRead) uint64 {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], e.UIDValidity)
	return protocols.NameID(e.Mailbox) ^ mix(protocols.NameID(b[:]))
}

// mix spreads the bits of x over all of it (the finalizer of MurmurHash3).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
