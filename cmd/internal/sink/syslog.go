package sink

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

// syslog sends messages of RFC 5424 over TCP, framed by octet counting (RFC 6587,
// 3.4.1), or over TLS (RFC 5425).
//
// The protocol has no acknowledgement. A batch counts as delivered once the
// receiver's machine has confirmed all of its octets and the connection is still
// open; where it breaks before, the batch is sent again over the next one. A receiver
// that ends with octets that it had not read shows by a reset: then the last of what
// was sent goes before the next batch once more.
type syslog struct {
	config SyslogConfig
	opt    Options
	tls    *tls.Config // nil: none
	conn   *syslogConn
	buf    []byte
	msg    []byte
	sent   []byte // over this connection, or the last part of it: whole messages
	again  []byte // of one that broke
	*counters
}

// keepSent is how much of what was sent is kept, at least as long as it is there.
const keepSent = 1 << 20

// settle is how long a new connection has to last after the first batch: a receiver
// that does not like our certificate says so behind the handshake (RFC 8446, 4.4.2.4).
const settle = 250 * time.Millisecond

// syslogConn is a connection, and whether the other side is still there.
type syslogConn struct {
	net.Conn
	tcp    *net.TCPConn
	gone   atomic.Bool   // it has ended
	broken atomic.Bool   // and not as it should
	ended  chan struct{} // closed when it has
}

func newSyslog(c SyslogConfig, opt Options, n *counters) (*syslog, error) {
	o := &syslog{config: c, opt: opt, counters: n}
	if c.TLS == nil {
		return o, nil
	}
	var err error
	if o.tls, err = c.TLS.config(); err == nil && o.tls.ServerName == "" {
		o.tls.ServerName, _, _ = net.SplitHostPort(c.Address) // was checked
	}
	return o, err
}

func (o *syslog) reopen() error { return nil }

func (o *syslog) close() error {
	if o.conn == nil {
		return nil
	}
	if o.conn.broken.Load() {
		o.again = append(o.again, o.sent...)
		o.again = o.again[whole(o.again, keepSent):]
	}
	o.sent = o.sent[:0]
	err := o.conn.Close()
	o.conn = nil
	return err
}

// whole returns where in a row of messages the last begin that are so many octets at
// most.
func whole(b []byte, most int) (at int) {
	for len(b)-at > most {
		head := bytes.IndexByte(b[at:], ' ')
		n, err := strconv.Atoi(string(b[at : at+max(head, 0)]))
		if err != nil {
			return len(b)
		}
		at += head + 1 + n
	}
	return at
}

func (o *syslog) deliver(ctx context.Context, list []record) ([]record, error) {
	if o.conn != nil && o.conn.gone.Load() {
		o.close()
	}
	if o.conn == nil {
		var err error
		if o.conn, err = o.dial(ctx); err != nil {
			return list, err
		}
	}
	o.buf = o.buf[:0]
	for _, r := range list {
		o.msg = o.message(o.msg[:0], r)
		o.buf = append(strconv.AppendInt(o.buf, int64(len(o.msg)), 10), ' ')
		o.buf = append(o.buf, o.msg...)
	}
	fresh := len(o.sent) == 0
	err := o.send(ctx, o.again)
	if err == nil {
		o.sent = append(o.sent, o.again...)
		o.again = o.again[:0]
		err = o.send(ctx, o.buf)
	}
	if err == nil && fresh {
		select {
		case <-o.conn.ended:
			err = errGone
		case <-time.After(settle):
		case <-ctx.Done():
		}
	}
	if err != nil {
		select {
		case <-o.conn.ended: // and how
		case <-time.After(100 * time.Millisecond):
		}
		o.close()
		return list, err
	}
	if len(o.sent)+len(o.buf) > 2*keepSent {
		o.sent = append(o.sent[:0], o.sent[whole(o.sent, keepSent):]...)
	}
	o.sent = append(o.sent, o.buf...)
	o.bytes.Add(uint64(len(o.buf)))
	return nil, nil
}

func (o *syslog) dial(ctx context.Context) (*syslogConn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", o.config.Address)
	if err != nil {
		return nil, err
	}
	c := &syslogConn{Conn: conn, tcp: conn.(*net.TCPConn), ended: make(chan struct{})}
	if o.tls != nil {
		t := tls.Client(conn, o.tls)
		if err := t.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		c.Conn = t
	}
	go func() { // a receiver says nothing; it ends
		b := make([]byte, 512)
		for {
			if _, err := c.Read(b); err != nil {
				c.broken.Store(err != io.EOF)
				c.gone.Store(true)
				close(c.ended)
				return
			}
		}
	}()
	return c, nil
}

var errGone = errors.New("the receiver closed the connection")

// send writes messages and waits until the other machine has them.
func (o *syslog) send(ctx context.Context, messages []byte) error {
	if len(messages) == 0 {
		return nil
	}
	end := time.Now().Add(answerTimeout)
	o.conn.SetWriteDeadline(end)
	stop := context.AfterFunc(ctx, func() { o.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := o.conn.Write(messages); err != nil {
		return err
	}
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 20*time.Millisecond) {
		n, err := unconfirmed(o.conn.tcp)
		switch {
		case err != nil:
			return err
		case o.conn.gone.Load():
			return errGone
		case n == 0:
			return nil
		case time.Now().After(end):
			return errors.New("the receiver does not take what was sent")
		case ctx.Err() != nil:
			return ctx.Err()
		}
		time.Sleep(wait)
	}
}

// severities of syslog (RFC 5424, 6.2.1) by those of alerts; events are
// informational.
var severities = map[string]int{"critical": 2, "high": 3, "medium": 4, "low": 5, "info": 6}

// message appends one message (RFC 5424, 6). Its time is that of the event.
func (o *syslog) message(b []byte, r record) []byte {
	l := parse(r)
	severity, ok := severities[l.Severity]
	if !ok {
		severity = 6
	}
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(o.config.Facility*8+severity), 10)
	b = append(b, ">1 "...)
	b = append(b, micros(l.when())...)
	b = append(b, ' ')
	b = appendName(b, o.opt.Sensor, 255)
	b = append(b, " mailsensor - "...)
	b = appendName(b, l.kind(), 32)
	b = append(b, " - "...)
	before := len(b)
	if o.config.Format == "cef" {
		b = appendCEF(b, l, o.opt)
	} else {
		b = append(b, r.line...)
	}
	if !ascii(b[before:]) { // MSG-UTF8 begins with a BOM
		b = append(b, "\xef\xbb\xbf"...)
		copy(b[before+3:], b[before:len(b)-3])
		copy(b[before:], "\xef\xbb\xbf")
	}
	return b
}

// micros cuts a time to the six digits that RFC 5424 has room for.
func micros(t string) string {
	if i := len("2006-01-02T15:04:05.000000"); len(t) > i {
		return t[:i] + "Z"
	}
	if t == "" {
		return "-"
	}
	return t
}

// appendName appends what RFC 5424 lets stand in a header: printable ASCII without
// spaces, "-" for nothing.
func appendName(b []byte, s string, most int) []byte {
	before := len(b)
	for i := range min(len(s), most) {
		if s[i] > ' ' && s[i] <= '~' {
			b = append(b, s[i])
		}
	}
	if len(b) == before {
		b = append(b, '-')
	}
	return b
}

func ascii(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r > '~' }) < 0
}
