package intel

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// files of the same indicators, in each form.
var files = map[string]string{
	"plain.txt": "# ours\n203.0.113.9\n198.51.100.0/24 # a network\nevil[.]example\nhxxp://bad.test/x?y\n" + hash + "\nt13d1516h2_8daaf6152771_e5627efa2ab1\neve@mail.test\n",
	"list.csv": "type,indicator,description\nip,203.0.113.9,scanner\ncidr,198.51.100.0/24,\ndomain,evil.example,\nurl,http://bad.test/x,\nsha256," + hash +
		",\nja4,t13d1516h2_8daaf6152771_e5627efa2ab1,\nemail,eve@mail.test,\nregistry-key,HKLM,\n",
	"stix.json": `{"type":"bundle","id":"bundle--1","objects":[{"type":"identity","name":"x"},
		{"type":"indicator","name":"scanner","pattern_type":"stix","pattern":"[ipv4-addr:value = '203.0.113.9'] OR [ipv4-addr:value = '198.51.100.0/24']"},
		{"type":"indicator","pattern":"[domain-name:value = 'evil.example' OR url:value = 'http://bad.test/x']"},
		{"type":"indicator","pattern":"[file:hashes.'SHA-256' = '` + hash + `']"},
		{"type":"indicator","pattern":"[email-message:from_ref.value = 'eve@mail.test']"},
		{"type":"indicator","revoked":true,"pattern":"[domain-name:value = 'partner.test']"}]}`,
	"misp.json": `{"Event":{"info":"campaign","Attribute":[{"type":"ip-dst|port","value":"203.0.113.9|443","to_ids":true},{"type":"ip-src","value":"198.51.100.0/24"},
		{"type":"domain","value":"evil.example"},{"type":"url","value":"http://bad.test/x"},{"type":"email-src","value":"eve@mail.test"},
		{"type":"domain","value":"partner.test","to_ids":false}],"Object":[{"Attribute":[{"type":"filename|sha256","value":"x.exe|` + hash + `"}]}]}}`,
}

func load(t *testing.T, name, text string) (*Lists, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestForms(t *testing.T) {
	for name, text := range files {
		l, err := load(t, name, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, a := range []string{"203.0.113.9", "198.51.100.77", "::ffff:203.0.113.9"} {
			if _, ok := l.address(netip.MustParseAddr(a)); !ok {
				t.Errorf("%s: no %s", name, a)
			}
		}
		for kind, w := range map[Kind]string{Domain: "evil.example", SHA256: hash, Email: "eve@mail.test"} {
			if _, ok := l.word(kind, []byte(w)); !ok {
				t.Errorf("%s: no %s", name, w)
			}
		}
		if _, ok := l.word(Domain, []byte("bad.test")); !ok {
			t.Errorf("%s: no host of the URL", name)
		}
		if _, ok := l.word(Domain, []byte("partner.test")); ok {
			t.Errorf("%s: has what is revoked, or only context", name)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"evil.example\nnot an indicator\n": "line 2: \"not an indicator\"",
		`{"type":"bundle","objects":[`:     "unexpected end",
		`{"some":"thing"}`:                 "no indicator",
	} {
		if _, err := load(t, "bad", text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bad: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Load("/nowhere"); err == nil {
		t.Error("a file that is not there")
	}
}

// office is mail that none of the lists knows.
func office(days int) *detectortest.Story {
	s := new(detectortest.Story)
	for d := range days {
		for u := range 10 {
			at := time.Duration(d)*24*time.Hour + 9*time.Hour + time.Duration(u)*time.Minute
			user := fmt.Sprintf("user%d@corp.example", u)
			s.Login(at, "10.20.0.40", user, protocols.Accepted)
			s.Mail(at, "10.20.0.40", user, 2000, "someone@partner.test")
		}
	}
	return s
}

func TestDetector(t *testing.T) {
	for name, text := range files {
		l, err := load(t, name, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := office(14).Play(New(Default(), l)); len(got) != 0 {
			t.Errorf("%s: quiet, and %s", name, got[0].Summary)
		}
		s := office(2)
		s.Login(30*time.Hour, "203.0.113.9", "user1@corp.example", protocols.Rejected)
		s.Login(31*time.Hour, "203.0.113.9", "user2@corp.example", protocols.Rejected)
		s.Mail(32*time.Hour, "10.20.0.41", "user3@corp.example", 2000, "x@www.evil.example")
		m := s.Mail(33*time.Hour, "10.20.0.42", "user4@corp.example", 2000, "y@partner.test")
		a := protocols.Attachment{Hashed: true}
		fmt.Sscanf(hash, "%x", (*hexBytes)(&a.SHA256))
		m.Facts.Attachments = []protocols.Attachment{a}
		got := s.Play(New(Default(), l))
		if len(got) != 3 {
			t.Errorf("%s: %d alerts", name, len(got))
			continue
		}
		for _, a := range got {
			if a.What != "indicator" || a.Severity != detectors.High || len(a.Evidence) == 0 || len(a.Flows) == 0 || !strings.Contains(a.Summary, name) {
				t.Errorf("%s: %+v", name, a)
			}
		}
	}
}

// A link in the text of a message is found once, however often it goes out, and mail
// with other links is quiet.
func TestLinks(t *testing.T) {
	l, err := load(t, "plain.txt", "evil.example\n203.0.113.9\n")
	if err != nil {
		t.Fatal(err)
	}
	s := office(14)
	for _, ev := range s.Events {
		if m, ok := ev.(*protocols.Message); ok {
			m.Facts.LinkHosts = [][]byte{[]byte("www.partner.test"), []byte("notevil.example"), []byte("203.0.113.90")}
		}
	}
	if got := s.Play(New(Default(), l)); len(got) != 0 {
		t.Errorf("quiet, and %s", got[0].Summary)
	}
	for i := range 3 {
		m := s.Mail(33*time.Hour+time.Duration(i)*time.Minute, "203.0.113.80", "x@partner.test", 2000, "user4@corp.example")
		m.Facts.LinkHosts = [][]byte{[]byte("www.partner.test"), []byte("login.evil.example")}
	}
	m := s.Mail(34*time.Hour, "203.0.113.81", "y@partner.test", 2000, "user4@corp.example")
	m.Facts.LinkHosts = [][]byte{[]byte("203.0.113.9")}
	got := s.Play(New(Default(), l))
	if len(got) != 2 || !strings.Contains(got[0].Summary, "link") || !strings.Contains(got[0].Summary, "login.evil.example") || got[0].Updates != 2 ||
		!strings.Contains(got[1].Summary, "203.0.113.9") {
		for _, a := range got {
			t.Errorf("%+v", a)
		}
	}
}

type hexBytes [32]byte

func (h *hexBytes) Scan(state fmt.ScanState, _ rune) error {
	tok, err := state.Token(true, nil)
	if err != nil {
		return err
	}
	for i := range h {
		if _, err := fmt.Sscanf(string(tok[2*i:2*i+2]), "%02x", &h[i]); err != nil {
			return err
		}
	}
	return nil
}

func TestAttackTool(t *testing.T) {
	s := new(detectortest.Story)
	h := s.Head(time.Hour, "http", "203.0.113.9", "")
	s.Add(&protocols.Login{Head: h, Mechanism: "NTLM", User: []byte("Ann"), Workstation: []byte("RULER"), Outcome: protocols.Accepted})
	if got := s.Play(New(Default(), nil)); len(got) != 1 || got[0].What != "attack_tool" || got[0].Severity != detectors.Critical {
		t.Errorf("%+v", got)
	}
}

func TestOverlap(t *testing.T) {
	got := Overlap([]string{"T1114.002", "T1114.003", "T1078"})
	if len(got) != 2 || got[0].Name != "Kimsuky" || len(got[0].Techniques) != 2 {
		t.Errorf("%+v", got)
	}
	if got := Overlap([]string{"T1078"}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range files {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := new(Lists)
		if err := l.read("x", b); err == nil && l.n == 0 && len(strings.TrimSpace(strings.TrimPrefix(string(b), "\xef\xbb\xbf"))) > 0 {
			t.Error("nothing in it, and no error")
		}
	})
}

// An address on a list is found where it stands in place of a name.
func TestAddressInPlaceOfName(t *testing.T) {
	l, err := load(t, "plain.txt", "203.0.113.9\n2001:db8::9\n")
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]bool{
		"203.0.113.9": true, "203.0.113.9:993": true, "[2001:db8::9]:993": true, "2001:DB8::9": true, "[IPv6:2001:db8::9]": true,
		"203.0.113.10": false, "9.example": false, "x": false, "[": false, ":": false,
	} {
		s := new(detectortest.Story)
		s.Add(&protocols.Tunnel{Head: s.Head(time.Hour, "http", "10.20.0.40", ""), Target: []byte(target)})
		if got := s.Play(New(Default(), l)); len(got) == 1 != want {
			t.Errorf("%s: %d alerts", target, len(got))
		}
	}
	s := new(detectortest.Story)
	s.Mail(time.Hour, "10.20.0.40", "ann@corp.example", 2000, "x@[203.0.113.9]")
	if got := s.Play(New(Default(), l)); len(got) != 1 || !strings.Contains(got[0].Summary, "203.0.113.9") {
		t.Errorf("%d alerts of a recipient", len(got))
	}
}

// An address is found however it is written, and so is a domain in other letters.
func TestOneAddress(t *testing.T) {
	l, err := load(t, "plain.txt", "Eve+list@Mail.test\nxn--bcher-kva.example\nm\u00fcnchen.example\n")
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]bool{
		"eve@mail.test": true, "EVE+x@mail.test": true, `"eve"@mail.test`: true, "@relay.test,@b.test:eve@mail.test": true, "eve%mail.test@corp.example": true, "mail.test!eve@corp.example": true,
		"x@b\u00fccher.example": true, "x@B\u00dcCHER.example": true, "x@xn--mnchen-3ya.example": true,
		"steve@mail.test": false, "eve@othermail.test": false, "eve.mail.test@corp.example": false, "": false, "@": false, "%": false,
	} {
		s := new(detectortest.Story)
		s.Mail(time.Hour, "10.20.0.40", "ann@corp.example", 2000, to)
		if got := s.Play(New(Default(), l)); len(got) == 1 != want {
			t.Errorf("%s: %d alerts", to, len(got))
		}
	}
}
