package summary

import (
	"testing"

	"mailsensor/protocols"
)

// TestLowerBoundsHoldNoRepeats reads the same messages of a mailbox that is
// known, of one whose name was lost, and by a client whose login was lost.
func TestLowerBoundsHoldNoRepeats(t *testing.T) {
	unnamed := read(ann, 2, "ann", whole(1, 5))
	unnamed.Mailbox = nil
	events := []protocols.Event{
		read(ann, 1, "ann", whole(1, 4)), unnamed, read(bob, 3, "", whole(1, 3)), end("imap", ann, "ann", nil),
	}
	d := observe(events...)
	if c := d.Totals.IMAP; c.MessagesDownloaded != 12 || c.MessagesDownloadedConf != UpperBound {
		t.Errorf("nothing lost: %d, %s", c.MessagesDownloaded, c.MessagesDownloadedConf)
	}
	for what, set := range map[string]func(*protocols.ConnEnd){
		"lost":      func(e *protocols.ConnEnd) { e.Totals.Half[0].GapBytes = 7 },
		"midstream": func(e *protocols.ConnEnd) { e.Conn.Handshake = false },
	} {
		d := observe(append(events, end("imap", ann, "ann", set))...)
		c, a := d.Totals.IMAP, d.account(t, "ann@corp.example").IMAP
		if c.MessagesDownloaded != 5 || c.MessagesDownloadedConf != LowerBound || c.MailboxesRead != 1 {
			t.Errorf("%s: %d, %s, of %d mailboxes", what, c.MessagesDownloaded, c.MessagesDownloadedConf, c.MailboxesRead)
		}
		if a.MessagesDownloaded != 5 || c.BodyItems != 12 {
			t.Errorf("%s: account: %d messages; total: %d items", what, a.MessagesDownloaded, c.BodyItems)
		}
		if h := d.host(t, bob).IMAP; h.MessagesDownloaded != 3 {
			t.Errorf("%s: another host: %d messages", what, h.MessagesDownloaded)
		}
	}
}
