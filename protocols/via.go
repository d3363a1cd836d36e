package protocols

import (
	"cmp"
	"net/netip"
	"slices"
)

// Via says how a connection came here when not directly: through a tunnel that a
// proxy made, or passed on by a peer that names the real client. It does not
// change once events point to it.
type Via struct {
	Kind   string // how it was asked for: connect, socks4, socks4a, socks5; "": no tunnel
	Target string // the host that was asked for, as written
	Port   uint16 // and its port
	User   string // the user of the proxy; "": none or unknown

	Origin       netip.AddrPort // whom the peer claims to speak for; to be believed from trusted peers only
	Before       []netip.Addr   // whom Origin in turn claims to speak for, and so on, bounded
	OriginSource string         // proxy (PROXY protocol), xclient, xforward, forwarded, x-forwarded-for, imap-id
}

// Through is how a connection comes here that a proxy, itself reached by v, was asked
// for. Who asked an outer proxy stays where the inner one was not told.
func (v *Via) Through(kind, target string, port uint16, user string) *Via {
	n := &Via{Kind: kind, Target: target, Port: port, User: user}
	if v != nil {
		n.Origin, n.OriginSource, n.Before = v.Origin, v.OriginSource, v.Before
		n.User = cmp.Or(user, v.User)
	}
	return n
}

// maxBefore bounds the claims that are remembered.
const maxBefore = 8

// Claim is v, which may be nil, with what is said now of the real client. Where a
// claim of another kind stands, or one of the PROXY protocol, the new one is the word of
// whom that named: a client behind a proxy can send headers of its own.
func (v *Via) Claim(origin netip.AddrPort, source string) *Via {
	n := new(Via)
	if v != nil {
		*n = *v
	}
	switch {
	case !n.Origin.IsValid(), n.OriginSource == source && source != SourceProxy:
		n.Origin, n.OriginSource = origin, source
	case len(n.Before) < maxBefore:
		n.Before = append(slices.Clip(n.Before), origin.Addr())
	}
	return n
}

// SourceProxy is the OriginSource of the PROXY protocol.
const SourceProxy = "proxy"

// Tunnel is an attempt to reach another host through a proxy: HTTP CONNECT,
// SOCKS. What is said inside comes as events of the same connection, whose Via
// names the tunnel.
type Tunnel struct {
	Head
	Kind      string // connect, socks4, socks4a, socks5
	Target    []byte // host as written, without the port
	Port      uint16
	User      []byte // of the proxy
	Mechanism string // how that user was authenticated: Basic, Digest, NTLM, USERPASS …; "": not
	Outcome   Outcome
	Code      uint16 // HTTP status or SOCKS reply
	UserAgent []byte
}

// MailOperation is one call of a mail API over HTTP. What it downloaded comes as
// a MailboxRead, what it sent as a Message, a rule as a RuleChange beside it.
type MailOperation struct {
	Head
	API       string // ews, owa, mapi, activesync, graph, gmail, jmap, file
	Operation []byte // as the API calls it: GetItem, messages.get, Email/get …
	Mailbox   []byte // the mailbox it names, where that is not the account's own
	Outcome   Outcome
	Code      uint16 // HTTP status
	Items     uint32 // distinct items that it read
	Bytes     uint64 // octets of the response's content, decoded
	UserAgent []byte
	DeviceID  []byte // ActiveSync
	Name      []byte // file: the name of what was transferred
	Upload    bool   // file: to the server
}

// Opening says what a connection began with. It is not written out: it lets the
// two legs of a proxied connection be joined behind the merge.
type Opening struct {
	Head
	Fingerprint uint64 // of the first octets, which both legs of a tunnel share, or of a request's host and path; 0: none
	Request     uint64 // of what a reverse proxy leaves of a request as it is; 0: it is none, or of no interest
	Proxied     bool   // a request of a client to a proxy
	Forwarded   bool   // a request of a proxy: it says so (Via, X-Forwarded-For)
}
