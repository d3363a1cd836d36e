package mailbox

import (
	"testing"

	"mailsensor/protocols"
)

func byName(kind protocols.ReadKind, name string) protocols.ReadItem {
	return protocols.ReadItem{Kind: kind, ID: protocols.NameID([]byte(name)), Items: 1, Bytes: 10}
}

// opaque is a read of a mailbox whose messages have names in place of UIDs.
func opaque(conn uint64, items ...protocols.ReadItem) *protocols.MailboxRead {
	ev := &protocols.MailboxRead{Selection: 1, Items: items}
	ev.Protocol, ev.Conn.ID = "pop3", conn
	return ev
}

func TestNamesAreOneMessage(t *testing.T) {
	tr := New(Limits{})
	ann := []byte("ann")
	c := tr.Read(opaque(1, byName(protocols.ReadHeaders, "x1"), byName(protocols.ReadWhole, "x1"), byName(protocols.ReadWhole, "x2")), ann)
	if c.Total[Whole] != 2 || c.Total[Headers] != 0 {
		t.Errorf("first session: %v", c.Total)
	}
	if c := tr.Read(opaque(2, byName(protocols.ReadWhole, "x2"), byName(protocols.ReadWhole, "x3")), ann); c.Total[Whole] != 1 {
		t.Errorf("second session: %v", c.Total)
	}
	for m := range tr.Mailboxes {
		if m.Counts[Whole].N != 3 || m.Counts[Whole].High || !m.Known {
			t.Errorf("%+v", m)
		}
	}
}

// A message read by position is the one whose name that position is shown to have.
func TestPositionGetsAName(t *testing.T) {
	tr := New(Limits{})
	ann := []byte("ann")
	tr.Read(opaque(1, byName(protocols.ReadWhole, "x1")), ann)
	at := protocols.ReadItem{Kind: protocols.ReadWhole, First: 1, Last: 1, Items: 1, Bytes: 10}
	if c := tr.Read(opaque(2, at), ann); c.Total[Whole] != 1 {
		t.Fatalf("by position: %v", c.Total)
	}
	is := protocols.ReadItem{Kind: protocols.ReadIdentity, First: 1, Last: 1, ID: protocols.NameID([]byte("x1"))}
	if c := tr.Read(opaque(2, is), ann); c.Total[Whole] != -1 {
		t.Errorf("identified: %v", c.Total)
	}
}

func TestForgottenNamesAreSaid(t *testing.T) {
	tr := New(Limits{Names: 2})
	ann := []byte("ann")
	tr.Read(opaque(1, byName(protocols.ReadWhole, "x1"), byName(protocols.ReadWhole, "x2"), byName(protocols.ReadWhole, "x3")), ann)
	if tr.Evictions().Names != 1 {
		t.Errorf("%+v", tr.Evictions())
	}
	for m := range tr.Mailboxes {
		if !m.Counts[Whole].High {
			t.Errorf("%+v", m)
		}
	}
}
