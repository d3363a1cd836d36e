package report

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors/rules"
	"mailsensor/detectors/summary"
	"mailsensor/protocols"

	"github.com/jedib0t/go-pretty/v6/text"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const day = summary.Time(24 * time.Hour)

// full is a document with something in every section.
func full() *summary.Document {
	yes, no := true, false
	d := &summary.Document{
		Capture: summary.Capture{
			Files: []string{"a.pcap", "b.pcap.gz"}, Packets: 1234567, Bytes: 987654321,
			First: 20000 * day, Last: 20000*day + summary.Time(90*time.Minute), Truncated: true,
			Connections: 400, OneSidedConnections: 3, GapBytes: 2048,
			Decode: map[string]uint64{"tcp": 1234000, "not_ip": 500, "not_tcp": 60, "fragments_timed_out": 7, "time_backward": 1},
		},
		Visibility: map[string]*summary.Forms{
			"smtp": {Cleartext: summary.Form{Connections: 300, Bytes: 1 << 20}, StartTLS: summary.Form{Connections: 5, Bytes: 70000}},
			"imap": {Cleartext: summary.Form{Connections: 90, Bytes: 3 << 20}, Compressed: summary.Form{Connections: 5, Bytes: 900}},
			"total": {Cleartext: summary.Form{Connections: 390, Bytes: 4 << 20}, StartTLS: summary.Form{Connections: 5, Bytes: 70000}, Compressed: summary.Form{Connections: 5, Bytes: 900},
				Connections: 400, GaveUp: map[string]uint64{"encrypted": 5, "compressed": 5, "unidentified": 12}},
		},
		Anomalies: map[string]uint64{"smtp_bare_lf": 2, "imap_pipeline": 31, "not_known_to_this_package": 2_500_000},
		Hosts: []summary.Host{
			{Host: "10.20.0.11", Protocols: summary.Protocols{SMTP: &summary.SMTP{MessagesAttempted: 12, MessagesAccepted: 9, MessagesRejected: 1, RecipientsAccepted: 14, MessageBytes: 123456},
				IMAP: &summary.IMAP{Logins: summary.Logins{LoginsOK: 2, LoginsFailed: 1}, MessagesDownloaded: 40, BodyBytes: 32831, MailboxesRead: 2}}},
			{Host: "2001:db8:1111:2222:3333:4444:5555:6666", Protocols: summary.Protocols{SMTP: &summary.SMTP{MessagesAttempted: 1500000,
				MessagesAccepted: 999999, MessagesAcceptedConf: summary.LowerBound, MessageBytes: 5 << 40, MessageBytesConf: summary.LowerBound}}},
			{Host: "10.20.0.12", Protocols: summary.Protocols{SMTP: &summary.SMTP{MessagesAttempted: 1, MessagesAccepted: 1, MessageBytes: 999}}},
		},
		Accounts: []summary.Account{
			{Account: "ann@corp.example", Protocols: summary.Protocols{IMAP: &summary.IMAP{Logins: summary.Logins{LoginsOK: 2, LoginsFailed: 1}, MessagesDownloaded: 40, BodyBytes: 32831, MailboxesRead: 2}},
				Mailboxes: []summary.Mailbox{{Protocol: "imap", Downloaded: 40, Exists: 60}, {Protocol: "imap", Downloaded: 9}}},
			{Account: "a.very.long.name.of.a.person@department.corp.example", Protocols: summary.Protocols{IMAP: &summary.IMAP{MessagesDownloaded: 7, MessagesDownloadedConf: summary.UpperBound}}},
			{Account: "pop@corp.example", Protocols: summary.Protocols{POP3: &summary.POP3{Logins: summary.Logins{LoginsOK: 3}, MessagesDownloaded: 21, BodyBytes: 54321, MessagesDeleted: 20}},
				Mailboxes: []summary.Mailbox{{Protocol: "pop3", Downloaded: 21, Exists: 22}}},
			{Account: "only.smtp@corp.example", Protocols: summary.Protocols{SMTP: &summary.SMTP{}}},
		},
		Rules: []rules.Rule{
			{Account: "ann@corp.example", Source: "sieve", Name: "main", Live: &yes, Targets: []string{"drop.box@evil.example", "b@evil.example"}, Outside: &yes, KeepsCopy: &yes},
			{Account: "a.very.long.name.of.a.person@department.corp.example", Source: "graph", Name: "a name that is too long", Live: &no, Targets: []string{}, KeepsCopy: &no},
			{Server: "2001:db8:1111:2222:3333:4444:5555:6666", Source: "sieve", Removed: true, Targets: []string{"x@corp.example"}, Outside: &no, KeepsCopy: &no},
			{Account: "bob@corp.example", Source: "sieve", Name: "listed", Targets: []string{}},
		},
		Other: &summary.Other{HostsEvicted: 1, AccountsEvicted: 2000},
	}
	d.Hosts[0].TLS = &summary.TLS{Connections: 4, Estimates: &summary.Estimates{Messages: 250, MessagesLow: 130, MessagesHigh: 1_400_000, MessagesConf: protocols.Estimated,
		Bytes: 240_000, BytesLow: 190_000, BytesHigh: 260_000, BytesConf: protocols.Estimated}}
	d.RemoteAccess = []summary.RemoteAccess{
		{Client: "203.0.113.77", Server: "10.20.0.11", Kind: "rdp", Name: "ann", Connections: 2, Bytes: 812345, First: 20000 * day},
		{Client: "2001:db8:1111:2222:3333:4444:5555:6666", Server: "2001:db8:1111:2222:3333:4444:5555:7777", Kind: "chrome_remote_desktop", Connections: 1, Bytes: 999, First: 20000 * day},
	}
	d.Totals.POP3.Connections = 3
	d.Totals.SMTP.MessagesUnfinished, d.Totals.SMTP.MessagesUnknown = 1, 1
	d.Totals.SMTP.LoginsFailed = 3
	d.Totals.IMAP.Connections, d.Totals.IMAP.LoginsUnknown = 90, 4
	return d
}

func render(t *testing.T, d *summary.Document, top int) string {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, d, Options{Top: top, Location: time.UTC}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for name, got := range map[string]string{
		"testdata/full.txt":  render(t, full(), 10),
		"testdata/top1.txt":  render(t, full(), 1),
		"testdata/empty.txt": render(t, &summary.Document{}, 10),
	} {
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

// Names come from whoever connects. None gets out of its column, and none
// reaches the terminal as anything but text.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{
		"",
		strings.Repeat("x", 300),
		strings.Repeat("生命", 150),
		"a生" + strings.Repeat("界", 12) + "@" + strings.Repeat("例", 20),
		"\x1b[31mred\x1b[0m\x1b]0;title\x07",
		"line\r\nfeed\ttab\x00\x7f\u0085\u009b31m",
		"\xff\xfe\xc0\x80",
		"zalgo" + strings.Repeat("\u0301", 500),
		"\u202egnp.exe\u2066\u200b\ufeff",
		strings.Repeat("@", 100),
		strings.Repeat(":", 100),
		strings.Repeat("🙂", 90),
		"%s%d%!",
	} {
		d := full()
		for i := range d.Accounts {
			d.Accounts[i].Account = name
		}
		for i := range d.Hosts {
			d.Hosts[i].Host = name
		}
		for i := range d.Rules {
			d.Rules[i].Account, d.Rules[i].Name, d.Rules[i].Targets = name, name, []string{name, name}
		}
		d.Capture.Files[0] = name
		fits(t, name, render(t, d, 0))
	}
}

// The widest figures leave names the room they need.
func TestWidestFigures(t *testing.T) {
	d := full()
	const n = 999_999
	l := summary.Logins{LoginsOK: n, LoginsOKConf: summary.LowerBound, LoginsFailed: n, LoginsFailedConf: summary.LowerBound}
	m := summary.IMAP{Logins: l, MessagesDownloaded: n, MessagesDownloadedConf: summary.LowerBound, BodyBytes: 999 << 10, BodyBytesConf: summary.LowerBound,
		MailboxesRead: n, MailboxesReadConf: summary.LowerBound}
	s := summary.SMTP{MessagesAttempted: n, MessagesAttemptedConf: summary.LowerBound, MessagesAccepted: n, MessagesAcceptedConf: summary.LowerBound,
		MessagesRejected: n, MessagesRejectedConf: summary.LowerBound, RecipientsAccepted: n, RecipientsAcceptedConf: summary.LowerBound,
		MessageBytes: 999 << 10, MessageBytesConf: summary.LowerBound}
	d.Totals.IMAP, d.Totals.SMTP, d.Totals.IMAP.Connections = m, s, 1
	d.Accounts[0].IMAP, d.Hosts[1].IMAP, d.Hosts[1].SMTP = &m, &m, &s
	d.Accounts[0].Mailboxes = []summary.Mailbox{{Downloaded: 99999, Exists: 100000}}
	d.Capture.Packets, d.Capture.Bytes, d.Capture.GapBytes = 1<<63, 1<<63, 1<<63
	d.Capture.Decode = map[string]uint64{}
	for _, kind := range []string{"not_ip", "not_tcp", "truncated", "malformed", "bad_checksum", "too_deep", "unknown_link", "filtered"} {
		d.Capture.Decode[kind] = 1 << 63
	}
	d.Anomalies["smtp_too_many_recipients"] = 1 << 63
	got := render(t, d, 0)
	fits(t, "figures", got)
	for _, want := range []string{"≥999,999", ">99.9 %", "2001:db8:"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func fits(t *testing.T, name, got string) {
	t.Helper()
	for line := range strings.SplitSeq(got, "\n") {
		if w := text.StringWidthWithoutEscSequences(line); w > width {
			t.Errorf("%.20q: %d columns: %s", name, w, line)
		}
		if n := len([]rune(line)); n > 4*width {
			t.Errorf("%.20q: a line of %d characters", name, n)
		}
		for _, r := range line {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff {
				t.Errorf("%.20q: %U got out", name, r)
			}
		}
	}
}

func TestTopZeroShowsAll(t *testing.T) {
	if got := render(t, full(), 0); strings.Contains(got, "more (--top") {
		t.Error(got)
	}
}
