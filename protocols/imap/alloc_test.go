package imap

import (
	"fmt"
	"testing"
	"unsafe"

	"mailsensor/capture"
	"mailsensor/protocols"
	"mailsensor/protocols/protocoltest"
)

// player gives one connection's bytes to a driver whose batch is emptied again
// and again, as the pipeline does.
type player struct {
	driver *protocols.Driver
	stream *protocols.Stream
	now    int64
}

func newPlayer() *player {
	dr := protocols.NewDriver([]protocols.Protocol{New()})
	dr.Unguarded = true
	c := protocoltest.Conn(143)
	return &player{driver: dr, stream: dr.Open(c), now: c.Start}
}

func (p *player) say(d capture.Dir, b []byte) {
	p.stream.Data(d, p.now, b)
	p.driver.Batch.Reset()
}

func selectedPlayer() *player {
	p := newPlayer()
	p.say(capture.ToClient, []byte("* OK hi\r\n"))
	p.say(capture.ToServer, []byte("a LOGIN bob pw\r\nb SELECT INBOX\r\n"))
	p.say(capture.ToClient, []byte("a OK\r\n* 9 EXISTS\r\nb OK\r\n"))
	return p
}

var (
	askLine   = []byte("c1 UID FETCH 7 (FLAGS BODY.PEEK[])\r\n")
	fetchLine = []byte("* 7 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {2920}\r\n")
	segment   = make([]byte, 1460)
	doneLine  = []byte(")\r\nc1 OK done\r\n")
)

func download(p *player) {
	p.say(capture.ToServer, askLine)
	p.say(capture.ToClient, fetchLine)
	p.say(capture.ToClient, segment)
	p.say(capture.ToClient, segment)
	p.say(capture.ToClient, doneLine)
}

func TestDownloadsDoNotAllocate(t *testing.T) {
	p := selectedPlayer()
	for range 100 {
		download(p)
	}
	if n := testing.AllocsPerRun(1000, func() { download(p) }); n > 0 {
		t.Errorf("a download allocates %v times", n)
	}
}

func TestConnectionsReuseWhatTheyNeed(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	dr := protocols.NewDriver([]protocols.Protocol{New()})
	c := protocoltest.Conn(143)
	session := func() {
		s := dr.Open(c)
		s.Data(capture.ToClient, 1, []byte("* OK hi\r\n"))
		s.Data(capture.ToServer, 1, []byte("a AUTHENTICATE PLAIN AGJvYgBwdw==\r\nb SELECT INBOX\r\n"))
		s.Data(capture.ToClient, 1, []byte("a OK\r\n* 9 EXISTS\r\nb OK\r\n"))
		s.Data(capture.ToServer, 1, askLine)
		s.Data(capture.ToClient, 1, append(append(append([]byte(nil), fetchLine...), segment...), segment...))
		s.Data(capture.ToClient, 1, doneLine)
		s.Close(2, capture.Totals{})
		dr.Batch.Reset()
	}
	for range 100 {
		session()
	}
	if n := testing.AllocsPerRun(200, session); n > 8 { // of which 2 are the test's own
		t.Errorf("a session allocates %v times", n)
	}
}

// TestFreshConnectionsAllocateTogether holds what many connections at once cost,
// none of which finds another's buffers: three allocations each at most, since
// this client sends two commands together, and a parser has room for one.
func TestFreshConnectionsAllocateTogether(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const conns = 512
	list, c := []protocols.Protocol{New()}, protocoltest.Conn(143)
	dr := protocols.NewDriver(list)
	var streams []*protocols.Stream
	session := func() {
		s := dr.Open(c)
		s.Data(capture.ToClient, 1, greetingLine)
		s.Data(capture.ToServer, 1, loginLines)
		s.Data(capture.ToClient, 1, loginReply)
		s.Data(capture.ToServer, 1, sizeLine)
		s.Data(capture.ToClient, 1, sizeReply)
		dr.Batch.Reset()
		streams = append(streams, s)
	}
	session()
	streams = append(make([]*protocols.Stream, 0, 2*conns+2), streams...)
	if n := testing.AllocsPerRun(conns, session); n > 3 {
		t.Errorf("a new connection allocates %v times", n)
	}
}

var (
	greetingLine = []byte("* OK hi\r\n")
	loginLines   = []byte("a LOGIN user77@corp.example pw\r\nb SELECT INBOX\r\n")
	loginReply   = []byte("a OK\r\n* 900 EXISTS\r\n* OK [UIDVALIDITY 7]\r\nb OK [READ-WRITE]\r\n")
	sizeLine     = []byte("c UID FETCH 17,90 (RFC822.SIZE BODY.PEEK[])\r\nd NOOP\r\n")
	sizeReply    = []byte("* 7 FETCH (UID 17 RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n* 70 FETCH (UID 90 RFC822.SIZE 3 BODY[] \"abc\")\r\nc OK\r\nd OK\r\n")
)

func TestIdleConnectionIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(parser{}); n > 1024 { // all that an ordinary idle connection needs
		t.Errorf("a parser has %d octets", n)
	}
	if n := unsafe.Sizeof(command{}); n > 160 {
		t.Errorf("a command has %d octets", n)
	}
	t.Logf("parser %d, command %d, selection %d", unsafe.Sizeof(parser{}), unsafe.Sizeof(command{}), unsafe.Sizeof(selection{}))
}

func BenchmarkFetchLine(b *testing.B) {
	p := selectedPlayer()
	p.say(capture.ToServer, []byte("c FETCH 1:* (UID FLAGS BODY[])\r\n"))
	var lines [1024][]byte
	for i := range lines {
		lines[i] = fmt.Appendf(nil, "* %d FETCH (UID %d FLAGS (\\Seen) BODY[] {3}\r\nabc)\r\n", i+1, i+1)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.say(capture.ToClient, lines[i%1024])
	}
}

func BenchmarkBody(b *testing.B) {
	p := selectedPlayer()
	p.say(capture.ToClient, []byte("* 1 FETCH (BODY[] {9000000000000}\r\n"))
	b.SetBytes(int64(len(segment)))
	b.ReportAllocs()
	for b.Loop() {
		p.say(capture.ToClient, segment)
	}
}

func BenchmarkDownload(b *testing.B) {
	p := selectedPlayer()
	b.ReportAllocs()
	for b.Loop() {
		download(p)
	}
}
