package sasl

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

func b64(s string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte(s))) }

// play runs an exchange. Messages are in clear text; "C:" of the client, "S:" of
// the server, "I:" the initial response, "!" before it: not to be encoded.
func play(mechanism string, messages ...string) *Exchange {
	e := new(Exchange)
	enc := func(s string) []byte {
		if raw, ok := strings.CutPrefix(s, "!"); ok {
			return []byte(raw)
		}
		return b64(s)
	}
	if len(messages) > 0 && strings.HasPrefix(messages[0], "I:") {
		e.Start([]byte(mechanism), enc(messages[0][2:]), true)
		messages = messages[1:]
	} else {
		e.Start([]byte(mechanism), nil, false)
	}
	for _, m := range messages {
		switch m[0] {
		case 'C':
			e.Client(enc(m[2:]))
		case 'S':
			e.Server(enc(m[2:]))
		default:
			e.Gap()
		}
	}
	return e
}

func ntlm3(domain, user, host string, wide bool) string {
	enc := func(s string) []byte {
		if !wide {
			return []byte(s)
		}
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return b
	}
	msg := make([]byte, 64)
	copy(msg, "NTLMSSP\x00")
	msg[8] = 3
	put := func(i int, s string) {
		v := enc(s)
		binary.LittleEndian.PutUint16(msg[i:], uint16(len(v)))
		binary.LittleEndian.PutUint16(msg[i+2:], uint16(len(v)))
		binary.LittleEndian.PutUint32(msg[i+4:], uint32(len(msg)))
		msg = append(msg, v...)
	}
	put(28, domain)
	put(36, user)
	put(44, host)
	put(20, "SECRETSECRET")
	if wide {
		msg[60] = 1
	}
	return string(msg)
}

func TestExchange(t *testing.T) {
	tests := []struct {
		mechanism string
		messages  []string
		want      string // mechanism, user, authorization identity, domain, workstation
	}{
		{"PLAIN", []string{"I:\x00ann@a.example\x00SECRET"}, `PLAIN ann@a.example - - -`},
		{"plain", []string{"S:", "C:bob\x00ann\x00SECRET"}, `PLAIN ann bob - -`},
		{"PLAIN", []string{"I:ann\x00ann\x00SECRET"}, `PLAIN ann - - -`},
		{"PLAIN", []string{"I:!=", "C:\x00ann\x00SECRET"}, `PLAIN ann - - -`},
		{"PLAIN", []string{"I:SECRET"}, `PLAIN - - - -`},
		{"PLAIN", []string{"I:a\x00SECRET"}, `PLAIN - - - -`},
		{"LOGIN", []string{"S:Username:", "C:ann", "S:Password:", "C:SECRET"}, `LOGIN ann - - -`},
		{"LOGIN", []string{"S:User Name\x00", "C:ann", "S:Password\x00", "C:SECRET"}, `LOGIN ann - - -`},
		{"LOGIN", []string{"S:Wer da?", "C:ann", "S:Losung?", "C:SECRET"}, `LOGIN ann - - -`},
		{"LOGIN", []string{"I:ann", "S:Password:", "C:SECRET"}, `LOGIN ann - - -`},
		{"LOGIN", []string{"C:ann", "C:SECRET"}, `LOGIN ann - - -`},
		{"LOGIN", []string{"S:Password:", "C:SECRET", "S:Username:", "C:SECRET"}, `LOGIN - - - -`},
		{"LOGIN", []string{"C:ann", "S:Username:", "C:SECRET", "S:Password:"}, `LOGIN ann - - -`},
		{"LOGIN", []string{"S:Username:", "C:", "S:Kennwort:", "C:SECRET"}, `LOGIN - - - -`},
		{"LOGIN", []string{"S:Username:", "GAP", "S:Kennwort:", "C:SECRET"}, `LOGIN - - - -`},
		{"LOGIN", []string{"I:!=", "S:Username:", "C:ann", "C:SECRET"}, `LOGIN ann - - -`},
		{"CRAM-MD5", []string{"S:<1.2@mx>", "C:tim x 0123456789abcdef0123456789ABCDEF"}, `CRAM-MD5 tim x - - -`},
		{"CRAM-MD5", []string{"S:<1.2@mx>", "C:tim SECRET 0123456789abcdef"}, `CRAM-MD5 - - - -`},
		{"DIGEST-MD5", []string{"S:x", `C:realm="r",username="ann,response=SECRET`}, `DIGEST-MD5 - - r -`},
		{"XOAUTH2", []string{"I:user=ann auth=Bearer SECRET"}, `XOAUTH2 - - - -`},
		{"OAUTHBEARER", []string{"I:n,a=ann\x01auth=Bearer SECRET,\x01"}, `OAUTHBEARER - - - -`},
		{"DIGEST-MD5", []string{`C:charset=utf-8,username="chr\"is,x",realm="elwood",nonce="OA6",authzid=bob,response=SECRET`, "C:"},
			`DIGEST-MD5 chr"is,x bob elwood -`},
		{"SCRAM-SHA-1", []string{"C:n,,n=ann,r=SECRET", "S:r=x", "C:c=biws,r=x,p=SECRET"}, `SCRAM-SHA-1 ann - - -`},
		{"scram-sha-256", []string{"C:y,a=b=2Cob,n=a=3Dnn,r=x"}, `SCRAM-SHA-256 a=nn b,ob - -`},
		{"SCRAM-SHA-256-PLUS", []string{"C:p=tls-exporter,,n=ann,r=x"}, `SCRAM-SHA-256-PLUS ann - - -`},
		{"SCRAM-SHA3-512", []string{"C:n,,n=ann,r=x"}, `SCRAM-SHA3-512 ann - - -`},
		{"XOAUTH2", []string{"I:user=ann@a.example\x01auth=Bearer SECRET\x01\x01", "S:{}", "C:"}, `XOAUTH2 ann@a.example - - -`},
		{"OAUTHBEARER", []string{"I:n,a=ann@a.example,\x01host=h\x01auth=Bearer SECRET\x01\x01", "C:\x01"}, `OAUTHBEARER ann@a.example - - -`},
		{"OAUTHBEARER", []string{"I:n,,\x01auth=Bearer SECRET\x01\x01"}, `OAUTHBEARER - - - -`},
		{"EXTERNAL", []string{"I:ann"}, `EXTERNAL - ann - -`},
		{"EXTERNAL", []string{"I:!="}, `EXTERNAL - - - -`},
		{"NTLM", []string{"I:NTLMSSP\x00\x01\x00\x00\x00SECRET", "S:x", "C:" + ntlm3("CORP", "änn𝄞", "PC1", true)}, `NTLM änn𝄞 - CORP PC1`},
		{"NTLM", []string{"C:" + ntlm3("CORP", "ann", "PC1", false)}, `NTLM ann - CORP PC1`},
		{"GSS-SPNEGO", []string{"C:\x60\x28" + ntlm3("CORP", "ann", "PC1", true)}, `GSS-SPNEGO ann - CORP PC1`},
		{"GSSAPI", []string{"I:SECRET"}, `GSSAPI - - - -`},
		{"X-NEW_1", []string{"I:SECRET"}, `X-NEW_1 - - - -`},
		{"hunter2", nil, `OTHER - - - -`},
		{"SECRET=", []string{"I:SECRET"}, `OTHER - - - -`},
		{"", nil, `OTHER - - - -`},
	}
	dash := func(b []byte) string {
		if len(b) == 0 {
			return "-"
		}
		return string(b)
	}
	for _, tt := range tests {
		e := play(tt.mechanism, tt.messages...)
		got := fmt.Sprint(e.Mechanism(), " ", dash(e.User()), " ", dash(e.AuthorizeAs()), " ", dash(e.Domain()), " ", dash(e.Workstation()))
		if got != tt.want {
			t.Errorf("%s %q: got %s, want %s", tt.mechanism, tt.messages, got, tt.want)
		}
		if all := fmt.Sprintf("%+v", *e); strings.Contains(all, "SECRET") {
			t.Errorf("%s %q: a secret is kept", tt.mechanism, tt.messages)
		}
	}
}

func TestCancelled(t *testing.T) {
	e := play("PLAIN", "C:!*")
	if !e.Cancelled() || len(e.User()) > 0 {
		t.Errorf("cancelled %v user %q", e.Cancelled(), e.User())
	}
	e.Start([]byte("LOGIN"), nil, false)
	if e.Cancelled() {
		t.Error("still cancelled after Start")
	}
}

func TestAccount(t *testing.T) {
	if got := play("PLAIN", "I:victim\x00admin\x00x").Account(); string(got) != "victim" {
		t.Errorf("account %q", got)
	}
	if got := play("PLAIN", "I:\x00ann\x00x").Account(); string(got) != "ann" {
		t.Errorf("account %q", got)
	}
}

func TestForgets(t *testing.T) {
	e := play("NTLM", "C:"+ntlm3("CORP", "ann", "PC1", true))
	e.Start([]byte("GSSAPI"), nil, false)
	if len(e.User())+len(e.Domain())+len(e.Workstation())+len(e.Account()) > 0 {
		t.Error("identities of the last exchange are left")
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("x", 10000)
	for _, e := range []*Exchange{
		play("PLAIN", "I:\x00"+long[:2000]+"\x00"), play("LOGIN", "I:"+long), play("XOAUTH2", "I:user="+long),
		play("SCRAM-SHA-1", "I:n,,n="+long), play("DIGEST-MD5", "I:username="+long), play(long),
		play("NTLM", "I:"+ntlm3("C", long[:1000], "h", true)),
	} {
		if len(e.User()) > maxIdentity || len(e.Mechanism()) > maxName {
			t.Errorf("%s: user of %d octets", e.Mechanism(), len(e.User()))
		}
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range [][2]string{{"YQ==", "a"}, {"YQ", "a"}, {"YWI=", "ab"}, {"YWJj\r\n", "abc"}, {"=", ""}, {"", ""}, {"+/+/", "\xfb\xff\xbf"}, {"Y W", ""}} {
		dst := make([]byte, 10)
		if n := decode(dst, []byte(tt[0])); string(dst[:n]) != tt[1] {
			t.Errorf("%q: %q", tt[0], dst[:n])
		}
	}
}

func TestNoAllocations(t *testing.T) {
	e := new(Exchange)
	mechanism, initial := []byte("plain"), b64("\x00ann@a.example\x00secret")
	if n := testing.AllocsPerRun(100, func() { e.Start(mechanism, initial, true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzExchange(f *testing.F) {
	f.Add("PLAIN", []byte("\x00a\x00b"), []byte(""))
	f.Add("DIGEST-MD5", []byte(`username="a\`), []byte("x"))
	f.Add("NTLM", []byte(ntlm3("D", "u", "w", true)), []byte("x"))
	f.Add("SCRAM-SHA-1", []byte("n,a=,n=a=2C"), []byte("Password"))
	f.Fuzz(func(t *testing.T, mechanism string, client, server []byte) {
		e := new(Exchange)
		e.Start([]byte(mechanism), client, true)
		e.Server(b64(string(server)))
		e.Client(b64(string(client)))
		e.Client(client)
		for _, id := range [][]byte{e.User(), e.Account(), e.Domain(), e.Workstation()} {
			if len(id) > maxIdentity+3 {
				t.Fatalf("an identity of %d octets", len(id))
			}
		}
		if up := strings.ToUpper(e.Mechanism()); up != e.Mechanism() || len(up) == 0 || len(up) > maxName {
			t.Fatalf("mechanism %q", e.Mechanism())
		}
		if bytes.Contains(e.User(), []byte{0}) && e.Mechanism() == "PLAIN" {
			t.Fatalf("PLAIN user %q", e.User())
		}
	})
}
