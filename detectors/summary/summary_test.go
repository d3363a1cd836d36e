package summary

import (
	"net/netip"
	"testing"

	"mailsensor/capture"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/mailbox"
	"mailsensor/protocols"
)

const (
	ann   = "10.0.0.1"
	bob   = "10.0.0.2"
	mx    = "10.0.1.25"
	world = "203.0.113.9"
)

func head(protocol, client, server string, conn uint64, account string) protocols.Head {
	h := protocols.Head{Protocol: protocol, Conn: capture.Conn{
		Handshake: true,
		ID:        conn,
		Client:    netip.AddrPortFrom(netip.MustParseAddr(client), 40000),
		Server:    netip.AddrPortFrom(netip.MustParseAddr(server), 143),
	}}
	if account != "" {
		h.Account = []byte(account)
	}
	return h
}

func message(client, account string, outcome protocols.Outcome, size uint64, recipients ...string) *protocols.Message {
	m := &protocols.Message{Head: head("smtp", client, mx, 1, account), Outcome: outcome, Size: size}
	for _, r := range recipients {
		m.Recipients = append(m.Recipients, protocols.Recipient{Address: []byte(r), Outcome: protocols.Accepted})
		m.RecipientsAccepted++
	}
	return m
}

func login(protocol, client, user string, outcome protocols.Outcome) *protocols.Login {
	return &protocols.Login{Head: head(protocol, client, mx, 1, ""), User: []byte(user), Outcome: outcome}
}

func read(client string, conn uint64, account string, items ...protocols.ReadItem) *protocols.MailboxRead {
	return &protocols.MailboxRead{Head: head("imap", client, mx, conn, account), Mailbox: []byte("INBOX"), UIDValidity: 9, Selection: 1, Exists: 20, Items: items}
}

func whole(first, last uint32) protocols.ReadItem {
	n := last - first + 1
	return protocols.ReadItem{Kind: protocols.ReadWhole, ByUID: true, First: first, Last: last, Items: n, Bytes: 100 * uint64(n)}
}

func observe(events ...protocols.Event) *Document {
	s := New(inside.New(inside.Config{Domains: []string{"corp.example"}, DefaultDomain: "corp.example"}))
	for _, ev := range events {
		s.Observe(ev)
	}
	return s.Document()
}

func (d *Document) host(t *testing.T, name string) Host {
	t.Helper()
	for _, h := range d.Hosts {
		if h.Host == name {
			return h
		}
	}
	t.Fatalf("no host %s", name)
	return Host{}
}

func (d *Document) account(t *testing.T, name string) Account {
	t.Helper()
	for _, a := range d.Accounts {
		if a.Account == name {
			return a
		}
	}
	t.Fatalf("no account %s in %v", name, d.Accounts)
	return Account{}
}

func TestSMTPCounts(t *testing.T) {
	rejected := message(ann, "", protocols.Rejected, 0)
	rejected.RecipientsRejected = 3
	d := observe(
		message(ann, "Ann", protocols.Accepted, 100, "x@corp.example", "y@else.example"),
		message(ann, "ann@corp.example", protocols.Accepted, 50, "z@else.example"),
		message(bob, "", protocols.Unfinished, 1000),
		rejected,
	)
	s := d.Totals.SMTP
	want := SMTP{MessagesAttempted: 4, MessagesAccepted: 2, MessagesRejected: 1, MessagesUnfinished: 1, MessageBytes: 150,
		RecipientsAccepted: 3, RecipientsRejected: 3, RecipientsInside: 1, RecipientsOutside: 2}
	if s != want {
		t.Errorf("totals %+v, want %+v", s, want)
	}
	if h := d.host(t, ann).SMTP; h.MessagesAttempted != 3 || h.MessagesAccepted != 2 {
		t.Errorf("host %+v", h)
	}
	if a := d.account(t, "ann@corp.example"); a.SMTP.MessagesAccepted != 2 || a.IMAP != nil || len(d.Accounts) != 1 {
		t.Errorf("account %+v of %d", a, len(d.Accounts))
	}
}

// What a mail API was asked to send is no transaction of SMTP.
func TestSubmittedOverHTTP(t *testing.T) {
	m := message(ann, "ann@corp.example", protocols.Accepted, 10, "x@else.example")
	m.Protocol = "http"
	if d := observe(m); d.Totals.SMTP != (SMTP{}) || len(d.Accounts) != 0 {
		t.Errorf("%+v, %d accounts", d.Totals.SMTP, len(d.Accounts))
	}
}

func TestRefusedMAIL(t *testing.T) {
	refused := func(code uint16) *protocols.Message {
		m := message(ann, "", protocols.Rejected, 0)
		m.Code = code
		return m
	}
	named := message(ann, "", protocols.Rejected, 0, "x@corp.example")
	named.Code = 552
	for _, tt := range []struct {
		name string
		ev   *protocols.Message
		want uint64
	}{
		{"too large", refused(552), 1},
		{"out of turn", refused(503), 0},
		{"reply not seen", refused(0), 0},
		{"content refused", named, 0},
	} {
		if got := observe(tt.ev).Totals.SMTP.RecipientsRejected; got != tt.want {
			t.Errorf("%s: %d recipients rejected, want %d", tt.name, got, tt.want)
		}
	}
}

func TestUnknownVerdictsMakeLowerBounds(t *testing.T) {
	s := observe(message(ann, "", protocols.Unknown, 70), message(ann, "", protocols.Accepted, 5)).Totals.SMTP
	if s.MessagesUnknown != 1 || s.MessagesAccepted != 1 || s.MessageBytes != 5 || s.MessagesAttempted != 2 {
		t.Errorf("%+v", s)
	}
	if s.MessagesAcceptedConf != LowerBound || s.MessagesAttemptedConf != Exact || s.MessagesUnknownConf != Exact {
		t.Errorf("confidences: accepted %v, attempted %v, unknown %v", s.MessagesAcceptedConf, s.MessagesAttemptedConf, s.MessagesUnknownConf)
	}
}

func TestLogins(t *testing.T) {
	d := observe(
		login("smtp", ann, "ann", protocols.Accepted),
		login("imap", ann, "ann", protocols.Accepted),
		login("imap", ann, "Ann@corp.example", protocols.Rejected),
		login("imap", bob, "ann", protocols.Unfinished),
		login("imap", bob, "bob", protocols.Unknown),
	)
	if l := d.Totals.SMTP.Logins; l != (Logins{LoginsOK: 1}) {
		t.Errorf("smtp %+v", l)
	}
	want := Logins{LoginsOK: 1, LoginsFailed: 2, LoginsUnknown: 1, LoginsOKConf: LowerBound, LoginsFailedConf: LowerBound}
	if l := d.Totals.IMAP.Logins; l != want {
		t.Errorf("imap %+v, want %+v", l, want)
	}
	a := d.account(t, "ann@corp.example")
	if a.IMAP.LoginsFailed != 2 || a.IMAP.LoginsFailedConf != Exact || len(a.Clients) != 2 || a.Clients[0] != ann {
		t.Errorf("account %+v, %+v", a, a.IMAP)
	}
}

func TestRepeatsCountOnce(t *testing.T) {
	d := observe(
		read(ann, 1, "ann", whole(1, 10)),
		read(ann, 2, "ann", whole(6, 12)),
		read(bob, 3, "ANN", whole(11, 15)),
		read(bob, 3, "ann", protocols.ReadItem{Kind: protocols.ReadHeaders, ByUID: true, First: 1, Last: 20, Items: 20, Bytes: 40}),
	)
	m := d.Totals.IMAP
	if m.MessagesDownloaded != 15 || m.MessagesHeadersOnly != 5 || m.BodyItems != 22 || m.BodyBytes != 2200 || m.HeaderBytes != 40 || m.MailboxesRead != 1 {
		t.Errorf("totals %+v", m)
	}
	if m.MessagesDownloadedConf != Exact || m.BodyItemsConf != Exact {
		t.Errorf("confidences %+v", m)
	}
	if h := d.host(t, ann).IMAP; h.MessagesDownloaded != 12 || h.MessagesHeadersOnly != 0 {
		t.Errorf("%s %+v", ann, h)
	}
	if h := d.host(t, bob).IMAP; h.MessagesDownloaded != 5 || h.MessagesHeadersOnly != 15 {
		t.Errorf("%s %+v", bob, h)
	}
	a := d.account(t, "ann@corp.example")
	if a.IMAP.MessagesDownloaded != 15 || len(a.Mailboxes) != 1 || a.Mailboxes[0].Downloaded != 15 || a.Mailboxes[0].Share != 0.75 {
		t.Errorf("account %+v, mailboxes %+v", a.IMAP, a.Mailboxes)
	}
}

func TestChanges(t *testing.T) {
	change := func(command string, n uint32) *protocols.MailboxChange {
		return &protocols.MailboxChange{Head: head("imap", ann, mx, 1, "ann"), Command: command, Messages: n}
	}
	m := observe(change("APPEND", 2), change("APPEND", 0), change("COPY", 3), change("MOVE", 4), change("EXPUNGE", 5), change("STORE", 6)).Totals.IMAP
	if m.MessagesAppended != 3 || m.MessagesCopied != 3 || m.MessagesMoved != 4 || m.MessagesExpunged != 5 {
		t.Errorf("%+v", m)
	}
	if m.MessagesCopiedConf != Exact {
		t.Error("copies are in doubt though the server told their number")
	}
	m = observe(change("COPY", 0)).Totals.IMAP
	if m.MessagesCopiedConf != LowerBound || m.MessagesExpungedConf != Exact {
		t.Errorf("%+v", m)
	}
}

func end(protocol, client, account string, set func(*protocols.ConnEnd)) *protocols.ConnEnd {
	e := &protocols.ConnEnd{Head: head(protocol, client, mx, 1, account)}
	e.Totals.Half[0].Packets, e.Totals.Half[1].Packets = 1, 1
	if set != nil {
		set(e)
	}
	return e
}

func TestConnections(t *testing.T) {
	d := observe(
		end("smtp", ann, "", func(e *protocols.ConnEnd) { e.Visible[protocols.Cleartext] = [2]uint64{3, 4} }),
		end("imap", ann, "ann", func(e *protocols.ConnEnd) {
			e.Visible[protocols.Cleartext], e.Visible[protocols.AfterStartTLS] = [2]uint64{1, 2}, [2]uint64{10, 20}
			e.GaveUp = "encrypted"
		}),
		end("tls", bob, "", func(e *protocols.ConnEnd) { e.Visible[protocols.ImplicitTLS] = [2]uint64{100, 200} }),
		end("unknown", world, "", func(e *protocols.ConnEnd) {
			e.Visible[protocols.Unidentified] = [2]uint64{5, 0}
			e.Totals.Half[1].Packets = 0
			e.Totals.Half[0].GapBytes = 7
		}),
	)
	if c := d.Capture; c.Connections != 4 || c.OneSidedConnections != 1 || c.GapBytes != 7 {
		t.Errorf("capture %+v", c)
	}
	if d.Totals.TLS != (TLS{Connections: 2, StartTLS: 1, BytesToServer: 110, BytesToClient: 220}) {
		t.Errorf("tls %+v", d.Totals.TLS)
	}
	if f := d.Visibility["imap"]; f.Cleartext != (Form{1, 3}) || f.StartTLS != (Form{1, 30}) {
		t.Errorf("visibility of imap %+v", f)
	}
	if f := d.Visibility["total"]; f.Cleartext != (Form{2, 10}) || f.TLS != (Form{1, 300}) || f.Unknown != (Form{1, 5}) {
		t.Errorf("visibility %+v", f)
	}
	if d.Totals.SMTP.Connections != 1 || d.Totals.IMAP.Connections != 1 || d.account(t, "ann@corp.example").IMAP.Connections != 1 {
		t.Errorf("connections: smtp %d, imap %d", d.Totals.SMTP.Connections, d.Totals.IMAP.Connections)
	}
	if len(d.Hosts) != 2 || d.host(t, bob).TLS == nil || d.host(t, bob).SMTP != nil {
		t.Errorf("hosts %+v", d.Hosts)
	}
}

// What each loss puts in doubt, and what not.
func TestLosses(t *testing.T) {
	gap := func(e *protocols.ConnEnd) { e.Totals.Half[1].GapBytes = 1 }
	gaveUp := func(why string) func(*protocols.ConnEnd) {
		return func(e *protocols.ConnEnd) { e.GaveUp = why }
	}
	lossy := message(ann, "", protocols.Accepted, 1)
	lossy.Confidence = protocols.LowerBound
	partial := read(ann, 1, "ann", whole(1, 1))
	partial.Confidence = protocols.LowerBound
	for _, tt := range []struct {
		name                 string
		ev                   protocols.Event
		smtpMail, smtpLogins Confidence
		imapMail, imapLogins Confidence
	}{
		{"nothing", end("imap", ann, "", nil), Exact, Exact, Exact, Exact},
		{"beginning not captured", end("imap", ann, "", func(e *protocols.ConnEnd) { e.Conn.Handshake = false }), Exact, Exact, LowerBound, LowerBound},
		{"gap in smtp", end("smtp", ann, "", gap), LowerBound, LowerBound, Exact, Exact},
		{"gap in imap", end("imap", ann, "", gap), Exact, Exact, LowerBound, LowerBound},
		{"gap in tls", end("tls", ann, "", gap), Exact, Exact, Exact, Exact},
		{"compressed", end("imap", ann, "", gaveUp("compressed")), Exact, Exact, LowerBound, Exact},
		{"encrypted", end("smtp", ann, "", gaveUp("encrypted")), LowerBound, LowerBound, Exact, Exact},
		{"stopped", end("smtp", ann, "", gaveUp("stopped")), Exact, Exact, Exact, Exact},
		{"message", lossy, LowerBound, Exact, Exact, Exact},
		{"read", partial, Exact, Exact, LowerBound, Exact},
	} {
		d := observe(message(bob, "", protocols.Accepted, 1), read(bob, 2, "bob", whole(1, 1)), tt.ev)
		s, m := d.Totals.SMTP, d.Totals.IMAP
		if s.MessagesAcceptedConf != tt.smtpMail || s.LoginsOKConf != tt.smtpLogins || m.MessagesDownloadedConf != tt.imapMail || m.LoginsFailedConf != tt.imapLogins {
			t.Errorf("%s: smtp %v %v, imap %v %v", tt.name, s.MessagesAcceptedConf, s.LoginsOKConf, m.MessagesDownloadedConf, m.LoginsFailedConf)
		}
		if h := d.host(t, bob); h.SMTP.MessagesAcceptedConf != Exact || h.IMAP.MessagesDownloadedConf != Exact {
			t.Errorf("%s: another host's counts are in doubt", tt.name)
		}
	}
}

func TestUnknownIdentityIsAnUpperBound(t *testing.T) {
	unknown := read(ann, 1, "", whole(1, 5))
	d := observe(unknown, read(bob, 2, "bob", whole(1, 2)))
	if m := d.Totals.IMAP; m.MessagesDownloaded != 7 || m.MessagesDownloadedConf != UpperBound || m.BodyItemsConf != Exact || m.MessagesPartialConf != Exact {
		t.Errorf("totals %+v", m)
	}
	if h := d.host(t, ann).IMAP; h.MessagesDownloadedConf != UpperBound {
		t.Errorf("host %+v", h)
	}
	if a := d.account(t, "bob@corp.example"); a.IMAP.MessagesDownloadedConf != Exact || len(d.Accounts) != 1 {
		t.Errorf("account %+v", a.IMAP)
	}
	lossy := read(ann, 3, "", whole(1, 5))
	lossy.Confidence = protocols.LowerBound
	if m := observe(lossy).Totals.IMAP; m.MessagesDownloadedConf != LowerBound {
		t.Errorf("lost and repeated: %v", m.MessagesDownloadedConf)
	}
}

func TestForgottenEntities(t *testing.T) {
	s := newSummary(inside.New(inside.Config{}), 2, 2, mailbox.Limits{Mailboxes: 2, Hosts: 2})
	for i := range 5 {
		name, client := string(rune('a'+i)), netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}).String()
		s.Observe(read(client, uint64(i), name, whole(1, 3)))
		s.Observe(message(client, name, protocols.Accepted, 10))
	}
	d := s.Document()
	if len(d.Hosts) != 2 || len(d.Accounts) != 2 || d.Other == nil || d.Other.HostsEvicted != 3 || d.Other.AccountsEvicted != 3 || d.Other.MailboxesEvicted != 3 {
		t.Fatalf("%d hosts, %d accounts, other %+v", len(d.Hosts), len(d.Accounts), d.Other)
	}
	if o := d.Other.Hosts; o.SMTP.MessagesAccepted != 3 || o.IMAP.MessagesDownloaded != 9 {
		t.Errorf("other hosts %+v", o)
	}
	if m := d.Totals.IMAP; m.MessagesDownloaded != 15 || m.MessagesDownloadedConf != UpperBound {
		t.Errorf("totals %+v", m)
	}
	if h := d.host(t, "10.0.0.4"); h.SMTP.MessagesAcceptedConf != LowerBound || h.SMTP.MessagesAccepted != 1 {
		t.Errorf("a host that may have been here before: %+v", h.SMTP)
	}
	if s := d.Totals.SMTP; s.MessagesAcceptedConf != Exact || s.MessagesAccepted != 5 {
		t.Errorf("totals %+v", s)
	}
}

func TestAnomalies(t *testing.T) {
	var events []protocols.Event
	for i := range 2 * maxKinds {
		events = append(events, &protocols.Anomaly{Head: head("smtp", ann, mx, 1, ""), Kind: string(rune(0x4e00 + i))})
	}
	d := observe(append(events, &protocols.Anomaly{Kind: string(rune(0x4e00))})...)
	if len(d.Anomalies) != maxKinds+1 || d.Anomalies["other"] != maxKinds || d.Anomalies[string(rune(0x4e00))] != 2 {
		t.Errorf("%d kinds, other %d", len(d.Anomalies), d.Anomalies["other"])
	}
}

// A script whose fate was not seen makes the counts lower bounds; what was only
// read back or refused counts for nothing.
func TestRuleChanges(t *testing.T) {
	rule := func(command string, o protocols.Outcome, listed bool) *protocols.RuleChange {
		return &protocols.RuleChange{Head: head("sieve", ann, mx, 1, "ann"), Source: "sieve", Command: command, Outcome: o, Listed: listed, Live: protocols.Yes}
	}
	d := observe(rule("PUTSCRIPT", protocols.Accepted, false), rule("SETACTIVE", protocols.Accepted, false), rule("PUTSCRIPT", protocols.Rejected, false),
		rule("GETSCRIPT", protocols.Accepted, true), rule("DELETESCRIPT", protocols.Accepted, false))
	if s := d.Totals.Sieve; s.ScriptsPut != 1 || s.ScriptsActivated != 1 || s.ScriptsDeleted != 1 || s.ScriptsPutConf != Exact {
		t.Errorf("%+v", s)
	}
	d = observe(rule("PUTSCRIPT", protocols.Accepted, false), rule("PUTSCRIPT", protocols.Unknown, false))
	if s := d.Totals.Sieve; s.ScriptsPut != 1 || s.ScriptsPutConf != LowerBound {
		t.Errorf("%+v", s)
	}
}
