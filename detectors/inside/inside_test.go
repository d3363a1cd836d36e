package inside

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"mailsensor/capture"
	"mailsensor/protocols"
)

func TestAddress(t *testing.T) {
	b := New(Config{})
	for s, want := range map[string]bool{
		"10.255.0.1": true, "172.31.0.1": true, "172.32.0.1": false, "192.168.1.1": true, "8.8.8.8": false,
		"100.127.0.1": true, "127.0.0.1": true, "169.254.3.4": true, "::1": true, "fe80::1%eth0": true,
		"fd12::1": true, "2001:db8::1": false, "::ffff:10.0.0.1": true, "::ffff:8.8.8.8": false,
	} {
		if got := b.Address(netip.MustParseAddr(s)); got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
	b = New(Config{Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
	if b.Address(netip.MustParseAddr("10.0.0.1")) || !b.Address(netip.MustParseAddr("203.0.113.9")) {
		t.Error("configured networks do not replace the default")
	}
}

func TestConfiguredDomains(t *testing.T) {
	b := New(Config{Domains: []string{"Corp.Example"}})
	for d, want := range map[string]bool{"corp.example": true, "CORP.EXAMPLE": true, "mail.corp.example": true, "notcorp.example": false, "example": false} {
		if in, known := b.Domain([]byte(d)); in != want || !known {
			t.Errorf("%s: %v, %v", d, in, known)
		}
	}
	b.Observe(message("203.0.113.1", "10.0.0.1", "", "x@other.example"))
	if in, known := b.Domain([]byte("other.example")); in || !known {
		t.Errorf("learned other.example against the configuration: %v, %v", in, known)
	}
	if _, known := b.Mailbox([]byte("postmaster")); known {
		t.Error("an address without a domain is known")
	}
}

func message(client, server, account string, recipients ...string) *protocols.Message {
	m := &protocols.Message{Outcome: protocols.Accepted}
	m.Conn = conn(client, server)
	m.Account = []byte(account)
	for _, r := range recipients {
		m.Recipients = append(m.Recipients, protocols.Recipient{Address: []byte(r), Outcome: protocols.Accepted})
	}
	return m
}

func conn(client, server string) capture.Conn {
	return capture.Conn{
		Client: netip.AddrPortFrom(netip.MustParseAddr(client), 40000),
		Server: netip.AddrPortFrom(netip.MustParseAddr(server), 25),
	}
}

func TestLearning(t *testing.T) {
	const in, out = "10.0.0.1", "203.0.113.1"
	login := &protocols.Login{Outcome: protocols.Accepted, User: []byte("ann@Logged.example")}
	login.Conn = conn(out, in)
	failed := &protocols.Login{Outcome: protocols.Rejected, User: []byte("ann@failed.example")}
	failed.Conn = conn(out, in)
	refused := message(out, in, "", "x@refused.example")
	refused.Recipients[0].Outcome = protocols.Rejected
	for _, tt := range []struct {
		name, domain  string
		ev            protocols.Event
		inside, known bool
	}{
		{"from outside to inside", "corp.example", message(out, in, "", "x@Corp.example"), true, true},
		{"from inside to outside", "partner.example", message(in, out, "", "x@partner.example"), false, true},
		{"between hosts inside", "x.example", message(in, "10.0.0.2", "", "x@x.example"), false, false},
		{"between hosts outside", "y.example", message(out, "198.51.100.1", "", "x@y.example"), false, false},
		{"sent by a user on the road", "road.example", message(out, in, "ann", "x@road.example"), false, false},
		{"refused", "refused.example", refused, false, false},
		{"login inside", "logged.example", login, true, true},
		{"failed login", "failed.example", failed, false, false},
	} {
		b := New(Config{})
		b.Observe(tt.ev)
		if i, k := b.Domain([]byte(tt.domain)); i != tt.inside || k != tt.known {
			t.Errorf("%s: inside %v, known %v", tt.name, i, k)
		}
	}

	b := New(Config{})
	b.Observe(message(out, in, "", "x@corp.example"))
	b.Observe(message(in, out, "", "x@corp.example", "y@partner.example"))
	if i, _ := b.Domain([]byte("corp.example")); !i {
		t.Error("mail that goes round by outside makes an inside domain outside")
	}
	i, o := b.Recipients(message(in, in, "", "a@corp.example", "b@partner.example", "c@partner.example", "d@new.example", "root"))
	if i != 1 || o != 2 {
		t.Errorf("%d inside, %d outside; want 1 and 2", i, o)
	}
	for n := range 2 * maxDomains {
		b.Observe(message(out, in, "", fmt.Sprintf("x@d%d.example", n)))
	}
	if b.learned.Len() > maxDomains {
		t.Errorf("%d domains learned", b.learned.Len())
	}
}

func TestAccount(t *testing.T) {
	b := New(Config{DefaultDomain: "corp.example", Aliases: map[string]string{"root": "ann@corp.example", "bob@corp.example": "robert@corp.example", "r": "rob"}})
	for raw, want := range map[string]string{
		"Ann": "ann@corp.example", "ANN@Other.Example": "ann@other.example", "root": "ann@corp.example", "Bob": "robert@corp.example",
		"r": "rob@corp.example", "": "", "  ": "", "JÜRGEN@x": "jürgen@x", "a\xff@x": "a\ufffd@x",
	} {
		if got := string(b.Account([]byte(raw), nil)); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	if n := len(b.Account([]byte(strings.Repeat("Ä", 5000)), nil)); n > 2*maxName {
		t.Errorf("a name of %d octets", n)
	}
	if got := string(New(Config{}).Account([]byte("Ann"), nil)); got != "ann" {
		t.Errorf("without a default domain: %q", got)
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	b := New(Config{DefaultDomain: "corp.example", Aliases: map[string]string{"x": "y"}})
	m := message("203.0.113.1", "10.0.0.1", "", "a@corp.example", "b@Partner-with-a-long-name.example")
	buf := make([]byte, 0, 400)
	b.Observe(m)
	if n := testing.AllocsPerRun(100, func() {
		b.Observe(m)
		b.Recipients(m)
		buf = b.Account([]byte("Somebody.With.A.Long.Name"), buf)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAppendJSON(t *testing.T) {
	b := New(Config{Domains: []string{"corp.example"}})
	var got struct {
		Type    string
		Inside  int `json:"recipients_inside"`
		Outside int `json:"recipients_outside"`
	}
	line := b.AppendJSON([]byte{}, message("203.0.113.1", "10.0.0.1", "", "a@corp.example", "b@x.example", "c@y.example"))
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	if got.Type != "message" || got.Inside != 1 || got.Outside != 2 {
		t.Errorf("%s", line)
	}
	if line := b.AppendJSON(nil, &protocols.Anomaly{Kind: "x"}); !json.Valid(line) || strings.Contains(string(line), "recipients") {
		t.Errorf("%s", line)
	}
}

// A new configuration counts from now on, and what was learned without one is not
// forgotten.
func TestConfigure(t *testing.T) {
	b := New(Config{})
	b.learn([]byte("learned.example"), true)
	b.Configure(Config{Domains: []string{"Corp.example"}, Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	if in, known := b.Domain([]byte("mail.corp.example")); !in || !known {
		t.Error("a configured domain is not inside")
	}
	if in, _ := b.Domain([]byte("learned.example")); in {
		t.Error("a domain that is not configured is inside")
	}
	if b.Address(netip.MustParseAddr("10.0.0.1")) || !b.Address(netip.MustParseAddr("192.0.2.9")) {
		t.Error("the networks are those of before")
	}
	b.Configure(Config{})
	if in, known := b.Domain([]byte("learned.example")); !in || !known || !b.Address(netip.MustParseAddr("10.0.0.1")) {
		t.Error("what was learned is gone")
	}
}
