package mailbox

import (
	"fmt"
	"net/netip"
	"testing"

	"mailsensor/protocols"
)

func readEvent(conn uint64, selection uint32, client string, items ...protocols.ReadItem) *protocols.MailboxRead {
	ev := &protocols.MailboxRead{Mailbox: []byte("INBOX"), UIDValidity: 7, Selection: selection, Items: items}
	ev.Protocol = "imap"
	ev.Conn.ID = conn
	ev.Conn.Client = netip.AddrPortFrom(netip.MustParseAddr(client), 1)
	ev.Conn.Server = netip.MustParseAddrPort("10.0.1.1:143")
	return ev
}

func uid(kind protocols.ReadKind, first, last uint32) protocols.ReadItem {
	return protocols.ReadItem{Kind: kind, ByUID: true, First: first, Last: last}
}

func pos(kind protocols.ReadKind, first, last uint32) protocols.ReadItem {
	return protocols.ReadItem{Kind: kind, First: first, Last: last}
}

func is(position, uid uint32) protocols.ReadItem {
	return protocols.ReadItem{Kind: protocols.ReadIdentity, First: position, Last: position, Other: uid}
}

func chunk(n uint32, offset, asked, got, size uint64) protocols.ReadItem {
	return protocols.ReadItem{Kind: protocols.ReadPartial, ByUID: true, First: n, Last: n, Offset: offset, Asked: asked, Bytes: got, Size: size}
}

func part(n uint32, section string) protocols.ReadItem {
	return protocols.ReadItem{Kind: protocols.ReadPart, ByUID: true, First: n, Last: n, Section: []byte(section)}
}

func leaves(n uint32, sections string) protocols.ReadItem {
	return protocols.ReadItem{Kind: protocols.ReadStructure, ByUID: true, First: n, Last: n, Section: []byte(sections)}
}

// Each case is one event of one client; want is headers only, partial, whole.
func TestWhatCompletesAMessage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		items []protocols.ReadItem
		want  Delta
	}{
		{"headers", []protocols.ReadItem{uid(protocols.ReadHeaders, 1, 9)}, Delta{0, 9, 0, 0}},
		{"headers, then whole", []protocols.ReadItem{uid(protocols.ReadHeaders, 1, 9), uid(protocols.ReadWhole, 3, 4)}, Delta{0, 7, 0, 2}},
		{"whole, then headers", []protocols.ReadItem{uid(protocols.ReadWhole, 3, 4), uid(protocols.ReadHeaders, 1, 9)}, Delta{0, 7, 0, 2}},
		{"chunks to the size", []protocols.ReadItem{chunk(1, 0, 512, 512, 1024), chunk(1, 512, 512, 512, 0)}, Delta{0, 0, 0, 1}},
		{"chunks out of order", []protocols.ReadItem{chunk(1, 512, 512, 100, 0), chunk(1, 0, 512, 512, 0)}, Delta{0, 0, 0, 1}},
		{"chunks with a hole", []protocols.ReadItem{chunk(1, 0, 512, 512, 0), chunk(1, 1024, 512, 3, 0)}, Delta{0, 0, 1, 0}},
		{"the first chunk only", []protocols.ReadItem{chunk(1, 0, 512, 512, 0)}, Delta{0, 0, 1, 0}},
		{"a chunk behind the end", []protocols.ReadItem{chunk(1, 0, 512, 512, 0), chunk(1, 512, 512, 0, 0)}, Delta{0, 0, 0, 1}},
		{"parts without a structure", []protocols.ReadItem{part(1, "1"), part(1, "2")}, Delta{0, 0, 1, 0}},
		{"all parts", []protocols.ReadItem{leaves(1, "1,2"), part(1, "1"), part(1, "2")}, Delta{0, 0, 0, 1}},
		{"all parts, the structure last", []protocols.ReadItem{part(1, "1"), part(1, "2"), leaves(1, "1,2")}, Delta{0, 0, 0, 1}},
		{"one part of two", []protocols.ReadItem{leaves(1, "1,2"), part(1, "1")}, Delta{0, 0, 1, 0}},
		{"headers of parts", []protocols.ReadItem{leaves(1, "1,2"), part(1, "1.MIME"), part(1, "2.MIME")}, Delta{0, 0, 1, 0}},
		{"a range of a part", []protocols.ReadItem{leaves(1, "1"), part(1, "1<0>")}, Delta{0, 0, 1, 0}},
		{"a part that holds parts", []protocols.ReadItem{leaves(1, "1,2.1,2.2"), part(1, "2"), part(1, "1")}, Delta{0, 0, 0, 1}},
		{"the text of an inner message", []protocols.ReadItem{leaves(1, "1,2.1,2.2"), part(1, "2.TEXT"), part(1, "1")}, Delta{0, 0, 0, 1}},
		{"part 12 is not inside part 1", []protocols.ReadItem{leaves(1, "1,12"), part(1, "1")}, Delta{0, 0, 1, 0}},
		{"a part in chunks", []protocols.ReadItem{leaves(1, "1"), {Kind: protocols.ReadPart, ByUID: true, First: 1, Last: 1, Section: []byte("1"), Asked: 10, Bytes: 10},
			{Kind: protocols.ReadPart, ByUID: true, First: 1, Last: 1, Section: []byte("1"), Offset: 10, Asked: 10, Bytes: 2}}, Delta{0, 0, 0, 1}},
		{"the first chunk of a part", []protocols.ReadItem{leaves(1, "1"), {Kind: protocols.ReadPart, ByUID: true, First: 1, Last: 1, Section: []byte("1"), Asked: 10, Bytes: 10}}, Delta{0, 0, 1, 0}},
		{"text in chunks; RFC822.SIZE is not its length", []protocols.ReadItem{{Kind: protocols.ReadPartial, ByUID: true, First: 1, Last: 1, Section: []byte("TEXT"), Asked: 9, Bytes: 9, Size: 9}}, Delta{0, 0, 1, 0}},
		{"position, then its UID, then the UID again", []protocols.ReadItem{pos(protocols.ReadWhole, 1, 2), is(1, 50), uid(protocols.ReadWhole, 50, 50)}, Delta{0, 0, 0, 2}},
		{"no such message", []protocols.ReadItem{uid(protocols.ReadWhole, 0, 3), uid(protocols.ReadWhole, 9, 3)}, Delta{}},
	} {
		c := New(Limits{}).Read(readEvent(1, 1, "10.0.0.1", tt.items...), []byte("ann"))
		if c.Total != tt.want || c.Host != tt.want || !c.NewMailbox || !c.NewForHost {
			t.Errorf("%s: total %v, host %v, want %v", tt.name, c.Total, c.Host, tt.want)
		}
	}
}

// A chunk that is short because octets were lost says nothing about the end.
func TestLostOctetsDoNotComplete(t *testing.T) {
	ev := readEvent(1, 1, "10.0.0.1", chunk(1, 0, 512, 100, 0))
	ev.Confidence = protocols.LowerBound
	if c := New(Limits{}).Read(ev, []byte("ann")); c.Total != (Delta{0, 0, 1, 0}) {
		t.Errorf("%v", c.Total)
	}
}

func TestRangesOfSeveralClientsAddUp(t *testing.T) {
	tr := New(Limits{})
	a := tr.Read(readEvent(1, 1, "10.0.0.1", chunk(1, 0, 512, 512, 1000)), []byte("ann"))
	b := tr.Read(readEvent(2, 1, "10.0.0.2", chunk(1, 512, 512, 488, 1000)), []byte("ann"))
	if a.Total != (Delta{0, 0, 1, 0}) || b.Total != (Delta{0, 0, -1, 1}) || b.Host != (Delta{0, 0, 1, 0}) || b.NewMailbox || !b.NewForHost {
		t.Errorf("first %+v, second %+v", a, b)
	}
}

func TestConfidence(t *testing.T) {
	w, h := protocols.ReadWhole, protocols.ReadHeaders
	anonymous := readEvent(1, 1, "10.0.0.1", uid(w, 1, 2))
	anonymous.UIDValidity = 0
	for _, tt := range []struct {
		name   string
		events []*protocols.MailboxRead
		high   [levels]bool
	}{
		{"by UID", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", uid(w, 1, 2)), readEvent(2, 1, "10.0.0.1", uid(w, 1, 2))}, [levels]bool{}},
		{"by position, in one selection", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(w, 1, 2)), readEvent(1, 1, "10.0.0.1", pos(w, 1, 3))}, [levels]bool{}},
		{"by position, in two selections", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(w, 1, 2)), readEvent(1, 2, "10.0.0.1", pos(w, 1, 2))}, [levels]bool{Whole: true}},
		{"by position and by UID", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(w, 1, 2)), readEvent(2, 1, "10.0.0.1", uid(w, 1, 2))}, [levels]bool{Whole: true}},
		{"by position, and all joined", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(w, 1, 2)), readEvent(2, 1, "10.0.0.1", uid(w, 1, 2)),
			readEvent(1, 1, "10.0.0.1", is(1, 1), is(2, 2))}, [levels]bool{}},
		{"headers by position, whole by UID", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(h, 1, 9), uid(w, 5, 5), is(5, 5))}, [levels]bool{}},
		{"by position and by UID, in one selection", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(w, 1, 2), is(3, 9), uid(w, 9, 9))}, [levels]bool{}},
		{"headers by position, whole by UID, elsewhere", []*protocols.MailboxRead{readEvent(1, 1, "10.0.0.1", pos(h, 1, 9)), readEvent(1, 2, "10.0.0.1", uid(w, 5, 5))},
			[levels]bool{Headers: true}},
		{"UIDVALIDITY unknown", []*protocols.MailboxRead{anonymous}, [levels]bool{Whole: true}},
	} {
		tr := New(Limits{})
		for _, ev := range tt.events {
			tr.Read(ev, []byte("ann"))
		}
		for m := range tr.Mailboxes {
			for l := Headers; l <= Whole; l++ {
				if m.Counts[l].High != tt.high[l] || m.Counts[l].Low {
					t.Errorf("%s: level %d: %+v", tt.name, l, m.Counts[l])
				}
			}
		}
	}
}

// Where the account is unknown, nobody can say that two connections read the
// same mailbox: nothing is taken for a repeat.
func TestUnknownAccountsAreKeptApart(t *testing.T) {
	tr := New(Limits{})
	one := tr.Read(readEvent(1, 1, "10.0.0.1", uid(protocols.ReadWhole, 1, 5)), nil)
	two := tr.Read(readEvent(2, 1, "10.0.0.1", uid(protocols.ReadWhole, 1, 5)), nil)
	again := tr.Read(readEvent(2, 1, "10.0.0.1", uid(protocols.ReadWhole, 1, 5)), nil)
	if one.Total[Whole] != 5 || two.Total[Whole] != 5 || again.Total[Whole] != 0 {
		t.Errorf("%v, %v, %v", one.Total, two.Total, again.Total)
	}
}

func TestEverythingIsBounded(t *testing.T) {
	var forgotten []string
	tr := New(Limits{Mailboxes: 4, Hosts: 6, Messages: 8, Structures: 8, Selections: 3, Runs: 200})
	tr.Forgot = func(account string, client netip.Addr) { forgotten = append(forgotten, fmt.Sprint(account, client)) }
	for i := range uint32(3000) {
		ev := readEvent(uint64(i%13), 1, fmt.Sprintf("10.0.0.%d", 1+i%5), pos(protocols.ReadWhole, 2*i+1, 2*i+1), uid(protocols.ReadWhole, 2*i+1, 2*i+1),
			chunk(1_000_000+i, 0, 5, 5, 0), leaves(1_000_000+i, fmt.Sprint(i)), part(2_000_000+i, fmt.Sprint(i%100)))
		tr.Read(ev, []byte{byte('a' + i/7%7)})
	}
	e := tr.Evictions()
	if e.Mailboxes == 0 || e.Hosts == 0 || e.Messages == 0 || e.Structures == 0 || e.Selections == 0 {
		t.Errorf("not all bounds were hit: %+v", e)
	}
	if tr.boxes.Len() > 4 || tr.hosts.Len() > 6 || tr.messages.Len() > 8 || tr.structures.Len() > 8 || tr.selections.Len() > 3 || tr.runs > 250 {
		t.Errorf("%d boxes, %d hosts, %d messages, %d structures, %d selections, %d runs",
			tr.boxes.Len(), tr.hosts.Len(), tr.messages.Len(), tr.structures.Len(), tr.selections.Len(), tr.runs)
	}
	if len(tr.sections.names) > maxNames || len(tr.sections.structures) > maxStructures {
		t.Errorf("%d names, %d structures", len(tr.sections.names), len(tr.sections.structures))
	}
	if len(forgotten) == 0 {
		t.Error("nobody was told")
	}
	for m := range tr.Mailboxes {
		if !m.Counts[Whole].Low || !m.Counts[Whole].High {
			t.Errorf("%s: %+v", m.Account, m.Counts[Whole])
		}
	}
}

func TestSelectTellsHowManyExist(t *testing.T) {
	tr := New(Limits{})
	tr.Read(readEvent(1, 1, "10.0.0.1", uid(protocols.ReadWhole, 1, 5)), []byte("ann"))
	sel := &protocols.MailboxSelect{Command: "SELECT", Mailbox: []byte("INBOX"), UIDValidity: 7, Exists: 12, ExistsKnown: true}
	sel.Head = readEvent(1, 1, "10.0.0.1").Head
	tr.Select(sel, []byte("ann"))
	for m := range tr.Mailboxes {
		if m.Exists != 12 || m.Name != "INBOX" || m.Account != "ann" || m.UIDValidity != 7 {
			t.Errorf("%+v", m)
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	tr := New(Limits{Messages: 64, Selections: 8})
	n := uint32(0)
	ev := readEvent(1, 1, "10.0.0.1", make([]protocols.ReadItem, 5)...)
	section := []byte("1,2.1,2.2")
	step := func() {
		n++
		ev.Conn.ID = uint64(n % 20)
		ev.Items[0] = uid(protocols.ReadWhole, n, n+3)
		ev.Items[1] = chunk(n+1<<20, 0, 5, 5, 0)
		ev.Items[2] = pos(protocols.ReadHeaders, n%50+1, n%50+2)
		ev.Items[3] = is(n%50+1, n)
		ev.Items[4] = protocols.ReadItem{Kind: protocols.ReadStructure, ByUID: true, First: n%1000 + 1, Last: n%1000 + 1, Section: section}
		tr.Read(ev, []byte("ann.with.a.long.name@corp.example"))
		tr.Close(uint64((n + 10) % 20))
	}
	for range 5000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n >= 0.01 {
		t.Errorf("%v allocations an event", n)
	}
}

func BenchmarkRead(b *testing.B) {
	tr := New(Limits{})
	n := uint32(0)
	ev := readEvent(1, 1, "10.0.0.1", protocols.ReadItem{})
	account := []byte("ann@corp.example")
	for b.Loop() {
		n++
		ev.Items[0] = uid(protocols.ReadWhole, n, n)
		tr.Read(ev, account)
	}
}
