package summary

import (
	"mailsensor/detectors"
	"mailsensor/detectors/rules"
	"mailsensor/protocols"
)

// Schema names the form of the document.
const Schema = "mailsensor/summary/v1"

// Document is the summary as other programs read it. Absent means unknown.
type Document struct {
	Schema     string            `json:"schema"`
	Capture    Capture           `json:"capture"`
	Totals     Totals            `json:"totals"`
	Hosts      []Host            `json:"hosts"`
	Accounts   []Account         `json:"accounts"`
	Other      *Other            `json:"other,omitempty"`
	Anomalies  map[string]uint64 `json:"anomalies"`
	Visibility map[string]*Forms `json:"visibility"` // by protocol, and "total"
	// RemoteAccess is beside the mail: who reached whom by other ways.
	RemoteAccess  []RemoteAccess `json:"remote_access"`
	RemoteEvicted uint64         `json:"remote_access_evicted,omitempty"`
	// Rules are for the caller to fill in, by account.
	Rules        []rules.Rule `json:"rules"`
	RulesEvicted uint64       `json:"rules_evicted,omitempty"`
	// Alerts are for the caller to fill in, most severe first.
	Alerts          []*detectors.Alert `json:"alerts"`
	AlertsDropped   uint64             `json:"alerts_dropped,omitempty"`
	AlertsForgotten uint64             `json:"alerts_forgotten,omitempty"` // of a sensor that runs for long: those that are over
	// DetectorsEvicted counts, by detector, what it forgot for want of room.
	DetectorsEvicted map[string]uint64 `json:"detectors_evicted,omitempty"`
	AlertsHeld       uint64            `json:"alerts_held,omitempty"` // findings that the daily budget kept back
	// Overlap names the groups of MITRE ATT&CK that use techniques which the alerts
	// show, too. It is no attribution.
	Overlap []detectors.Group `json:"attack_overlap,omitempty"`
}

// Capture says what was read. Connections, OneSidedConnections and GapBytes come
// from the events; the rest is for the caller to fill in.
type Capture struct {
	Files       []string `json:"files"`
	Packets     uint64   `json:"packets"`
	Bytes       uint64   `json:"bytes"` // of frames, as long as they were on the wire
	First       Time     `json:"first,omitzero"`
	Last        Time     `json:"last,omitzero"`
	SpanSeconds float64  `json:"span_seconds"`
	Truncated   bool     `json:"truncated"` // a file ended inside a packet

	Connections         uint64 `json:"connections"` // that carried payload
	OneSidedConnections uint64 `json:"one_sided_connections"`
	GapBytes            uint64 `json:"gap_bytes"`
	Lost                *Lost  `json:"lost,omitempty"` // see Lose

	Decode  map[string]uint64 `json:"decode,omitempty"`  // packets that were not understood, and the like, by kind
	TCP     map[string]uint64 `json:"tcp,omitempty"`     // counters of the reassembly
	Parsers map[string]uint64 `json:"parsers,omitempty"` // counters of the stream driver
	// Sessions counts legs of proxied sessions that were joined, and what was forgotten.
	Sessions map[string]uint64 `json:"sessions,omitempty"`
}

// Time is Unix nanoseconds, and RFC 3339 in JSON.
type Time int64

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	return append(protocols.AppendTime([]byte{'"'}, int64(t)), '"'), nil
}

// Confidence stands beside a count that is not exact, and is left out beside one
// that is.
type Confidence = protocols.Confidence

// The confidences of counts.
const (
	Exact      = protocols.Exact
	LowerBound = protocols.LowerBound
	UpperBound = protocols.UpperBound
)

// Totals are over all hosts, repeats removed.
type Totals struct {
	SMTP  SMTP  `json:"smtp"`
	IMAP  IMAP  `json:"imap"`
	POP3  POP3  `json:"pop3"`
	Sieve Sieve `json:"sieve"`
	HTTP  HTTP  `json:"http"`
	TLS   TLS   `json:"tls"`
}

// Protocols are the counts of the protocols that an entity used.
type Protocols struct {
	SMTP  *SMTP  `json:"smtp,omitempty"`
	IMAP  *IMAP  `json:"imap,omitempty"`
	POP3  *POP3  `json:"pop3,omitempty"`
	Sieve *Sieve `json:"sieve,omitempty"`
	HTTP  *HTTP  `json:"http,omitempty"`
}

// Host is a client.
type Host struct {
	Host string `json:"host"`
	Protocols
	TLS *TLS `json:"tls,omitempty"`
}

// Account is a user, by the name the server was told, normalised.
type Account struct {
	Account        string   `json:"account"`
	Clients        []string `json:"clients"`
	ClientsDropped uint64   `json:"clients_dropped,omitempty"` // sightings of clients beyond the bound of Clients
	Protocols
	Mailboxes []Mailbox `json:"mailboxes,omitempty"`
}

// Mailbox says how much of one mailbox was downloaded, by all clients together.
type Mailbox struct {
	Protocol        string     `json:"protocol"`
	Server          string     `json:"server"`
	Mailbox         string     `json:"mailbox,omitempty"`
	UIDValidity     uint32     `json:"uid_validity,omitempty"`
	Downloaded      uint64     `json:"messages_downloaded"`
	DownloadedConf  Confidence `json:"messages_downloaded_confidence,omitempty"`
	HeadersOnly     uint64     `json:"messages_headers_only"`
	HeadersOnlyConf Confidence `json:"messages_headers_only_confidence,omitempty"`
	Partial         uint64     `json:"messages_partial"`
	PartialConf     Confidence `json:"messages_partial_confidence,omitempty"`
	Exists          uint32     `json:"exists,omitempty"` // the most messages it was ever said to hold
	Share           float64    `json:"share,omitempty"`  // downloaded ones of those
}

// Other says what was forgotten for want of room, and holds what was counted for
// forgotten hosts and accounts.
type Other struct {
	HostsEvicted          uint64  `json:"hosts_evicted"`
	AccountsEvicted       uint64  `json:"accounts_evicted"`
	MailboxesEvicted      uint64  `json:"mailboxes_evicted"`
	MailboxClientsEvicted uint64  `json:"mailbox_clients_evicted"` // what one client read of one mailbox
	SelectionsEvicted     uint64  `json:"selections_evicted"`      // positions that were not joined to UIDs yet
	MessagesEvicted       uint64  `json:"messages_evicted"`        // sent in pieces, and not all of them yet
	NamesEvicted          uint64  `json:"names_evicted"`           // of messages that go by an opaque name
	StructuresEvicted     uint64  `json:"structures_evicted"`      // of messages that were not downloaded
	Hosts                 *Totals `json:"hosts,omitempty"`
	Accounts              *Totals `json:"accounts,omitempty"`
}

// Forms says in what form the bytes of a protocol were seen.
type Forms struct {
	Cleartext  Form `json:"cleartext"`
	StartTLS   Form `json:"starttls"`
	TLS        Form `json:"tls"`
	Compressed Form `json:"compressed"`
	Decrypted  Form `json:"decrypted"`
	Unknown    Form `json:"unknown"`

	Connections         uint64            `json:"connections"` // that carried payload
	OneSidedConnections uint64            `json:"one_sided_connections"`
	GapBytes            uint64            `json:"gap_bytes"`         // that were never seen
	GaveUp              map[string]uint64 `json:"gave_up,omitempty"` // connections whose rest was only counted, by why
}

// Form counts the connections that had bytes of one form, and the bytes.
type Form struct {
	Connections uint64 `json:"connections"`
	Bytes       uint64 `json:"bytes"`
}
