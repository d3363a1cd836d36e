package protocols

import (
	"net/netip"

	"mailsensor/capture"
)

// Confidence says how far a count can be believed.
type Confidence uint8

// The confidences.
const (
	Exact      Confidence = iota // parsed in clear text or decrypted
	LowerBound                   // bytes were lost, or a bound was hit
	UpperBound                   // repeats could not be told apart
	Estimated                    // from the metadata of encrypted traffic
	Reported                     // from a server's own log
)

var confidenceNames = [...]string{"exact", "lower_bound", "upper_bound", "estimated", "reported"}

func (c Confidence) String() string { return confidenceNames[c] }

// Outcome is what became of a login, a message or a recipient.
type Outcome uint8

// The outcomes.
const (
	Unknown    Outcome = iota // the server's side was not seen
	Accepted                  // the server said so
	Rejected                  // the server refused
	Unfinished                // given up before the server decided: RSET, EHLO, *, end of connection
)

var outcomeNames = [...]string{"unknown", "accepted", "rejected", "unfinished"}

func (o Outcome) String() string { return outcomeNames[o] }

// Head is what every event begins with. The Sink fills it; a parser may lower
// the confidence.
type Head struct {
	Pos        Position
	Time       int64 // Unix nanoseconds, of the packet that completed what the event tells
	Conn       capture.Conn
	Protocol   string
	Account    []byte // the user the connection is logged in as, as the server was told; nil: none or unknown
	Confidence Confidence
	Via        *Via // how the connection came here; nil: directly

	// Set behind the merge, where all connections are seen (detectors/session).
	Session uint64     // connections of one proxied session share it; 0: this connection alone
	Repeat  bool       // the connection repeats behind a proxy what its client's leg shows
	Behind  netip.Addr // the server behind the proxy, where that is known; zero: the connection's server
	Host    netip.Addr // who it really was, where a trusted peer named it; zero: the connection's client
}

// Server is the address at which the event's service is.
func (h *Head) Server() netip.Addr {
	if h.Behind.IsValid() {
		return h.Behind
	}
	return h.Conn.Server.Addr()
}

// Client is the address that the event is put down to.
func (h *Head) Client() netip.Addr {
	if h.Host.IsValid() {
		return h.Host
	}
	return h.Conn.Client.Addr()
}

// Header returns h; through it every event's head can be reached.
func (h *Head) Header() *Head { return h }

// Event is one of the types of this file, by pointer.
type Event interface {
	Header() *Head
	Type() string // the name in the output, docs/events.md
}

// Login is one finished authentication exchange. No secret is ever in it.
type Login struct {
	Head
	Mechanism   string // upper case: PLAIN, LOGIN, CRAM-MD5, NTLM, XOAUTH2 …; the IMAP command LOGIN is "LOGIN"
	User        []byte // authentication identity as sent (UTF-8 or raw bytes); nil: not visible (GSSAPI …)
	AuthorizeAs []byte // authorization identity where it differs
	Domain      []byte // NTLM domain
	Workstation []byte // NTLM workstation
	Outcome     Outcome
	Code        uint16     // SMTP reply code, HTTP status; 0 elsewhere
	Proxy       bool       // at a proxy, not at who is behind it
	Form        Visibility // in what form it was seen: Cleartext shows passwords to whoever listens
}

// Recipient is one recipient of a message and the server's verdict on it.
type Recipient struct {
	Address []byte
	Outcome Outcome
	Code    uint16 // the reply code that decided; 0: not seen
}

// Transfer says how a message's content was sent.
type Transfer uint8

// The transfers.
const (
	NoTransfer Transfer = iota // the transaction ended before any content
	Data
	BDAT
)

var transferNames = [...]string{"none", "data", "bdat"}

func (t Transfer) String() string { return transferNames[t] }

// Message is one mail transaction of SMTP or LMTP, from its MAIL command to its
// end (RFC 5321, section 3.3).
type Message struct {
	Head
	Outcome    Outcome
	Code       uint16 // the reply code that decided the outcome; 0: not seen
	Helo       []byte // argument of the last accepted EHLO, HELO or LHLO
	From       []byte // envelope sender; empty for the null sender
	NullSender bool   // MAIL FROM:<>
	Recipients []Recipient
	// RecipientsDropped counts recipients beyond the bound of Recipients; by
	// outcome they are in the two counts below, which are always complete.
	RecipientsDropped  uint32
	RecipientsAccepted uint32
	RecipientsRejected uint32
	Transfer           Transfer
	Size               uint64 // octets of content after dot-unstuffing, seen or known to be lost
	Declared           uint64 // SIZE= of the MAIL command; 0: none
	Body               []byte // BODY= parameter, upper case; nil: none
	UTF8               bool   // SMTPUTF8
	QueueID            []byte // what the server's reply called the message, where it is recognisable
	Started            int64  // time of the MAIL command, Unix nanoseconds
	Facts              Facts
}

// Facts are what a message says of itself: the outermost header block, and its
// attachments. All strings are decoded (RFC 2047, RFC 2231) to UTF-8.
type Facts struct {
	HeadersSeen     bool // a header block was seen at all
	From            [][]byte
	To              [][]byte // addresses, bounded
	ToCount         uint32
	CcCount         uint32
	Subject         []byte
	MessageID       []byte // without the angle brackets
	Date            []byte // as written
	UserAgent       []byte // User-Agent or X-Mailer
	AutoSubmitted   []byte
	ResentFrom      []byte
	ForwardedTo     []byte // X-Forwarded-To, X-Forwarded-For of a mail header, Delivered-To when resent
	AutoForwarded   bool   // X-MS-Exchange-Organization-AutoForwarded, X-Autoforwarded …
	ListID          []byte
	Received        [][]byte // "from" and "by" host of each hop, newest first, bounded
	ReceivedCount   uint32
	Attachments     []Attachment
	AttachmentCount uint32   // all, those beyond the bound of Attachments too
	LinkHosts       [][]byte // hosts of the http and https URLs in text, lower case, each once, bounded; none where nobody asked
	Truncated       bool     // a bound was hit or bytes were lost: what is here is not all
}

// Attachment is one leaf part of a message that is marked as attachment or
// carries a file name.
type Attachment struct {
	Name   []byte
	Type   []byte // media type, lower case
	Size   uint64 // decoded octets
	SHA256 [32]byte
	Hashed bool // SHA256 is of all decoded octets
	Lost   bool // octets are missing; Size is a lower bound
}

// ReadKind says what a ReadItem is about.
type ReadKind uint8

// The kinds.
const (
	ReadWhole     ReadKind = iota // whole bodies: BODY[], RFC822, BODY[TEXT], RFC822.TEXT, BINARY[], RETR
	ReadPartial                   // one <partial> of a whole body
	ReadPart                      // a numbered part: BODY[1], BODY[2.MIME], BINARY[1]
	ReadHeaders                   // headers only: BODY[HEADER…], RFC822.HEADER, ENVELOPE, TOP n 0
	ReadStructure                 // a BODYSTRUCTURE was seen: Section names the leaf parts
	ReadIdentity                  // position First is UID Other: earlier items by position are that message
)

var readKindNames = [...]string{"whole", "partial", "part", "headers", "structure", "identity"}

func (k ReadKind) String() string { return readKindNames[k] }

// ReadItem is a run of messages, or one message, of which something was sent.
// Messages are named by UID, or by ID where a protocol names them otherwise
// (POP3 UIDL, items of web services), or, where no response of the selection
// showed either, by their position when the mailbox was selected (sequence
// number corrected for EXPUNGE since), which is unique in (connection, selection).
type ReadItem struct {
	Kind        ReadKind
	ByUID       bool
	ID          uint64 // hash of the message's opaque name (see NameID); First and Last are then 0; ReadIdentity: what position First is
	First, Last uint32 // inclusive; only ReadWhole and ReadHeaders hold more than one
	Items       uint32 // body items sent for them, repeats counted
	Bytes       uint64 // octets of those items, lost ones included (their length was announced)
	Offset      uint64 // ReadPartial: first octet
	Asked       uint64 // ReadPartial: octets asked for; 0: not known
	Size        uint64 // ReadPartial: RFC822.SIZE where a response showed it; 0: not known
	Other       uint32 // ReadIdentity: the UID
	Section     []byte // ReadPart: the section, upper case; ReadStructure: leaf sections, comma-separated; ReadPartial: "" or "TEXT"
}

// MailboxRead says what was sent to a client out of one mailbox. A long
// download gives several.
type MailboxRead struct {
	Head
	Command     string // FETCH, UID FETCH, NOTIFY, RETR, TOP …
	Mailbox     []byte // UTF-8
	UIDValidity uint32 // 0: unknown
	Selection   uint32 // number of the SELECT or EXAMINE in this connection, from 1; 0: it was not seen
	Exists      uint32 // messages in the mailbox, as last said; 0: unknown or empty
	Started     int64  // time of the command, Unix nanoseconds, where the event ends it; 0: it goes on, or was not seen
	Items       []ReadItem
}

// MailboxSelect is an accepted SELECT or EXAMINE, or the STATUS of a mailbox.
type MailboxSelect struct {
	Head
	Command     string // SELECT, EXAMINE, STATUS
	Mailbox     []byte
	UIDValidity uint32
	Selection   uint32
	Exists      uint32
	ExistsKnown bool
}

// MailboxChange is an accepted command that changed mailboxes.
type MailboxChange struct {
	Head
	Command     string // APPEND, COPY, MOVE, STORE, EXPUNGE, CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, SETACL, DELETEACL
	Mailbox     []byte // where it happened
	Target      []byte // COPY, MOVE: where to; RENAME: the new name; SETACL: the identifier
	Rights      []byte // SETACL: as given
	UIDValidity uint32
	Messages    uint32 // how many messages, as far as the responses tell
	Bytes       uint64 // APPEND: octets of the literals
	Flags       []byte // STORE: the flags, as given
}

// MailboxSearch is a finished SEARCH, SORT or THREAD.
type MailboxSearch struct {
	Head
	Command string
	Mailbox []byte
	Terms   []byte // the criteria, literals included, bounded
	Results uint32
	Outcome Outcome
}

// ClientInfo is what a client says it is: IMAP ID, EHLO.
type ClientInfo struct {
	Head
	Source  string // "id", "ehlo"
	Name    []byte
	Version []byte
	OS      []byte
	Origin  []byte // x-originating-ip and its kind, as sent; to be believed only from trusted peers
}

// TLSStart says that a connection turned to TLS, and what its handshake showed.
type TLSStart struct {
	Head
	StartTLS     bool   // after STARTTLS; false: from the first byte
	Version      uint16 // agreed, or highest offered where no ServerHello was seen: 0x0303 is TLS 1.2; 0: unknown
	Cipher       uint16 // agreed; 0: unknown
	ServerName   []byte // SNI
	ALPN         []byte // agreed where visible, else the first offered
	JA3, JA4     []byte // fingerprints of the ClientHello: 32 hex digits; JA4 as t13d…
	Resumed      bool   // an earlier session was taken up
	Encrypted    bool   // an encrypted ClientHello: ServerName is the outer one
	Certificates []Certificate
	Truncated    bool  // octets of the handshake were lost, or a bound was hit
	Started      int64 // time of the ClientHello, Unix nanoseconds; 0: it was not seen, or its answer was not
}

// Certificate is one that a server showed.
type Certificate struct {
	Subject []byte   // common name
	Names   [][]byte // subject alternative names (DNS), bounded
	Issuer  []byte   // common name
	SHA256  [32]byte
}

// TLSUse is what was probably downloaded over an encrypted mail connection,
// estimated from the lengths and directions of its records. It is never exact.
//
// A connection that lasts has several, once an hour of event time and at its end, each
// of what came since the one before: their counts add up.
type TLSUse struct {
	Head
	Interim             bool   // the connection goes on
	Service             string // imap, pop3
	Messages            uint32 // best guess
	MessagesLow         uint32 // of the interval
	MessagesHigh        uint32
	Bytes               uint64 // of the messages
	BytesLow, BytesHigh uint64
	Bursts              uint32 // answers of the server that were larger than its chatter
	ToServer, ToClient  uint64 // octets of application data records
}

// Anomaly is something a sender should not have done, or an attack would do.
// The kinds are listed in docs/events.md.
type Anomaly struct {
	Head
	Kind   string // snake_case, a constant
	Detail []byte // short, redacted; may be nil
}

// Visibility says in what form bytes were seen.
type Visibility uint8

// The forms.
const (
	Cleartext Visibility = iota
	AfterStartTLS
	ImplicitTLS
	Deflated
	Decrypted // plain text behind an accepted STARTTLS: the mirror was decrypted on its way
	Unidentified
	visibilities
)

// Visibilities is their number.
const Visibilities = int(visibilities)

var visibilityNames = [...]string{"cleartext", "starttls", "tls", "compressed", "decrypted", "unknown"}

func (v Visibility) String() string { return visibilityNames[v] }

// ConnEnd closes the books on a connection that carried payload.
type ConnEnd struct {
	Head
	Totals   capture.Totals
	Visible  [Visibilities][2]uint64 // payload octets by form and direction
	GaveUp   string                  // why the rest was only counted; "": it was not
	Remote   string                  // a way of remote access: ssh, rdp, vnc, anydesk …; "": none
	Service  []byte                  // the name by which it was recognised, where there is one (SNI, banner)
	Requests uint64                  // of HTTP
}

// Type names, as in the output.
func (*Login) Type() string         { return "login" }
func (*Message) Type() string       { return "message" }
func (*MailboxRead) Type() string   { return "mailbox_read" }
func (*MailboxSelect) Type() string { return "mailbox_select" }
func (*MailboxChange) Type() string { return "mailbox_change" }
func (*MailboxSearch) Type() string { return "mailbox_search" }
func (*ClientInfo) Type() string    { return "client_info" }
func (*TLSStart) Type() string      { return "tls" }
func (*Anomaly) Type() string       { return "anomaly" }
func (*ConnEnd) Type() string       { return "connection" }
func (*RuleChange) Type() string    { return "rule_change" }
func (*Tunnel) Type() string        { return "tunnel" }
func (*MailOperation) Type() string { return "mail_operation" }
func (*TLSUse) Type() string        { return "estimate" }
func (*Opening) Type() string       { return "opening" }
