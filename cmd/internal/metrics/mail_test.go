package metrics

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
)

const now = int64(1_800_000_000e9)

func head(protocol, client, account string) protocols.Head {
	return protocols.Head{Time: now, Protocol: protocol, Account: []byte(account), Conn: capture.Conn{
		Client: netip.MustParseAddrPort(client + ":4000"), Server: netip.MustParseAddrPort("10.0.0.1:25")}}
}

func border() *inside.Border {
	return inside.New(inside.Config{Domains: []string{"corp.example"}, DefaultDomain: "corp.example"})
}

// Each event is counted where it belongs, and a repeat behind a proxy nowhere.
func TestMail(t *testing.T) {
	r := New("")
	m := r.NewMail(border(), 5)
	ann := func(protocol string) protocols.Head { return head(protocol, "10.0.0.7", "Ann") }
	repeat := ann("smtp")
	repeat.Repeat = true
	to := func(address string, o protocols.Outcome) protocols.Recipient {
		return protocols.Recipient{Address: []byte(address), Outcome: o}
	}
	for _, ev := range []protocols.Event{
		&protocols.Message{Head: ann("smtp"), Outcome: protocols.Accepted, Size: 700, RecipientsAccepted: 4, RecipientsRejected: 1,
			Recipients: []protocols.Recipient{to("bob@corp.example", protocols.Accepted), to("x@evil.example", protocols.Accepted), to("y@evil.example", protocols.Rejected)}},
		&protocols.Message{Head: ann("lmtp"), Outcome: protocols.Rejected, Size: 9},
		&protocols.Message{Head: repeat, Outcome: protocols.Accepted},
		&protocols.Message{Head: ann("http"), Outcome: protocols.Accepted},
		&protocols.Login{Head: head("imap", "10.0.0.7", ""), User: []byte("ann"), Outcome: protocols.Accepted},
		&protocols.Login{Head: head("imap", "10.0.0.7", ""), User: []byte("ann"), Outcome: protocols.Rejected},
		&protocols.Login{Head: head("imap", "10.0.0.7", ""), User: []byte("ann"), Outcome: protocols.Unfinished},
		&protocols.MailboxRead{Head: ann("imap"), Started: now - 3e9, Items: []protocols.ReadItem{
			{Kind: protocols.ReadWhole, Items: 3, Bytes: 300}, {Kind: protocols.ReadPartial, Items: 1, Bytes: 10}, {Kind: protocols.ReadHeaders, Items: 5, Bytes: 50}}},
		&protocols.MailboxRead{Head: ann("imap"), Started: now - 3e9, Items: []protocols.ReadItem{{Kind: protocols.ReadHeaders, Items: 1}}},
		&protocols.TLSStart{Head: ann("tls"), Started: now - 2e7},
		&protocols.TLSStart{Head: ann("tls")},
		&protocols.TLSUse{Head: ann("tls"), Service: "imap", Messages: 12},
		&protocols.ConnEnd{Head: ann("imap"), Visible: [protocols.Visibilities][2]uint64{protocols.Cleartext: {5, 60}}},
		&protocols.ConnEnd{Head: ann("")},
	} {
		m.Observe(ev)
	}
	for _, target := range []string{"", "bob@corp.example", "x@evil.example", "${x}"} {
		e := &protocols.RuleChange{Head: ann("sieve"), Source: "sieve", Outcome: protocols.Accepted}
		if target != "" {
			e.Actions = []protocols.RuleAction{{Kind: protocols.ActionRedirect, Target: []byte(target)}, {Kind: protocols.ActionMove, Target: []byte("Trash")}}
		}
		m.Observe(e)
		e.Listed = true
		m.Observe(e)
	}
	m.Raised(&detectors.Alert{Detector: "bulk", Severity: detectors.High, Entity: detectors.Entity{Kind: detectors.Account, Name: "ann@corp.example"}})
	if out := text(r); !strings.Contains(out, "\nmailsensor_account_body_bytes_total{account=\"ann@corp.example\"} 0\n") {
		t.Error("a new series does not begin at 0")
	}
	out := text(r)
	for _, want := range []string{
		`messages_total{protocol="smtp",direction="outbound",outcome="accepted"} 1`,
		`messages_total{protocol="lmtp",direction="unknown",outcome="rejected"} 1`,
		`messages_total{protocol="smtp",direction="inbound",outcome="unknown"} 0`,
		`recipients_total{protocol="smtp",outcome="accepted",side="inside"} 1`,
		`recipients_total{protocol="smtp",outcome="accepted",side="outside"} 1`,
		`recipients_total{protocol="smtp",outcome="accepted",side="unknown"} 2`,
		`recipients_total{protocol="smtp",outcome="rejected",side="unknown"} 1`,
		`message_bytes_total{protocol="smtp",direction="outbound"} 700`,
		`logins_total{protocol="imap",outcome="ok"} 1`,
		`logins_total{protocol="imap",outcome="failed"} 2`,
		`body_items_total{protocol="imap"} 4`,
		`body_bytes_total{protocol="imap"} 310`,
		`estimated_messages_total{protocol="imap"} 12`,
		`mailbox_read_duration_seconds_bucket{protocol="imap",le="2.5"} 0`,
		`mailbox_read_duration_seconds_bucket{protocol="imap",le="5"} 1`,
		`mailbox_read_duration_seconds_sum{protocol="imap"} 3`,
		`mailbox_read_duration_seconds_count{protocol="imap"} 1`,
		`tls_handshake_duration_seconds_bucket{le="0.01"} 0`,
		`tls_handshake_duration_seconds_bucket{le="0.025"} 1`,
		`tls_handshake_duration_seconds_count 1`,
		`connections_total{protocol="imap"} 1`,
		`connections_total{protocol="unknown"} 1`,
		`visibility_bytes_total{protocol="imap",form="cleartext"} 65`,
		`rule_changes_total{source="sieve",target="none"} 1`,
		`rule_changes_total{source="sieve",target="inside"} 1`,
		`rule_changes_total{source="sieve",target="outside"} 1`,
		`rule_changes_total{source="sieve",target="unknown"} 1`,
		`alerts_total{detector="bulk",severity="high"} 1`,
		`account_alerts_total{account="ann@corp.example"} 1`,
		`account_messages_total{account="ann@corp.example"} 1`,
		`account_recipients_total{account="ann@corp.example"} 4`,
		`account_failed_logins_total{account="ann@corp.example"} 2`,
		`account_body_bytes_total{account="ann@corp.example"} 310`,
		`host_body_items_total{host="10.0.0.7"} 4`,
	} {
		if !strings.Contains(out, "\nmailsensor_"+want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(out, `{protocol="http",outcome="accepted"}`) {
		t.Error("what a mail API sends is counted as a message")
	}
}

// However many hosts and accounts there are, the series stay within their bound.
func TestMailBound(t *testing.T) {
	r := New("")
	h := habits.New(habits.Default(), border(), time.UTC, nil)
	m := r.NewMail(border(), 3)
	u := r.NewUsual(m, h)
	for i := range 500 {
		ev := &protocols.Message{Head: head("smtp", fmt.Sprintf("10.0.%d.%d", i/250, i%250), fmt.Sprint("user", i)),
			Outcome: protocols.Accepted, RecipientsAccepted: 1, From: []byte(fmt.Sprintf("user%d@corp.example", i))}
		h.Observe(ev, nil)
		m.Observe(ev)
	}
	u.Update(now)
	seen := 0
	for _, l := range strings.Split(text(r), "\n") {
		if strings.HasPrefix(l, "mailsensor_account_messages_total") || strings.HasPrefix(l, `mailsensor_account_hour_seen{`) && strings.Contains(l, `metric="messages_sent"`) {
			seen++
		}
	}
	if seen != 4+3 {
		t.Errorf("%d series", seen)
	}
}

// What is usual stands beside what was seen, in octets where octets are counted, and
// is looked up anew after a while of event time.
func TestUsual(t *testing.T) {
	r := New("")
	h := habits.New(habits.Default(), border(), time.UTC, nil)
	m := r.NewMail(border(), 5)
	u := r.NewUsual(m, h)
	send := func(at int64, n int) {
		for range n {
			ev := &protocols.MailboxRead{Head: head("imap", "10.0.0.7", "ann"), Mailbox: []byte("INBOX"), Items: []protocols.ReadItem{{Kind: protocols.ReadWhole, Items: 1, Bytes: 64 << 10}}}
			ev.Time = at
			h.Observe(ev, nil)
			m.Observe(ev)
		}
	}
	send(now, 2)
	u.Update(now)
	x, ok := h.Engine().Expect(baseline.Account, "ann@corp.example", baseline.BytesDownloaded)
	if !ok || x.Seen != 128 {
		t.Fatalf("%+v, %v", x, ok)
	}
	for _, want := range []string{
		`account_hour_seen{account="ann@corp.example",metric="bytes_downloaded"} 131072`,
		`account_history_days{account="ann@corp.example",metric="bytes_downloaded"} 0`,
		fmt.Sprintf(`account_hour_bound{account="ann@corp.example",metric="bytes_downloaded"} %v`, 1024*x.Bound()),
	} {
		if out := text(r); !strings.Contains(out, "mailsensor_"+want+"\n") {
			t.Errorf("no %s in\n%s", want, out[:strings.Index(out, "go_")])
		}
	}
	send(now, 1)
	u.Update(now + 1e9)
	if strings.Contains(text(r), `metric="bytes_downloaded"} 196608`) {
		t.Error("looked up at once")
	}
	u.Update(now + usualEvery)
	if !strings.Contains(text(r), `metric="bytes_downloaded"} 196608`) {
		t.Error("not looked up anew")
	}
}
