package imap

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// tap records what crosses a server's connections, in the order it saw it.
type tap struct {
	net.Listener
	last *tapped
}

type tapped struct {
	net.Conn
	mu    sync.Mutex
	turns []protocoltest.Turn
}

func (l *tap) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.last = &tapped{Conn: c}
	return l.last, nil
}

func (c *tapped) note(d capture.Dir, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turns = append(c.turns, protocoltest.Turn{Dir: d, Text: bytes.Clone(b)})
}

func (c *tapped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.note(capture.ToServer, b[:n])
	return n, err
}

func (c *tapped) Write(b []byte) (int, error) {
	c.note(capture.ToClient, b)
	return c.Conn.Write(b)
}

// told is what a client was told and sent: the events have to say the same.
type told struct {
	logins, failed, appended, copied, expunged, searches, found int
	items                                                       [8]int // by protocols.ReadKind
	bytes                                                       [8]int
	whole                                                       map[string]bool // mailbox and UID
}

const (
	peerUser = "u@corp.example"
	peerPass = "right"
	inBox    = 30
)

// TestPeers lets a client and a server that others wrote talk, and holds the
// events against what the client knows of it.
func TestPeers(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { peers(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func peers(t *testing.T, rng *rand.Rand) {
	mem, user := imapmemserver.New(), imapmemserver.NewUser(peerUser, peerPass)
	mem.AddUser(user)
	for _, box := range []string{"INBOX", "Äußeres & Inneres"} {
		if err := user.Create(box, nil); err != nil {
			t.Fatal(err)
		}
		for range inBox {
			if _, err := user.Append(box, reader{bytes.NewReader(message(rng))}, &imap.AppendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	caps := []imap.CapSet{{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}}, {imap.CapIMAP4rev1: {}, imap.CapLiteralPlus: {}},
		{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}}}[rng.IntN(3)]
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true, Caps: caps,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skip(err)
	}
	tp := &tap{Listener: ln}
	done := make(chan struct{})
	go func() { srv.Serve(tp); close(done) }()
	want, err := talk(rng, ln.Addr().String())
	srv.Close()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	tp.last.mu.Lock()
	turns := tp.last.turns
	tp.last.mu.Unlock()
	compare(t, heard(turns), want)
	if t.Failed() {
		for _, turn := range turns {
			t.Logf("%s %.300q", turn.Dir, turn.Text)
		}
	}
}

type reader struct{ *bytes.Reader }

func (r reader) Size() int64 { return int64(r.Len()) }

func message(rng *rand.Rand) []byte {
	return []byte("Subject: x\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("A1 OK\r\n* 1 FETCH (\r\n)", rng.IntN(200)))
}

// talk is a session of a client that does as it likes.
func talk(rng *rand.Rand, addr string) (w told, err error) {
	w.whole = map[string]bool{}
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		return w, err
	}
	defer c.Close()
	for range rng.IntN(3) {
		w.failed++
		c.Login(peerUser, "wrong \"pass").Wait()
	}
	if err = c.Login(peerUser, peerPass).Wait(); err != nil {
		return w, err
	}
	w.logins++
	for range 1 + rng.IntN(3) {
		box := []string{"INBOX", "Äußeres & Inneres"}[rng.IntN(2)]
		data, err := c.Select(box, &imap.SelectOptions{ReadOnly: rng.IntN(3) == 0}).Wait()
		if err != nil {
			return w, err
		}
		for range rng.IntN(8) {
			if err := w.step(rng, c, box, data.NumMessages); err != nil {
				return w, err
			}
		}
	}
	return w, c.Logout().Wait()
}

// step does one thing in the selected mailbox.
func (w *told) step(rng *rand.Rand, c *imapclient.Client, box string, exists uint32) error {
	if m := c.Mailbox(); m != nil {
		exists = m.NumMessages
	}
	first := 1 + uint32(rng.IntN(int(exists)))
	seq := imap.SeqSet{{Start: first, Stop: min(first+uint32(rng.IntN(6)), exists)}}
	switch rng.IntN(10) {
	case 0:
		body := message(rng)
		cmd := c.Append(box, int64(len(body)), nil)
		cmd.Write(body)
		cmd.Close()
		_, err := cmd.Wait()
		w.appended++
		return err
	case 1:
		_, err := c.Copy(seq, "INBOX").Wait()
		if err == nil {
			w.copied += int(seq[0].Stop - seq[0].Start + 1)
		}
		return nil
	case 2:
		found, err := c.UIDSearch(&imap.SearchCriteria{Text: []string{"OK\"\\"}, NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
		w.searches++
		if err == nil {
			w.found += len(found.AllUIDs())
		}
		return err
	case 3:
		return c.Noop().Wait()
	case 4:
		idle, err := c.Idle()
		if err != nil {
			return err
		}
		idle.Close()
		return idle.Wait()
	case 5:
		c.Store(imap.SeqSetNum(first), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
		gone, err := c.Expunge().Collect()
		if err == nil {
			w.expunged += len(gone)
		}
		return nil
	}
	return w.fetch(rng, c, box, seq)
}

// fetch asks for one to three items of some messages.
func (w *told) fetch(rng *rand.Rand, c *imapclient.Client, box string, seq imap.SeqSet) error {
	opt := &imap.FetchOptions{UID: true, Flags: rng.IntN(2) == 0, RFC822Size: rng.IntN(3) == 0, InternalDate: rng.IntN(3) == 0}
	for k := range 6 {
		if rng.IntN(3) > 0 {
			continue
		}
		s := &imap.FetchItemBodySection{Peek: rng.IntN(2) == 0}
		switch k {
		case 0:
		case 1:
			s.Specifier = imap.PartSpecifierHeader
		case 2:
			s.Specifier = imap.PartSpecifierText
		case 3:
			s.Specifier, s.HeaderFields = imap.PartSpecifierHeader, []string{"Subject", "From"}
		case 4:
			s.Partial = &imap.SectionPartial{Offset: int64(rng.IntN(50)), Size: 100}
		case 5:
			opt.Envelope = true
			continue
		}
		opt.BodySection = append(opt.BodySection, s)
	}
	msgs, err := c.Fetch(seq, opt).Collect()
	for _, m := range msgs {
		if opt.Envelope {
			w.items[protocols.ReadHeaders]++
		}
		for _, b := range m.BodySection {
			kind := protocols.ReadWhole
			switch {
			case b.Section.Specifier == imap.PartSpecifierHeader:
				kind = protocols.ReadHeaders
			case b.Section.Partial != nil:
				kind = protocols.ReadPartial
			default:
				w.whole[fmt.Sprint(box, m.UID)] = true
			}
			w.items[kind]++
			w.bytes[kind] += len(b.Bytes)
		}
	}
	return err
}

// heard is what the events say of the same session.
func heard(turns []protocoltest.Turn) (w told) {
	w.whole = map[string]bool{}
	dr := protocols.NewDriver([]protocols.Protocol{New()})
	dr.Unguarded = true
	conn := protocoltest.Conn(143)
	s := dr.Open(conn)
	for i, turn := range turns {
		s.Data(turn.Dir, conn.Start+int64(i), turn.Text)
	}
	s.Close(conn.Start, capture.Totals{})
	for _, ev := range dr.Batch.Events {
		w.hear(ev)
	}
	return w
}

func (w *told) hear(ev protocols.Event) {
	switch e := ev.(type) {
	case *protocols.Login:
		if e.Outcome == protocols.Accepted && string(e.User) == peerUser {
			w.logins++
		} else if e.Outcome == protocols.Rejected && string(e.User) == peerUser {
			w.failed++
		}
	case *protocols.MailboxSearch:
		w.searches++
		w.found += int(e.Results)
	case *protocols.MailboxChange:
		switch e.Command {
		case "APPEND":
			w.appended += int(e.Messages)
		case "COPY":
			w.copied += int(e.Messages)
		case "EXPUNGE":
			w.expunged += int(e.Messages)
		}
	case *protocols.MailboxRead:
		for _, it := range e.Items {
			if it.Kind == protocols.ReadStructure || it.Kind == protocols.ReadIdentity {
				continue
			}
			w.items[it.Kind] += int(it.Items)
			w.bytes[it.Kind] += int(it.Bytes)
			for id := it.First; it.Kind == protocols.ReadWhole && id <= it.Last; id++ {
				w.whole[fmt.Sprint(string(e.Mailbox), id)] = true
			}
		}
	case *protocols.Anomaly:
		w.failed += 1000 // there is nothing wrong with these two
	}
}

func compare(t *testing.T, got, want told) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("events tell\n%s\nthe client knows\n%s", g, w)
	}
}
