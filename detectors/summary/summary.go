// Package summary counts who sent and downloaded what, and says how far each
// count can be believed. It sees every event once, in order, on one goroutine,
// behind the merge: connections of one mailbox are parsed on different workers,
// and only here can repeats be told from new messages.
//
// Four things keep a count from being exact. Octets that were lost, a bound that
// was hit or a connection whose rest could not be read make it a lower bound; an
// identity that was never seen makes it an upper bound. Where both apply it is
// called a lower bound: what was lost must not be hidden behind "at most".
//
// A lower bound is one. Where octets of IMAP are missing, or the beginning of a
// connection, distinct messages that may be the same are counted once: those by
// position with those by UID, and of one account on one server those of a mailbox
// without a name or UIDVALIDITY with all others. Of the sources that may hold the
// same, the largest counts. Where the account is missing too, it may be any one
// of that server. Octets and items are sums all the same.
//
// Events are borrowed; names are copied once per entity. Hosts and accounts are
// bounded, the one silent longest is folded into a sum, and that is counted.
package summary

import (
	"net/netip"

	"mailsensor/detectors/inside"
	"mailsensor/detectors/mailbox"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Bounds.
const (
	maxHosts    = 1 << 16
	maxAccounts = 1 << 16
	maxClients  = 256 // listed per account
	maxKinds    = 256 // of anomalies; the parsers know some dozens
)

// Summary counts.
type Summary struct {
	border        *inside.Border
	totals        tally
	hosts         *recent.Table[netip.Addr, tally]
	accounts      *recent.Table[string, account]
	otherHosts    tally
	otherAccounts tally
	parts         parts
	boxes         *mailbox.Tracker
	anomalies     map[string]uint64
	visibility    map[string]*Forms
	connections   uint64
	oneSided      uint64
	gapBytes      uint64
	remote        *recent.Table[remoteKey, remoteUse]
	name          []byte // scratch: a normalised account name
}

// New returns a Summary that has seen nothing. It teaches border what the events
// show.
func New(border *inside.Border) *Summary {
	return newSummary(border, maxHosts, maxAccounts, mailbox.Limits{})
}

// NewWithin is New for at most so many hosts and as many accounts.
func NewWithin(border *inside.Border, entities int) *Summary {
	n := min(max(entities, 64), maxHosts)
	return newSummary(border, n, n, mailbox.Limits{Mailboxes: n, Hosts: n, Messages: n, Structures: n, Selections: min(n, 1<<14), Names: 4 * n, Runs: 16 * n})
}

func newSummary(border *inside.Border, hosts, accounts int, boxes mailbox.Limits) *Summary {
	s := &Summary{
		border:     border,
		hosts:      recent.New[netip.Addr, tally](hosts),
		accounts:   recent.New[string, account](accounts),
		boxes:      mailbox.New(boxes),
		remote:     recent.New[remoteKey, remoteUse](maxRemote),
		anomalies:  map[string]uint64{},
		visibility: map[string]*Forms{"total": {}},
	}
	s.boxes.Forgot = s.forgot
	for _, t := range []*tally{&s.totals, &s.otherHosts, &s.otherAccounts} {
		t.parts = &s.parts
		t.smtp, t.imap = new(SMTP), new(IMAP) // of these all is told, zeros too
		t.less()
	}
	return s
}

// Observe takes in the next event.
func (s *Summary) Observe(ev protocols.Event) {
	switch e := ev.(type) {
	case *protocols.Login:
		s.border.Observe(ev)
		s.login(e)
	case *protocols.Message:
		s.border.Observe(ev)
		s.message(e)
	case *protocols.MailboxRead:
		s.read(e)
	case *protocols.MailboxSelect:
		s.boxes.Select(e, s.accountName(e.Account))
	case *protocols.MailboxChange:
		s.change(e)
	case *protocols.MailboxSearch:
		s.search(e)
	case *protocols.RuleChange:
		s.rule(e)
	case *protocols.Tunnel:
		s.tunnel(e)
	case *protocols.MailOperation:
		s.operation(e)
	case *protocols.TLSUse:
		s.estimate(e)
	case *protocols.Anomaly:
		s.anomaly(e.Kind)
	case *protocols.ConnEnd:
		s.end(e)
	}
}

func (s *Summary) anomaly(kind string) {
	if _, known := s.anomalies[kind]; !known && len(s.anomalies) >= maxKinds {
		kind = "other"
	}
	s.anomalies[kind]++
}

func (s *Summary) accountName(raw []byte) []byte {
	s.name = s.border.Account(raw, s.name)
	return s.name
}

// forgot notes that messages of an account, or what one client read of them, may
// be counted again.
func (s *Summary) forgot(name string, client netip.Addr) {
	if client.IsValid() {
		if h := s.hosts.Get(client); h != nil {
			h.doubt |= distinctHigh
		}
		return
	}
	s.totals.doubt |= distinctHigh
	if a := s.accounts.Get(name); a != nil {
		a.doubt |= distinctHigh
	}
}
