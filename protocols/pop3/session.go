package pop3

import (
	"slices"

	"mailsensor/protocols"
)

// name notes the UIDL of a message (RFC 1939, section 7).
func (p *parser) name(t int64, n uint32, uid []byte) {
	if len(uid) == 0 || n == 0 || n >= maxNames {
		return
	}
	for uint32(len(p.names)) <= n {
		p.names = append(p.names, 0)
	}
	id := protocols.NameID(uid)
	p.names[n] = id
	if i := slices.Index(p.numbers, n); i >= 0 { // it was read by number: now it is known which one that was
		p.numbers = slices.Delete(p.numbers, i, i+1)
		e := p.out.MailboxRead(t)
		e.Command, e.Exists, e.Selection = "UIDL", p.exists, 1
		e.Items = append(e.Items, protocols.ReadItem{Kind: protocols.ReadIdentity, First: n, Last: n, ID: id})
	}
}

// mark notes a message to be deleted when the session ends well.
func (p *parser) mark(n uint32) {
	switch {
	case slices.Contains(p.deleted, n):
	case len(p.deleted) < maxNumbers:
		p.deleted = append(p.deleted, n)
	default:
		p.unmarked++
	}
}

// commit reports the deletions, which a QUIT makes good (RFC 1939, section 6).
func (p *parser) commit(t int64) {
	if n := uint32(len(p.deleted)) + p.unmarked; n > 0 {
		e := p.out.MailboxChange(t)
		e.Command, e.Messages = "DELE", n
		if p.joined || p.torn {
			e.Confidence = protocols.LowerBound
		}
	}
	p.deleted, p.unmarked = p.deleted[:0], 0
}

// forget drops what is known of the mailbox.
func (p *parser) forget() {
	p.names = p.names[:0]
	p.numbers, p.deleted, p.unmarked = p.numbers[:0], p.deleted[:0], 0
	p.exists = 0
}
