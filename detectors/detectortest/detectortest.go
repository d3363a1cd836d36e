// Package detectortest makes events for the tests of detectors, and plays them
// through a Set as the sensor does.
package detectortest

import (
	"net/netip"
	"slices"
	"time"

	"mailsensor/capture"
	"mailsensor/detectors"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

// Start is a Monday, midnight UTC.
var Start = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// Border is that of corp.example, whose networks are the private ones.
func Border() *inside.Border {
	return inside.New(inside.Config{Domains: []string{"corp.example"}})
}

// At is the time d after Start, in Unix nanoseconds.
func At(d time.Duration) int64 { return Start.Add(d).UnixNano() }

// Story collects events; the order does not matter.
type Story struct {
	Events []protocols.Event
	conn   uint64
}

// Head is the head of an event of a new connection.
func (s *Story) Head(d time.Duration, protocol, client, account string) protocols.Head {
	s.conn++
	h := protocols.Head{Time: At(d), Protocol: protocol, Conn: capture.Conn{
		ID:        s.conn,
		Client:    netip.AddrPortFrom(netip.MustParseAddr(client), uint16(40000+s.conn%20000)),
		Server:    netip.MustParseAddrPort("10.20.1.25:143"),
		Start:     At(d),
		Handshake: true,
	}}
	if account != "" {
		h.Account = []byte(account)
	}
	return h
}

// Add takes up an event.
func (s *Story) Add(ev protocols.Event) { s.Events = append(s.Events, ev) }

// Login is an exchange.
func (s *Story) Login(d time.Duration, client, user string, o protocols.Outcome) {
	h := s.Head(d, "imap", client, "")
	s.Add(&protocols.Login{Head: h, Mechanism: "SCRAM-SHA-256", User: []byte(user), Outcome: o})
}

// Read is a download of n messages, from UID first on, each of some octets.
func (s *Story) Read(d time.Duration, client, account, mailbox string, first, n, octets int) {
	h := s.Head(d, "imap", client, account)
	s.Add(&protocols.MailboxRead{Head: h, Command: "UID FETCH", Mailbox: []byte(mailbox), UIDValidity: 1, Selection: 1, Items: []protocols.ReadItem{{
		Kind: protocols.ReadWhole, ByUID: true, First: uint32(first), Last: uint32(first + n - 1), Items: uint32(n), Bytes: uint64(n * octets),
	}}})
}

// Mail is an accepted message.
func (s *Story) Mail(d time.Duration, client, from string, size int, to ...string) *protocols.Message {
	h := s.Head(d, "smtp", client, "")
	m := &protocols.Message{Head: h, Outcome: protocols.Accepted, Code: 250, From: []byte(from), Transfer: protocols.Data, Size: uint64(size), Started: h.Time}
	for _, r := range to {
		m.Recipients = append(m.Recipients, protocols.Recipient{Address: []byte(r), Outcome: protocols.Accepted, Code: 250})
		m.RecipientsAccepted++
	}
	s.Add(m)
	return m
}

// Play runs the detectors over the story, to the end of the day after its last
// event, and returns the alerts.
func (s *Story) Play(list ...detectors.Detector) []*detectors.Alert {
	events := slices.Clone(s.Events)
	slices.SortStableFunc(events, func(a, b protocols.Event) int { return int(min(1, max(-1, a.Header().Time-b.Header().Time))) })
	set := detectors.NewSet(list)
	for i, ev := range events {
		ev.Header().Pos.Index = uint64(i)
		set.Observe(ev)
	}
	if len(events) > 0 {
		set.Finish(events[len(events)-1].Header().Time + int64(24*time.Hour))
	}
	return set.Alerts()
}
