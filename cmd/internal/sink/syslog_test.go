package sink

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// message5424 is RFC 5424, 6, without structured data.
var message5424 = regexp.MustCompile(`^<(\d|[1-9]\d|1[0-8]\d|19[01])>1 (-|\d{4}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) -(?: ((?s:.*)))?$`)

var frameLength = regexp.MustCompile(`^[1-9]\d{0,9} $`)

// syslogMessage is one that was received.
type syslogMessage struct {
	pri                 int
	time, host, id, msg string
}

// readSyslog reads a frame (RFC 6587, 3.4.1) with a message, and is strict about
// both.
func readSyslog(r *bufio.Reader) (m syslogMessage, err error) {
	head, err := r.ReadString(' ')
	if err != nil {
		if head == "" {
			return m, io.EOF
		}
		return m, err
	}
	if !frameLength.MatchString(head) {
		return m, fmt.Errorf("MSG-LEN is %q", head)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(head))
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return m, err
	}
	f := message5424.FindSubmatch(b)
	if f == nil {
		return m, fmt.Errorf("no message: %q", b)
	}
	m.pri, _ = strconv.Atoi(string(f[1]))
	m.time, m.host, m.id, m.msg = string(f[2]), string(f[3]), string(f[6]), string(f[7])
	if text, bom := strings.CutPrefix(m.msg, "\ufeff"); bom {
		if m.msg = text; !utf8.ValidString(text) {
			return m, fmt.Errorf("BOM, and no UTF-8: %q", b)
		}
	} else if !ascii(f[7]) {
		return m, fmt.Errorf("UTF-8 without BOM: %q", b)
	}
	return m, nil
}

// collector receives syslog, until it is cut off.
type collector struct {
	t *testing.T
	inbox
	address string
	l       net.Listener
	conns   chan net.Conn
}

func (c *collector) listen(conf *tls.Config) {
	c.t.Helper()
	if c.address == "" {
		c.address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.l, c.address, c.conns = l, l.Addr().String(), make(chan net.Conn, 100)
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.conns <- conn
			go c.read(conn)
		}
	}()
	c.t.Cleanup(c.cut)
}

func (c *collector) read(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		m, err := readSyslog(r)
		switch {
		case err == io.EOF || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrUnexpectedEOF):
			return
		case err != nil:
			if !strings.Contains(err.Error(), "tls:") && !strings.Contains(err.Error(), "reset") {
				c.t.Error(err)
			}
			return
		}
		if m.pri != 16*8+6 || m.host != "probe" || m.id != "login" || !strings.HasPrefix(m.time, "2026-01-02T03:04:05.") {
			c.t.Errorf("%+v", m)
		}
		c.add(number(c.t, []byte(m.msg)))
	}
}

// cut closes the listener and every connection.
func (c *collector) cut() {
	c.l.Close()
	for {
		select {
		case conn := <-c.conns:
			conn.Close()
		default:
			return
		}
	}
}

func testCertificate(t *testing.T) (conf *tls.Config, authority string) {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return &tls.Config{Certificates: srv.TLS.Certificates},
		withFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
}

// A receiver that goes away and comes back gets everything, in order and once, over
// TCP and over TLS.
func TestSyslogCutOff(t *testing.T) {
	t.Parallel()
	certificate, authority := testCertificate(t)
	for _, withTLS := range []bool{false, true} {
		c := &collector{t: t}
		conf := certificate
		if !withTLS {
			conf = nil
		}
		c.listen(conf)
		config := Config{Name: "s", Syslog: &SyslogConfig{Address: c.address, Format: "json"}, Spool: &SpoolConfig{Folder: t.TempDir()}}
		if withTLS {
			config.Syslog.TLS = &TLSConfig{CA: authority}
		}
		g := started(t, new(journal), config)
		for round := range 3 {
			feed(g, round*3000, round*3000+1000)
			c.exactly(t, round*3000+1000)
			until(t, "an empty sink", func() bool { return metric(t, g, "queue_bytes") == 0 && metric(t, g, "spool_bytes") == 0 })
			c.cut()
			errors := metric(t, g, "errors_total")
			feed(g, round*3000+1000, round*3000+2000)
			until(t, "a failure", func() bool { return metric(t, g, "errors_total") > errors })
			feed(g, round*3000+2000, round*3000+3000)
			c.listen(conf)
			c.exactly(t, round*3000+3000)
		}
		until(t, "9000 lines", func() bool { return metric(t, g, "lines_total") == 9000 })
		if metric(t, g, "lost_lines_total") != 0 {
			t.Error("lines are lost")
		}
	}
}

// A connection that breaks within a batch has the batch repeated: nothing is
// missing, what comes twice is of that batch, and in order.
func TestSyslogCutWithinABatch(t *testing.T) {
	t.Parallel()
	small := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { // what it had taken and not read would be lost
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
	}}
	l, err := small.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first := make(chan []int, 1)
	c := &collector{t: t}
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		r, got := bufio.NewReader(conn), []int{}
		for len(got) < 20 {
			m, err := readSyslog(r)
			if err != nil {
				t.Error(err)
			}
			got = append(got, number(t, []byte(m.msg)))
		}
		conn.Close() // with octets that were not read: a reset
		first <- got
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go c.read(conn)
		}
	}()
	list := []Config{{Name: "s", QueueMiB: 64, Syslog: &SyslogConfig{Address: l.Addr().String(), Format: "json"}}}
	if _, err := CheckAll(list); err != nil {
		t.Fatal(err)
	}
	g, err := Open(list, Options{Sensor: "probe"})
	if err != nil {
		t.Fatal(err)
	}
	g.sinks[0].retry.first = time.Millisecond
	defer g.Close(0)
	for i := range 3000 { // before the start, so that batches are full

		g.Event(append(bytes.TrimSuffix(event(i), []byte("}")), fmt.Sprintf(`,"text":"%0500d"}`, 0)...))
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	got := <-first
	for i, n := range got {
		if n != i {
			t.Fatal(got)
		}
	}
	c.exactly(t, 3000)
}

// A receiver that ends with messages that it had taken and not read gets them again.
func TestSyslogReset(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := &collector{t: t}
	conns := make(chan net.Conn)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns <- conn
		}
	}()
	g := started(t, new(journal), Config{Name: "s", Syslog: &SyslogConfig{Address: l.Addr().String(), Format: "json"}})
	feed(g, 0, 50)
	conn := <-conns
	until(t, "50 lines on the other machine", func() bool { return metric(t, g, "lines_total") == 50 })
	conn.Close()
	feed(g, 50, 60)
	go c.read(<-conns)
	c.exactly(t, 60)
	feed(g, 60, 70)
	c.exactly(t, 70)
}

// A receiver that wants a certificate of us, and says so behind the handshake, has
// taken nothing.
func TestSyslogWantsACertificate(t *testing.T) {
	conf, authority := testCertificate(t)
	conf.ClientAuth = tls.RequireAnyClientCert
	c := &collector{t: t}
	c.listen(conf)
	g := started(t, new(journal), Config{Name: "s", Syslog: &SyslogConfig{Address: c.address, Format: "json", TLS: &TLSConfig{CA: authority}}})
	feed(g, 0, 10)
	until(t, "failures", func() bool { return metric(t, g, "errors_total") > 2 })
	if metric(t, g, "lines_total") != 0 || metric(t, g, "queue_bytes") == 0 {
		t.Error("what nobody took is delivered")
	}
}

func TestWhole(t *testing.T) {
	b := []byte("3 abc5 a b c1 x")
	for most, want := range map[int]string{99: string(b), 15: string(b), 14: "5 a b c1 x", 10: "5 a b c1 x", 9: "1 x", 3: "1 x", 2: "", 0: ""} {
		if got := string(b[whole(b, most):]); got != want {
			t.Errorf("%d: %q, want %q", most, got, want)
		}
	}
}

// Nobody is told anything who does not show the right certificate.
func TestSyslogCertificate(t *testing.T) {
	conf, _ := testCertificate(t)
	c, j := &collector{t: t}, new(journal)
	c.listen(conf)
	g := started(t, j, Config{Name: "s", Syslog: &SyslogConfig{Address: c.address, Format: "json", TLS: &TLSConfig{}}})
	feed(g, 0, 10)
	until(t, "a failure", func() bool { return metric(t, g, "errors_total") > 2 })
	if len(c.list()) > 0 || !strings.Contains(j.String(), "x509") {
		t.Error(j)
	}
}

func TestSyslogMessage(t *testing.T) {
	o := &syslog{config: SyslogConfig{Facility: 4, Format: "json"}, opt: Options{Sensor: "söme host"}}
	for line, want := range map[string]string{
		`{"time":"2026-01-02T03:04:05.123456789Z","type":"tls"}`:         `<38>1 2026-01-02T03:04:05.123456Z smehost mailsensor - tls - {`,
		`{"time":"2026-01-02T03:04:05.123456789Z","type":"tls","x":"é"}`: "<38>1 2026-01-02T03:04:05.123456Z smehost mailsensor - tls - \ufeff{",
		`{}`: `<38>1 - smehost mailsensor - - - {}`,
	} {
		got := string(o.message(nil, record{kindEvent, []byte(line)}))
		if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, line) || !message5424.MatchString(got) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for severity, pri := range severities {
		got := string(o.message(nil, record{kindAlert, fmt.Appendf(nil, `{"severity":%q,"last":"2026-01-02T03:04:05.000000000Z"}`, severity)}))
		if want := fmt.Sprintf("<%d>1 2026-01-02T03:04:05.000000Z smehost mailsensor - alert - ", 32+pri); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What a receiver says is read past, and its silence is waited for.
func TestSyslogThatTalksAndSleeps(t *testing.T) {
	c := &collector{t: t}
	c.listen(nil)
	g := started(t, new(journal), Config{Name: "s", Syslog: &SyslogConfig{Address: c.address, Format: "json"}})
	feed(g, 0, 10)
	conn := <-c.conns
	io.WriteString(conn, strings.Repeat("\x00\xff garbage", 10000))
	c.exactly(t, 10)
	time.Sleep(20 * time.Millisecond)
	feed(g, 10, 20)
	c.exactly(t, 20)
	conn.Close()
}
