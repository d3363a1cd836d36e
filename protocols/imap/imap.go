// Package imap reads IMAP4rev1 and IMAP4rev2 (RFC 3501, RFC 9051) with the
// extensions that real clients use: who logs in, which mailboxes are opened, and
// above all which messages leave the server, told from the responses, since a
// client may ask for them in any form.
//
// Both directions are cut into tokens as they arrive (lexer.go). A literal is
// counted and never kept, whatever its length; only short ones that are needed,
// such as user and mailbox names, are copied, within bounds. Passwords and
// bodies are in no event and no buffer.
//
// What the sides should not do is reported once per connection and kind:
//
//	imap_bad_command         a line of the client that is no command
//	imap_bad_literal         an impossible literal, or one whose length is wrong
//	imap_bad_response        a line of the server that is no response
//	imap_deep_nesting        parentheses nested beyond any use
//	imap_early_reply         a tagged reply that came before its command
//	imap_long_line           a line beyond its bound; its rest was not read
//	imap_pipeline            more commands in flight than are followed
//	imap_preauth             STARTTLS wanted where a PREAUTH greeting forbids it
//	imap_starttls_injection  text behind STARTTLS or behind its OK, before TLS
//	imap_starttls_refused    the server refused STARTTLS
//	imap_starttls_stripped   STARTTLS was overwritten on the way, among the capabilities
//	imap_unknown_tag         a tagged reply to a command that nobody sent
//
// Ownership: bytes given to Parse belong to the caller and none of them are kept
// by reference. The few that are needed later are copied into the parser's own
// buffers, and into the batch when an event is made.
package imap

import (
	"slices"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/sasl"
)

// New returns the protocol.
func New() protocols.Protocol { return newProtocol(maxAge) }

// newProtocol lets tests that give every octet its own second wait longer with
// what has gathered.
func newProtocol(age int64) protocols.Protocol {
	shared := newPools(age)
	return protocols.Protocol{
		Name:    "imap",
		Ports:   []uint16{143, 220, 993},
		Probe:   probe,
		New:     func() protocols.Parser { return shared.parser() },
		Visible: protocols.Cleartext,
	}
}

// parser follows one connection.
type parser struct {
	fetch fetch // with srv behind it: what every segment of a body touches stands together
	srv   server
	pools *pools
	out   protocols.Sink // during a call
	now   int64          // during a call
	cli   client

	flight   []command // by age
	early    []early
	answered uint64 // tag of the command that an early reply answered

	auth *sasl.Exchange // during AUTHENTICATE
	cut  bool           // octets of the exchange are lost: what follows might be taken for a name and be a password
	id   *identity      // during ID

	sel        *selection // nil: none known
	next       *selection // of the SELECT that is being answered
	spare      *selection // a second one, for clients that go from mailbox to mailbox
	selections uint32     // in this connection so far
	exists     uint32     // the last EXISTS, for selections whose SELECT was not seen

	read *reading // body items not reported yet; nil: none

	reported []string // kinds of anomalies
	seen     [2]bool  // directions that sent anything
	utf8     bool     // mailbox names are UTF-8
	preauth  bool
	greeted  bool // the server said something
	wantTLS  bool // STARTTLS is in flight
	wantZip  bool // COMPRESS is in flight
	switched bool // STARTTLS was accepted and the client has not spoken since

	room room
}

// Reset implements protocols.Parser.
func (p *parser) Reset(c capture.Conn) {
	p.release()
	p.drop(p.sel)
	p.drop(p.next)
	p.room.selection.reset()
	*p = parser{
		pools: p.pools, early: p.early[:0], reported: p.reported[:0], flight: p.flight[:0], spare: p.spare,
		srv:  server{box: p.srv.box},
		room: room{selection: p.room.selection},
	}
	if n := cap(p.flight); n <= roomSlots || n > keepSlots {
		p.useRoom()
	}
	p.cli.line.Max, p.srv.line.Max = maxLine, maxLine
	if !c.Handshake { // it may begin inside a line or a literal
		p.cli.mode, p.cli.lossy = cliLost, true
		p.srv.mode, p.srv.lossy = srvLost, true
		p.greeted = true
	}
}

func (p *parser) release() {
	if p.auth != nil {
		p.auth.Reset()
		p.pools.logins.Put(p.auth)
		p.auth = nil
	}
	if p.read != nil {
		p.read.reset()
		p.pools.readings.Put(p.read)
		p.read = nil
	}
	p.dropIdentity()
}

// Parse implements protocols.Parser.
func (p *parser) Parse(d capture.Dir, t int64, b []byte, out protocols.Sink) (n int, act protocols.Action) {
	if d == capture.ToClient && p.passesBody(b) {
		return len(b), protocols.Continue
	}
	p.now, p.out, p.seen[d] = t, out, true
	for more := true; more && act == protocols.Continue; {
		var k int
		if d == capture.ToServer {
			k, more, act = p.clientStep(b[n:])
		} else {
			k, more, act = p.serverStep(b[n:])
		}
		n += k
	}
	p.out = nil
	return n, act
}

// Gap implements protocols.Parser.
func (p *parser) Gap(d capture.Dir, t int64, n int, out protocols.Sink) {
	p.now, p.out = t, out
	if d == capture.ToServer {
		p.clientGap(n)
	} else {
		p.serverGap(n)
	}
	p.out = nil
}

// Close implements protocols.Parser.
func (p *parser) Close(t int64, out protocols.Sink) {
	p.now, p.out = t, out
	if p.srv.mode == srvFetch {
		p.cutFetch()
	}
	p.flush(nil)
	for len(p.flight) > 0 {
		p.abandon(0)
	}
	if len(p.early) > 0 {
		p.report("imap_unknown_tag")
	}
	p.release()
	p.out = nil
}

// report makes an anomaly of kind, once.
func (p *parser) report(kind string) {
	if !slices.Contains(p.reported, kind) {
		p.reported = append(p.reported, kind)
		p.out.Anomaly(p.now, kind, nil)
	}
}
