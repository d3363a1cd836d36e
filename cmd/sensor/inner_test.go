package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/armon/go-socks5"
	"github.com/elazarl/goproxy"
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
	"github.com/pires/go-proxyproto"
	"golang.org/x/net/proxy"
)

// inner is a service behind a proxy, and what a session with it comes to.
type inner struct {
	port    uint16
	serve   func(net.Listener)
	session func(net.Conn) error
	want    map[string]int // of each session
}

func inners(t *testing.T) map[string]inner {
	return map[string]inner{
		"imap": {143, serveIMAP, readIMAP, map[string]int{"imap.logins_ok": 1, "imap.body_items": 2, "imap.connections": 1}},
		"pop3": {110, servePOP3, readPOP3, map[string]int{"pop3.logins_ok": 1, "pop3.body_items": 1, "pop3.connections": 1}},
		"tls":  {993, serveTLS(t), speakTLS, map[string]int{"tls.connections": 1, "tls.starttls": 0}},
	}
}

// Whatever is spoken in a tunnel, each proxy's, is read afresh and counts once, though
// both legs are on the tap.
func TestTunnelInners(t *testing.T) {
	const sessions = 6
	proxies := map[string]struct {
		serve func(net.Listener, string)
		dial  func(proxy, target string) (net.Conn, error)
	}{
		"connect": {func(l net.Listener, server string) {
			p := goproxy.NewProxyHttpServer()
			p.Logger = log.New(io.Discard, "", 0)
			p.ConnectDial = func(string, string) (net.Conn, error) { return net.Dial("tcp", server) }
			http.Serve(l, p)
		}, dialConnect},
		"socks5": {func(l net.Listener, server string) {
			s, err := socks5.New(&socks5.Config{Resolver: nowhere{}, Logger: log.New(io.Discard, "", 0),
				Dial: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", server) }})
			if err != nil {
				panic(err)
			}
			s.Serve(l)
		}, func(addr, target string) (net.Conn, error) {
			d, err := proxy.SOCKS5("tcp", addr, nil, nil)
			if err != nil {
				return nil, err
			}
			return d.Dial("tcp", target)
		}},
		"socks4":  {serveSOCKS4, func(addr, target string) (net.Conn, error) { return dialSOCKS4(addr, target, false) }},
		"socks4a": {serveSOCKS4, func(addr, target string) (net.Conn, error) { return dialSOCKS4(addr, target, true) }},
	}
	for name, p := range proxies {
		for service, in := range inners(t) {
			t.Run(name+" "+service, func(t *testing.T) {
				file := recordLegs(t, sessions, 6*time.Millisecond, in.port, in.serve, p.serve, func(_ int, addr string) error {
					c, err := p.dial(addr, fmt.Sprintf("mail.partner.test:%d", in.port))
					if err != nil {
						return err
					}
					defer c.Close()
					return in.session(c)
				})
				wants := map[string]int{"http.tunnels": sessions}
				for path, n := range in.want {
					wants[path] = n * sessions
				}
				checkTotals(t, file, wants)
			})
		}
	}
}

func dialConnect(addr, target string) (net.Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n\r\n", target)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
	if err != nil || resp.StatusCode != 200 {
		return nil, fmt.Errorf("%v, %v", resp, err)
	}
	return behind{c, r}, nil
}

// dialSOCKS4 asks for an address, or for a name (SOCKS 4a).
func dialSOCKS4(addr, target string, name bool) (net.Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(target)
	var n int
	fmt.Sscan(port, &n)
	ask := []byte{4, 1, byte(n >> 8), byte(n), 10, 2, 0, 1, 'a', 'n', 'n', 0}
	if name {
		ask = append(append(ask[:4], 0, 0, 0, 1, 'a', 'n', 'n', 0), host+"\x00"...)
	}
	if _, err := c.Write(ask); err != nil {
		return nil, err
	}
	reply := make([]byte, 8)
	if _, err := io.ReadFull(c, reply); err != nil || reply[1] != 90 {
		return nil, fmt.Errorf("%x, %v", reply, err)
	}
	return c, nil
}

func serveSOCKS4(l net.Listener, server string) {
	eachConn(l, func(c net.Conn) {
		r := bufio.NewReader(c)
		head := make([]byte, 8)
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		r.ReadBytes(0)
		if bytes.Equal(head[4:7], []byte{0, 0, 0}) {
			r.ReadBytes(0)
		}
		s, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer s.Close()
		c.Write([]byte{0, 90, 0, 0, 0, 0, 0, 0})
		pipe(behind{c, r}, s)
	})
}

func eachConn(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// pipe hands on what each says until both are done.
func pipe(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		io.Copy(b, a)
		b.Close()
		close(done)
	}()
	io.Copy(a, b)
	a.Close()
	<-done
}

func serveIMAP(l net.Listener) {
	mem := imapmemserver.New()
	user := imapmemserver.NewUser("ann@corp.example", "right")
	user.Create("INBOX", nil)
	for range 2 {
		user.Append("INBOX", literal{bytes.NewReader([]byte("Subject: x\r\n\r\nx\r\n"))}, &imap.AppendOptions{})
	}
	mem.AddUser(user)
	imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true,
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}},
	}).Serve(l)
}

func readIMAP(conn net.Conn) error {
	c := imapclient.New(conn, nil)
	if err := c.Login("ann@corp.example", "right").Wait(); err != nil {
		return err
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		return err
	}
	opt := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{}}}
	if _, err := c.Fetch(imap.SeqSet{{Start: 1, Stop: 2}}, opt).Collect(); err != nil {
		return err
	}
	return c.Logout().Wait()
}

func servePOP3(l net.Listener) {
	eachConn(l, func(c net.Conn) {
		io.WriteString(c, "+OK ready\r\n")
		for r := bufio.NewScanner(c); r.Scan(); {
			switch verb, _, _ := strings.Cut(r.Text(), " "); verb {
			case "RETR":
				io.WriteString(c, "+OK\r\nSubject: x\r\n\r\nx\r\n.\r\n")
			case "QUIT":
				io.WriteString(c, "+OK bye\r\n")
				return
			default:
				io.WriteString(c, "+OK\r\n")
			}
		}
	})
}

func readPOP3(c net.Conn) error {
	r := bufio.NewReader(c)
	if _, err := r.ReadString('\n'); err != nil {
		return err
	}
	for _, command := range []string{"USER ann", "PASS right", "RETR 1", "QUIT"} {
		fmt.Fprintf(c, "%s\r\n", command)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if command != "RETR 1" || line == ".\r\n" {
				break
			}
		}
	}
	return nil
}

// serveTLS is an echo that nobody can read.
func serveTLS(t *testing.T) func(net.Listener) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return func(l net.Listener) {
		eachConn(tls.NewListener(l, config), func(c net.Conn) { io.Copy(c, c) })
	}
}

func speakTLS(c net.Conn) error {
	s := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: "imap.partner.test"})
	if _, err := s.Write([]byte("a LOGIN ann right\r\n")); err != nil {
		return err
	}
	if _, err := bufio.NewReader(s).ReadString('\n'); err != nil {
		return err
	}
	return s.CloseWrite()
}

// headed reads the header of a connection before the server greets, as mail servers do.
type headed struct{ net.Listener }

func (l headed) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		c.(*proxyproto.Conn).ProxyHeader()
	}
	return c, err
}

// A balancer hands connections on with a header of the PROXY protocol, as a library
// writes it and another reads it: each message counts once, for the client.
func TestProxyProtocol(t *testing.T) {
	const sessions = 10
	backend := new(told)
	srv := smtp.NewServer(backend)
	defer srv.Close()
	next := 0
	file := recordLegs(t, sessions, 2*time.Millisecond, 25, func(l net.Listener) { srv.Serve(headed{&proxyproto.Listener{Listener: l}}) }, func(l net.Listener, server string) {
		eachConn(l, func(c net.Conn) {
			s, err := net.Dial("tcp", server)
			if err != nil {
				return
			}
			defer s.Close()
			i := next // sessions come one by one
			next++
			client := &net.TCPAddr{IP: net.IPv4(10, 1, 0, byte(1+i)), Port: 40000 + i} // as the capture has it
			proxyproto.HeaderProxyFromAddrs(byte(1+i%2), client, &net.TCPAddr{IP: net.IPv4(10, 3, 0, 80), Port: 3128}).WriteTo(s)
			pipe(c, s)
		})
	}, func(_ int, addr string) error {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		return sendMail(conn)
	})
	type counts struct {
		Accepted    int `json:"messages_accepted"`
		Connections int
	}
	var doc struct {
		Totals struct{ SMTP counts }
		Hosts  []struct {
			Host string
			SMTP counts
		}
	}
	replayTrusting(t, file, &doc)
	if doc.Totals.SMTP != (counts{sessions, sessions}) || len(doc.Hosts) != sessions+1 {
		t.Errorf("totals %+v, %d hosts", doc.Totals.SMTP, len(doc.Hosts))
	}
	for _, h := range doc.Hosts {
		if want := map[bool]int{true: sessions, false: 1}[h.Host == "10.3.0.80"]; h.SMTP.Accepted != want {
			t.Errorf("%s sent %d, want %d", h.Host, h.SMTP.Accepted, want)
		}
	}
}
