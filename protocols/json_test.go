package protocols

import (
	"encoding/json"
	"io/fs"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"mailsensor/capture"
)

func testHead(protocol string) Head {
	return Head{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 60_007, time.UTC).UnixNano(),
		Conn: capture.Conn{ID: 7, Handshake: true,
			Client: netip.MustParseAddrPort("192.0.2.1:40000"), Server: netip.MustParseAddrPort("198.51.100.1:25")},
		Protocol: protocol,
	}
}

const headSMTP = `{"time":"2026-01-02T03:04:05.000060007Z","type":"TYPE","protocol":"smtp",` +
	`"client":{"address":"192.0.2.1","port":40000},"server":{"address":"198.51.100.1","port":25},` +
	`"community_id":"1:Ce0q8x55mAd/SyW0B4fYCl/Qz14=","connection":7,`

func TestAppendJSON(t *testing.T) {
	smtp := testHead("smtp")
	known := smtp
	known.Account, known.Confidence = []byte("ann@corp.example"), LowerBound
	for _, tt := range []struct {
		ev   Event
		want string
	}{
		{&Login{Head: smtp, Mechanism: "PLAIN", User: []byte("ann"), Outcome: Accepted, Code: 235},
			`"confidence":"exact","mechanism":"PLAIN","user":"ann","outcome":"accepted","code":235,"form":"cleartext"}`},
		{&Login{Head: known, Mechanism: "NTLM", Domain: []byte("CORP"), Workstation: []byte("PC1")},
			`"account":"ann@corp.example","confidence":"lower_bound","mechanism":"NTLM","domain":"CORP","workstation":"PC1","outcome":"unknown","form":"cleartext"}`},
		{&Message{Head: smtp, NullSender: true, Outcome: Rejected, Code: 550, RecipientsRejected: 1,
			Recipients: []Recipient{{Address: []byte("x@y"), Outcome: Rejected, Code: 550}}},
			`"confidence":"exact","outcome":"rejected","code":550,"null_sender":true,` +
				`"recipients":[{"address":"x@y","outcome":"rejected","code":550}],"recipients_accepted":0,"recipients_rejected":1,"transfer":"none"}`},
		{&Message{Head: smtp, From: []byte("a@b"), Outcome: Accepted, Transfer: Data, Size: 5, Facts: Facts{HeadersSeen: true, ToCount: 2,
			To: [][]byte{[]byte("x@y"), []byte("z@y")}, AttachmentCount: 1, Attachments: []Attachment{{Type: []byte("text/plain"), Size: 3, Hashed: true}}, LinkHosts: [][]byte{[]byte("h.example")}}},
			`"confidence":"exact","outcome":"accepted","from":"a@b","recipients":[],` +
				`"recipients_accepted":0,"recipients_rejected":0,"transfer":"data","size":5,` +
				`"facts":{"to":["x@y","z@y"],"to_count":2,"cc_count":0,"received_count":0,"attachment_count":1,` +
				`"attachments":[{"type":"text/plain","size":3,"sha256":"` + strings.Repeat("0", 64) + `"}],"link_hosts":["h.example"]}}`},
		{&MailboxRead{Head: smtp, Command: "UID FETCH", Mailbox: []byte("INBOX"), Items: []ReadItem{
			{Kind: ReadWhole, ByUID: true, First: 1, Last: 3, Items: 3, Bytes: 99},
			{Kind: ReadIdentity, First: 4, Last: 4, Other: 17},
			{Kind: ReadPartial, First: 5, Last: 5, Items: 1, Bytes: 512, Asked: 512}}},
			`"confidence":"exact","command":"UID FETCH","mailbox":"INBOX","items":[` +
				`{"kind":"whole","by":"uid","first":1,"last":3,"items":3,"bytes":99},` +
				`{"kind":"identity","by":"position","first":4,"last":4,"uid":17},` +
				`{"kind":"partial","by":"position","first":5,"last":5,"items":1,"offset":0,"bytes":512,"asked":512}]}`},
		{&MailboxSelect{Head: smtp, Command: "STATUS", ExistsKnown: true}, `"confidence":"exact","command":"STATUS","exists":0}`},
		{&MailboxChange{Head: smtp, Command: "COPY", Messages: 2, Target: []byte("a\"b")}, `"confidence":"exact","command":"COPY","target":"a\"b","messages":2}`},
		{&MailboxSearch{Head: smtp, Command: "SEARCH", Terms: []byte("ALL"), Outcome: Accepted},
			`"confidence":"exact","command":"SEARCH","terms":"ALL","results":0,"outcome":"accepted"}`},
		{&ClientInfo{Head: smtp, Source: "ehlo", Name: []byte("pc")}, `"confidence":"exact","source":"ehlo","name":"pc"}`},
		{&TLSStart{Head: smtp, StartTLS: true}, `"confidence":"exact","starttls":true}`},
		{&Anomaly{Head: smtp, Kind: "smtp_bare_lf"}, `"confidence":"exact","kind":"smtp_bare_lf"}`},
	} {
		want := strings.Replace(headSMTP, "TYPE", tt.ev.Type(), 1) + tt.want
		got := string(AppendJSON(nil, tt.ev))
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.ev.Type(), got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s is not JSON", got)
		}
	}
}

func TestAppendJSONConnection(t *testing.T) {
	ev := &ConnEnd{Head: testHead("imap"), GaveUp: "compressed"}
	ev.Totals.Half[capture.ToClient] = capture.HalfTotals{Packets: 2, Bytes: 10, GapBytes: 5, Gaps: 1}
	ev.Totals.End = capture.EndIdle
	ev.Visible[Deflated][1] = 10
	var got struct {
		End        string
		OneSided   bool              `json:"one_sided"`
		ToClient   map[string]uint64 `json:"to_client"`
		Visibility map[string]uint64
		GaveUp     string `json:"gave_up"`
	}
	if err := json.Unmarshal(AppendJSON(nil, ev), &got); err != nil {
		t.Fatal(err)
	}
	if got.End != "idle" || !got.OneSided || got.GaveUp != "compressed" || got.ToClient["gap_bytes"] != 5 || got.ToClient["bytes"] != 10 {
		t.Errorf("%+v", got)
	}
	if !reflect.DeepEqual(got.Visibility, map[string]uint64{"compressed": 10}) {
		t.Errorf("visibility %v", got.Visibility)
	}
}

// fill sets every field to something that is not zero.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Head" {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	default:
		if v.CanInt() {
			v.SetInt(1)
		} else {
			v.SetUint(1)
		}
	}
}

func everyEvent() []Event {
	list := []Event{&Login{}, &Message{}, &MailboxRead{}, &MailboxSelect{}, &MailboxChange{}, &MailboxSearch{},
		&ClientInfo{}, &TLSStart{}, &Anomaly{}, &ConnEnd{}, &TLSUse{}, &RuleChange{}, &Tunnel{}, &MailOperation{}}
	for _, ev := range list {
		fill(reflect.ValueOf(ev).Elem())
		*ev.Header() = testHead("imap")
		h := ev.Header()
		h.Account = []byte("ann")
		h.Via = &Via{Kind: "connect", Target: "mail.example", Port: 143, User: "ann", Origin: h.Conn.Client, OriginSource: "proxy"}
		h.Session, h.Repeat, h.Host, h.Behind = 7, true, h.Conn.Client.Addr(), h.Conn.Server.Addr()
	}
	read := list[2].(*MailboxRead)
	for k := ReadWhole; k <= ReadIdentity; k++ {
		read.Items = append(read.Items, ReadItem{Kind: k, Section: []byte("1"), Items: 1, Bytes: 1, Asked: 1, Size: 1})
	}
	return list
}

func keys(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, w := range v {
			into[k] = true
			keys(w, into)
		}
	case []any:
		for _, w := range v {
			keys(w, into)
		}
	}
}

// Every member that is ever written is explained in docs/events.md.
func TestEventsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range everyEvent() {
		_, section, ok := strings.Cut(string(doc), "## `"+ev.Type()+"`")
		if !ok {
			t.Errorf("docs/events.md has no section for %s", ev.Type())
			continue
		}
		section, _, _ = strings.Cut(section, "\n## ")
		common, _, _ := strings.Cut(string(doc), "\n## `")
		var line any
		if err := json.Unmarshal(AppendJSON(nil, ev), &line); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		keys(line, found)
		for k := range found {
			if !strings.Contains(section, "`"+k+"`") && !strings.Contains(common, "`"+k+"`") {
				t.Errorf("docs/events.md does not explain %q of %s", k, ev.Type())
			}
		}
	}
}

// Every kind of anomaly that a parser names is listed in docs/events.md.
func TestAnomaliesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	kind := regexp.MustCompile(`"((?:tcp|smtp|imap|pop3|sieve|http|tls|mime)_[a-z0-9_]+)"`)
	found := 0
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range kind.FindAllSubmatch(source, -1) {
			found++
			if !strings.Contains(string(doc), "`"+string(m[1])+"`") {
				t.Errorf("docs/events.md does not list %s, which %s reports", m[1], path)
			}
		}
		return err
	})
	if err != nil || found == 0 {
		t.Fatalf("%d kinds found: %v", found, err)
	}
}

func TestAppendJSONDoesNotAllocate(t *testing.T) {
	list := everyEvent()
	dst := make([]byte, 0, 64<<10)
	if n := testing.AllocsPerRun(100, func() {
		for _, ev := range list {
			dst = AppendJSON(dst[:0], ev)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAppendTime(t *testing.T) {
	for _, tt := range []struct {
		ns   int64
		want string
	}{
		{0, "1970-01-01T00:00:00.000000000Z"},
		{1, "1970-01-01T00:00:00.000000001Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{1767323045_120000000, "2026-01-02T03:04:05.120000000Z"},
	} {
		if got := string(AppendTime(nil, tt.ns)); got != tt.want {
			t.Errorf("%d: %s, want %s", tt.ns, got, tt.want)
		}
	}
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `""`,
		"plain":                `"plain"`,
		"q\"b\\":               `"q\"b\\"`,
		"a\r\n\tb":             `"a\r\n\tb"`,
		"\x00\x1b[2J\x7f":      `"\u0000\u001b[2J\u007f"`,
		"\xff\xc3":             `"\ufffd\ufffd"`,
		"grün 漢 😀":             `"grün 漢 😀"`,
		"\u009b31m":            `"\u009b31m"`,
		"\u2028\u202e":         `"\u2028\u202e"`,
		"cut \xe6\xbc":         `"cut \ufffd\ufffd"`,
		"U+FFFD itself \ufffd": "\"U+FFFD itself \ufffd\"",
	} {
		if got := string(appendString(nil, in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
		if a, b := string(appendString(nil, in)), string(appendString(nil, []byte(in))); a != b {
			t.Errorf("string gives %s, bytes give %s", a, b)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add([]byte("a\x00\xff\xe2\x80\xa8\"\\"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := appendString(nil, in)
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if !utf8.Valid(out) {
			t.Fatalf("%q is not UTF-8", out)
		}
		if want := strings.Map(func(r rune) rune { return r }, string(in)); got != want { // Map mends invalid bytes
			t.Fatalf("%q came back as %q", in, got)
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	list := everyEvent()
	var dst []byte
	for i := 0; b.Loop(); i++ {
		dst = AppendJSON(dst[:0], list[i%len(list)])
	}
}
