package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailsensor/capture/synth"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Real servers and clients talk over loopback; what they said becomes a capture,
// and the summary of that capture has to be what the servers were told.

const dialogues = 150

// capturePeers records what sessions say to serve and writes it to a file: each
// session gets a client address of its own, and they overlap in time.
func capturePeers(t *testing.T, port uint16, serve func(net.Listener), session func(i int, addr string) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var rec synth.Recorder
	go serve(rec.Listen(l))
	defer l.Close()
	for i := range dialogues {
		if err := session(i, l.Addr().String()); err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
	}
	var captures [][]synth.Frame
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i, turns := range rec.Dialogues() {
		cfg := synth.Config{
			Client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 0, byte(i % 200)}), uint16(30000+i)),
			Server: netip.MustParseAddrPort(fmt.Sprintf("10.2.0.1:%d", port)),
			ISN:    [2]uint32{0xfffff000 + uint32(i*50), uint32(i * 77777)},
		}
		captures = append(captures, synth.FromDialogue(cfg, start.Add(time.Duration(i)*time.Millisecond).UnixNano(), turns))
	}
	if len(captures) != dialogues {
		t.Fatalf("%d dialogues were recorded, want %d", len(captures), dialogues)
	}
	name := filepath.Join(t.TempDir(), "peers.pcap")
	if err := synth.WriteFile(name, synth.Reorder(synth.Merge(captures...), 2, 9)); err != nil {
		t.Fatal(err)
	}
	return name
}

// told is what a server's backend was told.
type told struct {
	mu                                      sync.Mutex
	accepted, rejected, rcpts, octets       int
	loginsOK, loginsFailed, downloads, size int
}

func (b *told) count(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func checkTotals(t *testing.T, file string, wants map[string]int) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(replayJSON(t, file, "2"), &doc); err != nil {
		t.Fatal(err)
	}
	for path, w := range wants {
		got, confidence, err := lookup(doc, "totals."+path)
		if err != nil || got != float64(w) || confidence != "" {
			t.Errorf("%s is %v (%s) %v, the server was told %d", path, got, confidence, err, w)
		}
	}
}

type smtpSession struct {
	*told
	rcpts int
}

func (b *told) NewSession(*smtp.Conn) (smtp.Session, error) { return &smtpSession{told: b}, nil }

func (s *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *smtpSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "right" {
			s.count(func() { s.loginsFailed++ })
			return smtp.ErrAuthFailed
		}
		s.count(func() { s.loginsOK++ })
		return nil
	}), nil
}

func (s *smtpSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.rcpts++
	return nil
}

func (s *smtpSession) Data(r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		return err
	}
	if n%7 == 0 {
		s.count(func() { s.rejected++ })
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not that"}
	}
	s.count(func() { s.accepted++; s.told.rcpts += s.rcpts; s.octets += int(n) })
	return nil
}

func (s *smtpSession) Reset()        { s.rcpts = 0 }
func (s *smtpSession) Logout() error { return nil }

func TestPeersSMTP(t *testing.T) {
	backend := new(told)
	srv := smtp.NewServer(backend)
	srv.AllowInsecureAuth, srv.EnableBINARYMIME = true, true
	defer srv.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	file := capturePeers(t, 2525, func(l net.Listener) { srv.Serve(l) }, func(i int, addr string) error {
		c, err := smtp.Dial(addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if rng.IntN(2) == 0 {
			if rng.IntN(3) == 0 {
				c.Auth(sasl.NewPlainClient("", "u@corp.example", "wrong"))
			}
			if err := c.Auth(sasl.NewPlainClient("", "u@corp.example", "right")); err != nil {
				return err
			}
		}
		for range 1 + rng.IntN(4) {
			if err := c.Mail("a@corp.example", nil); err != nil {
				return err
			}
			good := 0
			for range 1 + rng.IntN(4) {
				to := fmt.Sprintf("b%d@partner.test", rng.IntN(9))
				if rng.IntN(5) == 0 {
					to = "nobody@partner.test"
				}
				if c.Rcpt(to, nil) == nil {
					good++
				}
			}
			if good == 0 || rng.IntN(9) == 0 {
				if err := c.Reset(); err != nil {
					return err
				}
				continue
			}
			w, err := c.Data()
			if err != nil {
				return err
			}
			io.WriteString(w, "Subject: x\r\n\r\n")
			for range rng.IntN(200) {
				io.WriteString(w, strings.Repeat(".", rng.IntN(3))+strings.Repeat("y", rng.IntN(90))+"\r\n")
			}
			w.Close() // a refusal is as good as any answer
		}
		return c.Quit()
	})
	checkTotals(t, file, map[string]int{
		"smtp.messages_accepted": backend.accepted,
		"smtp.message_bytes":     backend.octets,
		"smtp.logins_ok":         backend.loginsOK,
		"smtp.logins_failed":     backend.loginsFailed,
		"smtp.connections":       dialogues,
	})
	if backend.accepted < dialogues || backend.rejected == 0 || backend.loginsFailed == 0 {
		t.Errorf("the dialogues are too tame: %+v", backend)
	}
}

func TestPeersIMAP(t *testing.T) {
	const inBox = 40
	mem := imapmemserver.New()
	user := imapmemserver.NewUser("u@corp.example", "right")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var sizes [inBox]int
	for i := range sizes {
		body := []byte("Subject: x\r\n\r\n" + strings.Repeat("A1 OK\r\n* 1 FETCH (\r\n", rng.IntN(300)))
		sizes[i] = len(body)
		if _, err := user.Append("INBOX", literal{bytes.NewReader(body)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true,
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
	})
	defer srv.Close()
	var want told
	seen := map[int]bool{}
	file := capturePeers(t, 1430, func(l net.Listener) { srv.Serve(l) }, func(i int, addr string) error {
		c, err := imapclient.DialInsecure(addr, nil)
		if err != nil {
			return err
		}
		defer c.Close()
		if rng.IntN(4) == 0 {
			want.loginsFailed++
			c.Login("u@corp.example", "wrong").Wait()
		}
		if err := c.Login("u@corp.example", "right").Wait(); err != nil {
			return err
		}
		want.loginsOK++
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			return err
		}
		for range rng.IntN(4) {
			first := rng.IntN(inBox)
			last := min(first+rng.IntN(5), inBox-1)
			if i < dialogues/2 { // the second half of the box is left to the later clients
				first, last = first/2, last/2
			}
			var set imap.NumSet = imap.SeqSet{{Start: uint32(first + 1), Stop: uint32(last + 1)}}
			if rng.IntN(2) == 0 {
				set = imap.UIDSet{{Start: imap.UID(first + 1), Stop: imap.UID(last + 1)}}
			}
			opt := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: rng.IntN(2) == 0}}}
			if rng.IntN(4) == 0 {
				opt.BodySection[0].Specifier = imap.PartSpecifierHeader
			}
			if _, err := c.Fetch(set, opt).Collect(); err != nil {
				return err
			}
			if opt.BodySection[0].Specifier == "" {
				for n := first; n <= last; n++ {
					want.downloads++
					want.size += sizes[n]
					seen[n] = true
				}
			}
		}
		return c.Logout().Wait()
	})
	checkTotals(t, file, map[string]int{
		"imap.logins_ok":           want.loginsOK,
		"imap.logins_failed":       want.loginsFailed,
		"imap.body_items":          want.downloads,
		"imap.body_bytes":          want.size,
		"imap.messages_downloaded": len(seen),
		"imap.connections":         dialogues,
	})
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return int64(l.Len()) }
