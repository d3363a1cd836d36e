package tls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

func TestProbe(t *testing.T) {
	const (
		hello       = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
		serverHello = "\x16\x03\x03\x00\x7a\x02\x00\x00\x76"
		data        = "\x17\x03\x03\x05\x00abcdef"
		old         = "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"
	)
	for _, c := range []struct {
		name               string
		toServer, toClient string
		mid                bool
		want               protocols.Verdict
	}{
		{"client hello", hello, "", false, protocols.Accept},
		{"client hello with answer", hello, serverHello, false, protocols.Accept},
		{"half a record header", hello[:4], "", false, protocols.NeedMore},
		{"server first in reordered capture, or alone", "", serverHello, false, protocols.Maybe},
		{"server side only", "", serverHello, true, protocols.Accept},
		{"application data in mid-stream", "", data, true, protocols.Accept},
		{"application data at the start", data, "", false, protocols.Reject},
		{"text", "EHLO x\r\n", "220 mx\r\n", false, protocols.Reject},
		{"hello to a text server", hello, "220 mx ESMTP\r\n", false, protocols.Reject},
		{"absurd length", "\x16\x03\x01\xff\xff\x01", "", false, protocols.Reject},
		{"empty", "", "", false, protocols.NeedMore},
		{"hello in the form of SSL 2", old, "", false, protocols.Accept},
		{"half of one", old[:9], "", false, protocols.NeedMore},
		{"lengths that do not add up", strings.Replace(old, "\x2e", "\x2f", 1), "", false, protocols.Reject},
	} {
		if got := probe(protocols.Probe{ToServer: []byte(c.toServer), ToClient: []byte(c.toClient), Midstream: c.mid}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// tap records what a connection carries, a turn for each read or write.
type tap struct {
	net.Conn
	mu    sync.Mutex
	turns []protocoltest.Turn
}

func (c *tap) note(d capture.Dir, b []byte) {
	if len(b) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turns = append(c.turns, protocoltest.Turn{Dir: d, Text: bytes.Clone(b)})
}

func (c *tap) Write(b []byte) (int, error) {
	c.note(capture.ToServer, b)
	return c.Conn.Write(b)
}

func (c *tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.note(capture.ToClient, b[:n])
	return n, err
}

// certify makes a certificate of its own authority.
func certify(t testing.TB, cn string, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn, Organization: []string{"Corp"}}, DNSNames: names,
		NotBefore: time.Unix(1, 0), NotAfter: time.Unix(1<<32, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// converse lets a client and a server of crypto/tls shake hands and say what
// script says: the client's lines and the octets of the server's answers.
func converse(t testing.TB, client, server *tls.Config, lines []string, answers []int) []protocoltest.Turn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	defer ln.Close()
	a, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	tapped := &tap{Conn: a}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer b.Close()
		s := tls.Server(b, server)
		if s.Handshake() != nil {
			return
		}
		for i := range lines {
			buf := make([]byte, len(lines[i]))
			if _, err := io.ReadFull(s, buf); err != nil {
				return
			}
			s.Write(make([]byte, answers[i]))
		}
	}()
	c := tls.Client(tapped, client)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		if _, err := c.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, c, int64(answers[i])); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	<-done
	return tapped.turns
}

func run(turns []protocoltest.Turn, port uint16) string {
	return strings.Join(protocoltest.Run(list, protocoltest.Conn(port), turns), "\n")
}

var list = []protocols.Protocol{New()}

func member(events, name string) string {
	_, rest, ok := strings.Cut(events, " "+name+"=")
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, " ")
	value, _, _ = strings.Cut(value, "\n")
	return value
}

// started fails unless a handshake says, or does not, when it began: with the first of
// the turns, and before it was answered.
func started(t *testing.T, turns []protocoltest.Turn, want bool) {
	t.Helper()
	for _, ev := range protocoltest.Play(list, protocoltest.Conn(993), turns) {
		if e, ok := ev.(*protocols.TLSStart); ok && (want != (e.Started > 0) || want && (e.Started < e.Conn.Start || e.Started >= e.Time)) {
			t.Errorf("begun at %d, of a connection from %d, answered at %d", e.Started, e.Conn.Start, e.Time)
		}
	}
}

// Handshakes of crypto/tls, whole and cut: what both ends know has to be told.
func TestHandshakes(t *testing.T) {
	cert := certify(t, "mx.corp.example", "mx.corp.example", "imap.corp.example")
	sum := sha256.Sum256(cert.Certificate[0])
	base := func(version uint16) (*tls.Config, *tls.Config) {
		c := &tls.Config{InsecureSkipVerify: true, ServerName: "imap.corp.example", MaxVersion: version, NextProtos: []string{"imap"}}
		return c, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"imap"}, MaxVersion: version}
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		name := map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"}[version]
		t.Run(name, func(t *testing.T) {
			client, server := base(version)
			turns := converse(t, client, server, []string{"a001 NOOP\r\n"}, []int{30})
			got := run(turns, 993)
			for field, want := range map[string]string{"Version": fmt.Sprint(version), "ServerName": `"imap.corp.example"`, "ALPN": `"imap"`, "Resumed": "", "Truncated": "", "Encrypted": ""} {
				if v := member(got, field); v != want {
					t.Errorf("%s is %s, want %s in\n%s", field, v, want, got)
				}
			}
			if strings.Count(got, "tls ") != 1 || len(member(got, "JA3")) != 34 || len(member(got, "JA4")) != 38 {
				t.Errorf("events %s", got)
			}
			shown := fmt.Sprintf(`{Subject="mx.corp.example" Names=["mx.corp.example" "imap.corp.example"] Issuer="mx.corp.example" SHA256=%x}`, sum[:4])
			if strings.Contains(got, shown) != (version == tls.VersionTLS12) {
				t.Errorf("certificate in\n%s", got)
			}
			protocoltest.CutEverywhere(t, list, protocoltest.Conn(993), turns, 300)
			started(t, turns, true)
			started(t, turns[1:], false) // nobody saw the hello
		})
		t.Run(name+" resumed", func(t *testing.T) {
			client, server := base(version)
			client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			for i, want := range []string{"", "true"} {
				got := run(converse(t, client, server, []string{"a001 NOOP\r\n"}, []int{30}), 993)
				if v := member(got, "Resumed"); v != want {
					t.Errorf("session %d: %s", i, got)
				}
			}
		})
		t.Run(name+" with a client's certificate", func(t *testing.T) {
			client, server := base(version)
			client.Certificates, server.ClientAuth = []tls.Certificate{certify(t, "ann")}, tls.RequireAnyClientCert
			got := run(converse(t, client, server, []string{"a001 NOOP\r\n"}, []int{30}), 993)
			if member(got, "Version") != fmt.Sprint(version) || strings.Contains(got, `"ann"`) {
				t.Errorf("events %s", got)
			}
		})
	}
	t.Run("HelloRetryRequest", func(t *testing.T) {
		client, server := base(tls.VersionTLS13)
		client.CurvePreferences, server.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP384}, []tls.CurveID{tls.CurveP384}
		turns := converse(t, client, server, []string{"a001 NOOP\r\n"}, []int{30})
		got := run(turns, 993)
		if strings.Count(got, "tls ") != 1 || member(got, "Version") != "772" || member(got, "Cipher") == "" || member(got, "Truncated") != "" {
			t.Errorf("events %s", got)
		}
	})
	t.Run("post-quantum key share", func(t *testing.T) {
		client, server := base(tls.VersionTLS13)
		client.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768}
		turns := converse(t, client, server, []string{"a001 NOOP\r\n"}, []int{30})
		if len(turns[0].Text) < 1200 {
			t.Fatalf("a hello of %d octets", len(turns[0].Text))
		}
		want := run(turns, 993)
		if turns[0].Text = rerecord(turns[0].Text, 7); run(turns, 993) != want {
			t.Errorf("in records of 7 octets:\n got %s\nwant %s", run(turns, 993), want)
		}
		protocoltest.CutEverywhere(t, list, protocoltest.Conn(993), turns, 100)
	})
}

// rerecord cuts a record into smaller ones.
func rerecord(b []byte, size int) (out []byte) {
	head, body := b[:3], b[5:]
	for len(body) > 0 {
		n := min(size, len(body))
		out = append(append(append(out, head...), byte(n>>8), byte(n)), body[:n]...)
		body = body[n:]
	}
	return out
}

// A connection that is no mail is left after its handshake.
func TestOnlyMailIsWatched(t *testing.T) {
	cert := certify(t, "x")
	for _, c := range []struct {
		name  string
		alpn  []string
		host  string
		port  uint16
		watch bool
	}{
		{"web", []string{"h2"}, "imap.corp.example", 993, false},
		{"port of IMAP", nil, "x.example", 993, true},
		{"port of POP3", nil, "", 995, true},
		{"submission", nil, "mail.example", 465, false},
		{"by name", nil, "imap-mail.outlook.com", 8443, true},
		{"POP3 by name", nil, "pop.gmail.com", 8443, true},
		{"popular names", nil, "popular.example", 8443, false},
		{"by ALPN", []string{"pop3"}, "x.example", 443, true},
		{"anything", nil, "x.example", 443, false},
	} {
		client := &tls.Config{InsecureSkipVerify: true, ServerName: c.host, NextProtos: c.alpn}
		turns := converse(t, client, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: c.alpn}, []string{"a001 NOOP\r\n", "a002 NOOP\r\n"}, []int{30, 30})
		got := run(turns, c.port)
		if strings.Contains(got, "estimate") != c.watch || !strings.Contains(got, "GaveUp=encrypted") {
			t.Errorf("%s: %s", c.name, got)
		}
		dr := protocols.NewDriver(list)
		dr.Unguarded = true
		s := dr.Open(protocoltest.Conn(c.port))
		more := true
		for _, turn := range turns {
			more = more && s.Data(turn.Dir, 1, turn.Text)
		}
		if more != c.watch {
			t.Errorf("%s: more is %v", c.name, more)
		}
	}
}

// What is lost is said; within a record of data it does not matter.
func TestGaps(t *testing.T) {
	cert := certify(t, "mx")
	client, server := &tls.Config{InsecureSkipVerify: true, ServerName: "mx", MaxVersion: tls.VersionTLS12}, &tls.Config{Certificates: []tls.Certificate{cert}}
	turns := converse(t, client, server, []string{"a001 NOOP\r\n", "a001 FETCH 1 BODY[]\r\n", "a001 NOOP\r\n"}, []int{30, 9000, 30})
	whole := run(turns, 993)
	lost := func(i, from, n int) string {
		cut := append([]protocoltest.Turn(nil), turns[:i]...)
		text := turns[i].Text
		cut = append(cut, protocoltest.Turn{Dir: turns[i].Dir, Text: text[:from]}, protocoltest.Turn{Dir: turns[i].Dir, Gap: n}, protocoltest.Turn{Dir: turns[i].Dir, Text: text[from+n:]})
		return run(append(cut, turns[i+1:]...), 993)
	}
	if got := lost(0, 20, 100); member(got, "Truncated") != "true" || member(got, "ServerName") != "" {
		t.Errorf("of the client's hello: %s", got)
	}
	big := 0
	for i, turn := range turns {
		if turn.Dir == capture.ToClient && len(turn.Text) > len(turns[big].Text) && i > 6 {
			big = i
		}
	}
	if got := strings.Replace(lost(big, 1000, 500), "connection Confidence=lower_bound", "connection", 1); got != whole {
		t.Errorf("within a record:\n got %s\nwant %s", got, whole)
	}
	only := func(d capture.Dir) (out []protocoltest.Turn) {
		for _, turn := range turns {
			if turn.Dir == d {
				out = append(out, turn)
			}
		}
		return out
	}
	if got := run(only(capture.ToServer), 993); member(got, "ServerName") != `"mx"` || member(got, "Cipher") != "" {
		t.Errorf("the client alone: %s", got)
	}
	if got := run(only(capture.ToClient), 993); member(got, "Cipher") == "" || !strings.Contains(got, "Subject") {
		t.Errorf("the server alone: %s", got)
	}
}

func TestOldHello(t *testing.T) {
	turns := protocoltest.Parse(t, `C> \x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10\x00\x00\x39\x00\x00\x38\x00\x00\x35\x00\x00\x16\x00\x00\x13\x00\x00\x0a\x07\x00\xc00123456789abcdef`)
	if got := run(turns, 995); member(got, "Version") != fmt.Sprint(0x0301) {
		t.Errorf("events %s", got)
	}
	protocoltest.CutEverywhere(t, list, protocoltest.Conn(995), turns, 1000)
}

// Buffers are handed on once a handshake was told.
func TestHandshakesAreHandedOn(t *testing.T) {
	turns := converse(t, &tls.Config{InsecureSkipVerify: true, ServerName: "x"}, &tls.Config{Certificates: []tls.Certificate{certify(t, "x")}}, []string{"hello"}, []int{5})
	p := New().New().(*parser)
	p.Reset(protocoltest.Conn(443))
	dr := protocols.NewDriver(list)
	s := dr.Open(protocoltest.Conn(443))
	for _, turn := range turns {
		if _, act := p.Parse(turn.Dir, 1, turn.Text, s); act == protocols.Stop {
			break
		}
	}
	if p.hs != nil || p.watch != nil || !p.told {
		t.Errorf("it still holds %v", p.hs)
	}
}
