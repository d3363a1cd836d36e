package smtp

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/mime"
	"mailsensor/protocols/protocoltest"
)

// session of one connection, replayed with nothing but the parser and driver.
type player struct {
	driver *protocols.Driver
	stream *protocols.Stream
}

func newPlayer() *player {
	p := &player{driver: protocols.NewDriver(list())}
	p.driver.Unguarded = true
	p.stream = p.driver.Open(protocoltest.Conn(25))
	p.say(capture.ToClient, "220 mx ESMTP\r\n")
	p.say(capture.ToServer, "EHLO c\r\n")
	p.say(capture.ToClient, "250 mx\r\n")
	return p
}

func (p *player) say(d capture.Dir, text string) { p.stream.Data(d, 0, []byte(text)) }

func message() (client, server [3][]byte) {
	body := "From: Ann <ann@a.example>\r\nTo: bob@b.example\r\nSubject: hello\r\nMessage-ID: <1@a.example>\r\n\r\n" +
		strings.Repeat("The quick brown fox jumps over the lazy dog, again and again.\r\n", 10) + ".\r\n"
	client = [3][]byte{[]byte("MAIL FROM:<ann@a.example> SIZE=700\r\nRCPT TO:<bob@b.example>\r\nRCPT TO:<carl@b.example>\r\nDATA\r\n"), []byte(body)}
	server = [3][]byte{[]byte("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n550 5.1.1 no\r\n354 go\r\n"), []byte("250 2.0.0 Ok: queued as 4ABC\r\n")}
	return client, server
}

// one plays a message and empties the batch, as the merge does.
func (p *player) one(client, server [3][]byte) {
	for i := range 2 {
		p.stream.Data(capture.ToServer, 0, client[i])
		p.stream.Data(capture.ToClient, 0, server[i])
	}
	p.driver.Batch.Reset()
}

func TestMessagesAllocateNothing(t *testing.T) {
	p := newPlayer()
	client, server := message()
	p.one(client, server)
	if n := testing.AllocsPerRun(200, func() { p.one(client, server) }); n != 0 {
		t.Errorf("%v allocations a message", n)
	}
}

func TestContentAllocatesNothing(t *testing.T) {
	p := newPlayer()
	client, server := message()
	p.stream.Data(capture.ToServer, 0, client[0])
	p.stream.Data(capture.ToClient, 0, server[0])
	text := []byte("Subject: x\r\n\r\n" + strings.Repeat(strings.Repeat("A", 76)+"\r\n", 18))
	if n := testing.AllocsPerRun(200, func() { p.stream.Data(capture.ToServer, 0, text) }); n != 0 {
		t.Errorf("%v allocations a segment", n)
	}
}

func TestIdleIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(parser{}); n > 1024 {
		t.Errorf("a parser has %d octets", n)
	}
	p := New(Config{}).New().(*parser)
	tx, l := p.stock.transaction(), p.stock.login()
	p.stock.putTransaction(tx)
	p.stock.putLogin(l)
	dr := protocols.NewDriver([]protocols.Protocol{{
		Name:  "smtp",
		Probe: func(protocols.Probe) protocols.Verdict { return protocols.Accept },
		New:   func() protocols.Parser { return p },
	}})
	player := player{driver: dr, stream: dr.Open(protocoltest.Conn(25))}
	client, server := message()
	player.say(capture.ToClient, "220 mx ESMTP\r\n")
	player.say(capture.ToServer, "EHLO c\r\nAUTH PLAIN AGEAYg==\r\n")
	player.say(capture.ToClient, "250 mx\r\n235 ok\r\n")
	player.one(client, server)
	if p.login != nil || p.cur != nil || p.live != nil || p.target != nil || len(p.open) > 0 {
		t.Error("between messages a parser holds on to a transaction or to an exchange")
	}
	if p.stock.transaction() != tx || p.stock.login() != l {
		t.Error("what was given back is not used again")
	}
}

// Connections cost less than an allocation each, even when all are open and in
// the middle of a message; and what is beyond bounds is not kept.
func TestManyConnectionsAllocateLittle(t *testing.T) {
	const connections = 512
	s := New(Config{}).New().(*parser).stock
	parsers := make([]*parser, connections)
	n := testing.AllocsPerRun(1, func() {
		for i := range parsers {
			p := s.parser()
			p.Reset(protocoltest.Conn(25))
			p.hello = append(p.hello, "mx.example"...)
			tx := p.begin(0)
			tx.from = append(tx.from, "ann@a.example"...)
			for range 4 {
				p.enqueue(entry{kind: rcpt, tx: tx, rcpt: tx.recipient([]byte("recipient@b.example"))})
			}
			tx.begin(protocols.Data, mime.Options{})
			parsers[i] = p
		}
	})
	if n > connections/2 {
		t.Errorf("%v allocations for %d connections", n, connections)
	}
	tx := parsers[0].open[0]
	tx.addresses = make([]byte, 1<<20)
	parsers[0].Reset(protocoltest.Conn(25))
	if tx = s.transaction(); cap(tx.addresses) >= 1<<20 {
		t.Error("a large buffer is kept")
	}
}

// Nothing a client or server repeats makes a connection grow without bound.
func TestBounds(t *testing.T) {
	many := 3 * maxQueue
	tests := []struct {
		name           string
		client, server string
		want           string // an anomaly
	}{
		{"commands", strings.Repeat("NOOP\r\n", many), "", "smtp_queue_overflow"},
		{"transactions", strings.Repeat("MAIL FROM:<a@a.example>\r\nBDAT 1 LAST\r\nx", many), "", ""},
		{"recipients", "MAIL FROM:<a@a.example>\r\n" + strings.Repeat("RCPT TO:<a@a.example>\r\n", many), strings.Repeat("250 ok\r\n", many+1), "smtp_too_many_recipients"},
		{"replies", "", strings.Repeat("250 ok\r\n", many), "smtp_unexpected_reply"},
		{"354", "", strings.Repeat("354 go\r\n250 ok\r\n", many), ""},
		{"line", strings.Repeat("x", 20*maxLine) + "\r\n", "", "smtp_long_line"},
		{"reply", "", "250 " + strings.Repeat("x", 20*maxReply) + "\r\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlayer()
			p.say(capture.ToServer, tt.client)
			p.say(capture.ToClient, tt.server)
			p.stream.Close(0, capture.Totals{})
			seen := tt.want == ""
			for _, ev := range p.driver.Batch.Events {
				if a, ok := ev.(*protocols.Anomaly); ok && a.Kind == tt.want {
					seen = true
				}
				if m, ok := ev.(*protocols.Message); ok && len(m.Recipients) > maxRecipients {
					t.Errorf("%d recipients kept", len(m.Recipients))
				}
			}
			if !seen {
				t.Errorf("no %s", tt.want)
			}
		})
	}
}

func TestManyRecipientsAreCounted(t *testing.T) {
	p := newPlayer()
	p.say(capture.ToServer, "MAIL FROM:<a@a.example>\r\n")
	p.say(capture.ToClient, "250 ok\r\n")
	for i := range maxRecipients + 500 {
		p.say(capture.ToServer, fmt.Sprintf("RCPT TO:<%d@b.example>\r\n", i))
		p.say(capture.ToClient, [2]string{"250 ok\r\n", "550 no\r\n"}[i%2])
	}
	p.stream.Close(0, capture.Totals{})
	for _, ev := range p.driver.Batch.Events {
		if m, ok := ev.(*protocols.Message); ok {
			if m.RecipientsAccepted != 750 || m.RecipientsRejected != 750 || m.RecipientsDropped != 500 || len(m.Recipients) != maxRecipients {
				t.Errorf("accepted %d rejected %d dropped %d kept %d", m.RecipientsAccepted, m.RecipientsRejected, m.RecipientsDropped, len(m.Recipients))
			}
			return
		}
	}
	t.Error("no message")
}

func BenchmarkMessage(b *testing.B) {
	p := newPlayer()
	client, server := message()
	b.ReportAllocs()
	for b.Loop() {
		p.one(client, server)
	}
}

func BenchmarkContent(b *testing.B) {
	p := newPlayer()
	client, server := message()
	p.stream.Data(capture.ToServer, 0, client[0])
	p.stream.Data(capture.ToClient, 0, server[0])
	p.say(capture.ToServer, "Subject: x\r\n\r\n")
	text := []byte(strings.Repeat(strings.Repeat("A", 76)+"\r\n", 18))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p.stream.Data(capture.ToServer, 0, text)
	}
}

func BenchmarkChunk(b *testing.B) {
	p := newPlayer()
	p.say(capture.ToServer, "MAIL FROM:<a@a.example>\r\nBDAT 999999999999\r\nSubject: x\r\n\r\n")
	text := []byte(strings.Repeat(strings.Repeat("A", 76)+"\r\n", 18))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p.stream.Data(capture.ToServer, 0, text)
	}
}
