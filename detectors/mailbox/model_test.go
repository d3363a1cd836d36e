package mailbox

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"mailsensor/protocols"
)

// fact is what a naive observer remembers of one message.
type fact struct {
	level  Level
	octets [messageSize]bool
	ended  bool // its length is known
	parts  [3]bool
	leaves bool // its structure is known: parts 1 and 2
}

const messageSize = 12

func (f *fact) settle(parts bool) {
	all := f.ended
	for _, o := range f.octets {
		all = all && o
	}
	if all || parts && f.leaves && f.parts[1] && f.parts[2] {
		f.level = Whole
	}
}

// oracle keeps every message in a map of its own. Messages by UID stand in it
// twice: once for all clients, once for the client.
type oracle map[string]*fact

func (o oracle) at(key string) *fact {
	if o[key] == nil {
		o[key] = new(fact)
	}
	return o[key]
}

// keys are the names of a message: by position one, by UID two.
func keys(ev *protocols.MailboxRead, account string, byUID bool, n uint32) []string {
	box := fmt.Sprintf("%s %s %d", account, ev.Mailbox, ev.UIDValidity)
	if !byUID {
		return []string{fmt.Sprintf("position %s conn %d sel %d client %s n %d", box, ev.Conn.ID, ev.Selection, ev.Conn.Client.Addr(), n)}
	}
	return []string{
		fmt.Sprintf("all %s n %d", box, n),
		fmt.Sprintf("client %s %s n %d", ev.Conn.Client.Addr(), box, n),
	}
}

func (o oracle) take(ev *protocols.MailboxRead, account string) {
	for _, it := range ev.Items {
		for n := it.First; n <= it.Last; n++ {
			if it.Kind == protocols.ReadIdentity {
				o.join(keys(ev, account, false, n)[0], keys(ev, account, true, it.Other))
				continue
			}
			list := keys(ev, account, it.ByUID, n)
			for _, k := range list {
				f := o.at(k)
				f.leaves = f.leaves || o.at(list[0]).leaves // a structure is the same for every client
				f.take(&it)
			}
		}
	}
}

func (f *fact) take(it *protocols.ReadItem) {
	switch it.Kind {
	case protocols.ReadWhole:
		f.level = Whole
	case protocols.ReadHeaders:
		f.level = max(f.level, Headers)
	case protocols.ReadPartial:
		f.level = max(f.level, Partial)
		for i := range it.Bytes {
			f.octets[it.Offset+i] = true
		}
		f.ended = f.ended || it.Size != 0 || it.Bytes < it.Asked
	case protocols.ReadPart:
		f.level = max(f.level, Partial)
		f.parts[it.Section[0]-'0'] = true
	case protocols.ReadStructure:
		f.leaves = true
	}
	f.settle(it.Kind == protocols.ReadPart || it.Kind == protocols.ReadStructure)
}

func (o oracle) join(from string, to []string) {
	f := o.at(from)
	delete(o, from)
	for _, k := range to {
		g := o.at(k)
		g.level = max(g.level, f.level)
		g.ended, g.leaves = g.ended || f.ended, g.leaves || f.leaves || o.at(to[0]).leaves
		for i, got := range f.octets {
			g.octets[i] = g.octets[i] || got
		}
		for i, got := range f.parts {
			g.parts[i] = g.parts[i] || got
		}
		g.settle(true)
	}
}

// counts returns the levels over all clients, and of those of one client.
func (o oracle) counts(client string) (total, host Delta) {
	for k, f := range o {
		var kind, who string
		fmt.Sscan(k, &kind, &who)
		if kind == "all" || kind == "position" {
			total[f.level]++
		}
		if kind == "client" && who == client {
			host[f.level]++
		}
		if kind == "position" {
			var box, mailbox, word, s string
			var valid, n int
			fmt.Sscan(k, &word, &box, &mailbox, &valid, &word, &n, &word, &n, &word, &s)
			if s == client {
				host[f.level]++
			}
		}
	}
	total[none], host[none] = 0, 0
	return total, host
}

func randomItem(rnd *rand.Rand) protocols.ReadItem {
	it := protocols.ReadItem{ByUID: rnd.IntN(2) == 0, First: 1 + rnd.Uint32N(8)}
	it.Last = it.First
	switch it.Kind = protocols.ReadKind(rnd.IntN(6)); it.Kind {
	case protocols.ReadWhole, protocols.ReadHeaders:
		if it.Kind == protocols.ReadWhole && rnd.IntN(3) > 0 {
			it.Kind = protocols.ReadHeaders
		}
		it.Last += rnd.Uint32N(3)
	case protocols.ReadPartial:
		it.Asked = 4
		it.Offset = uint64(rnd.IntN(messageSize))
		it.Bytes = min(it.Asked, messageSize-it.Offset)
		if rnd.IntN(3) == 0 {
			it.Size = messageSize
		}
	case protocols.ReadPart:
		it.Section = []byte{byte('1' + rnd.IntN(2))}
	case protocols.ReadStructure:
		it.Section = []byte("1,2")
	case protocols.ReadIdentity:
		it.ByUID, it.Other = false, it.First*3 // what is at a position stays there
	}
	return it
}

func TestTrackerAgainstModel(t *testing.T) {
	clients := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("fd00::1")}
	for seed := range uint64(25) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		tr, o := New(Limits{}), oracle{}
		var total Delta
		hosts := map[netip.Addr]*Delta{}
		selection := map[int]uint32{}
		for step := range 120 {
			conn := rnd.IntN(4)
			if rnd.IntN(12) == 0 || selection[conn] == 0 {
				selection[conn]++
			}
			account := "ann@corp.example"
			if conn == 3 {
				account = "bob@corp.example"
			}
			ev := &protocols.MailboxRead{Selection: selection[conn], UIDValidity: 5, Mailbox: []byte("INBOX")}
			if selection[conn]%2 == 0 {
				ev.Mailbox = []byte("Sent")
			}
			ev.Conn.ID = uint64(conn)
			ev.Conn.Client = netip.AddrPortFrom(clients[conn%3], 1)
			ev.Conn.Server = netip.MustParseAddrPort("10.0.1.1:143")
			for range 1 + rnd.IntN(3) {
				ev.Items = append(ev.Items, randomItem(rnd))
			}
			c := tr.Read(ev, []byte(account))
			o.take(ev, account)
			client := clients[conn%3]
			if hosts[client] == nil {
				hosts[client] = new(Delta)
			}
			for l := range levels {
				total[l] += c.Total[l]
				hosts[client][l] += c.Host[l]
			}
			wantTotal, wantHost := o.counts(client.String())
			if total != wantTotal || *hosts[client] != wantHost {
				t.Fatalf("seed %d, step %d: total %v, want %v; %s %v, want %v; after %+v",
					seed, step, total, wantTotal, client, *hosts[client], wantHost, ev.Items)
			}
		}
		checkSums(t, tr, total, hosts)
	}
}

// checkSums holds the listings against the sums of all changes.
func checkSums(t *testing.T, tr *Tracker, total Delta, hosts map[netip.Addr]*Delta) {
	t.Helper()
	var sum Delta
	for m := range tr.Mailboxes {
		for l := Headers; l <= Whole; l++ {
			sum[l] += m.Counts[l].N
		}
	}
	if sum != total {
		t.Fatalf("mailboxes add up to %v, want %v", sum, total)
	}
	per := map[netip.Addr]*Delta{}
	for m := range tr.Clients {
		if per[m.Client] == nil {
			per[m.Client] = new(Delta)
		}
		for l := Headers; l <= Whole; l++ {
			per[m.Client][l] += m.Counts[l].N
		}
	}
	runs := 0
	for _, b := range tr.boxes.All {
		runs += len(b.all.runs)
	}
	for _, v := range tr.hosts.All {
		runs += len(v.runs)
	}
	for _, s := range tr.selections.All {
		runs += len(s.runs)
	}
	if runs != tr.runs {
		t.Fatalf("%d runs are booked as %d", runs, tr.runs)
	}
	for c, d := range hosts {
		if *per[c] != *d {
			t.Fatalf("%s: mailboxes add up to %v, want %v", c, *per[c], *d)
		}
	}
}
