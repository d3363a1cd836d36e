package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailsensor/capture/synth"

	"github.com/armon/go-socks5"
	"github.com/elazarl/goproxy"
	"github.com/emersion/go-smtp"
	"golang.org/x/net/proxy"
)

// Mail goes through real proxies, and both legs are on the tap: what the mail server
// was told counts once, for the proxy's host as for the client's.

const target = "mail.partner.test:25"

// recordLegs has several sessions talk to a server by way of the proxy that serve is,
// and returns the capture of both legs, as if the server were at a port of its own. The
// leg behind begins delay after the other.
func recordLegs(t *testing.T, sessions int, delay time.Duration, port uint16, server func(net.Listener), serve func(l net.Listener, server string), session func(i int, proxy string) error) string {
	t.Helper()
	var front, back synth.Recorder
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	inner, outer := listen(), listen()
	defer inner.Close()
	defer outer.Close()
	go server(back.Listen(inner))
	go serve(front.Listen(outer), inner.Addr().String())
	for i := range sessions {
		if err := session(i, outer.Addr().String()); err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
	}
	var captures [][]synth.Frame
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	leg := func(turns []synth.Turn, i int, delay time.Duration, client, server string, port int) {
		captures = append(captures, synth.FromDialogue(synth.Config{
			Client: netip.AddrPortFrom(netip.MustParseAddr(client), uint16(port+i)), Server: netip.MustParseAddrPort(server),
		}, start.Add(time.Duration(i)*time.Second/20+delay).UnixNano(), turns))
	}
	f, b := front.Dialogues(), back.Dialogues()
	if len(f) != sessions || len(b) != sessions {
		t.Fatalf("%d and %d dialogues were recorded", len(f), len(b))
	}
	for i := range sessions {
		leg(f[i], i, 0, fmt.Sprintf("10.1.0.%d", 1+i), "10.3.0.80:3128", 40000)
		leg(b[i], i, delay, "10.3.0.80", fmt.Sprintf("10.2.0.1:%d", port), 50000)
	}
	name := filepath.Join(t.TempDir(), "proxy.pcap")
	if err := synth.WriteFile(name, synth.Merge(captures...)); err != nil {
		t.Fatal(err)
	}
	return name
}

// throughProxy sends a mail in each of several sessions that dial opens by way of a
// proxy.
func throughProxy(t *testing.T, backend *told, sessions int, delay time.Duration, serve func(l net.Listener, server string), dial func(proxy string) (net.Conn, error)) string {
	t.Helper()
	srv := smtp.NewServer(backend)
	defer srv.Close()
	return recordLegs(t, sessions, delay, 25, func(l net.Listener) { srv.Serve(l) }, serve, func(_ int, proxy string) error {
		conn, err := dial(proxy)
		if err != nil {
			return err
		}
		return sendMail(conn)
	})
}

// sendMail is a client that sends one mail.
func sendMail(conn net.Conn) error {
	c := smtp.NewClient(conn)
	defer c.Close()
	if err := c.SendMail("a@corp.example", []string{"b@partner.test"}, strings.NewReader("Subject: x\r\n\r\nx\r\n")); err != nil {
		return err
	}
	return c.Quit()
}

// checkLegs holds totals and the proxy's own row against what the server was told.
func checkLegs(t *testing.T, file string, backend *told, more map[string]int) {
	t.Helper()
	wants := map[string]int{"smtp.messages_accepted": backend.accepted, "smtp.message_bytes": backend.octets, "smtp.connections": backend.accepted}
	for path, n := range more {
		wants[path] = n
	}
	checkTotals(t, file, wants)
	var doc struct {
		Hosts []struct {
			Host string
			SMTP struct {
				Accepted int `json:"messages_accepted"`
			}
		}
	}
	if err := json.Unmarshal(replayJSON(t, file, "2"), &doc); err != nil {
		t.Fatal(err)
	}
	for _, h := range doc.Hosts {
		want := 1
		if h.Host == "10.3.0.80" {
			want = backend.accepted
		}
		if h.SMTP.Accepted != want {
			t.Errorf("%s sent %d, want %d", h.Host, h.SMTP.Accepted, want)
		}
	}
	if len(doc.Hosts) != backend.accepted+1 || backend.accepted < 8 {
		t.Errorf("%d hosts, %d messages", len(doc.Hosts), backend.accepted)
	}
}

// connect asks an HTTP proxy for target: first without credentials, as clients do.
func connect(addr string) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	ask := func(more string) (*http.Response, error) {
		fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\nUser-Agent: t\r\n%s\r\n", target, more)
		resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
		if err == nil && resp.StatusCode != 200 {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		return resp, err
	}
	resp, err := ask("")
	if err != nil || resp.StatusCode != 407 {
		return nil, fmt.Errorf("%v, %v", resp, err)
	}
	if resp.Close {
		conn.Close()
		if conn, err = net.Dial("tcp", addr); err != nil {
			return nil, err
		}
		r.Reset(conn)
	}
	resp, err = ask("Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ann:SECRET")) + "\r\n")
	if err != nil || resp.StatusCode != 200 {
		return nil, fmt.Errorf("%v, %v", resp, err)
	}
	return behind{conn, r}, nil
}

// behind is a connection of which more was read than the proxy's word.
type behind struct {
	net.Conn
	r *bufio.Reader
}

func (c behind) Read(b []byte) (int, error) { return c.r.Read(b) }

func TestTunnelConnect(t *testing.T) {
	backend := new(told)
	const sessions = 12
	file := throughProxy(t, backend, sessions, 2*time.Millisecond, func(l net.Listener, server string) {
		p := goproxy.NewProxyHttpServer()
		p.Logger = log.New(io.Discard, "", 0)
		p.ConnectDial = func(string, string) (net.Conn, error) { return net.Dial("tcp", server) }
		http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Proxy-Authorization") == "" {
				w.Header().Set("Proxy-Authenticate", `Basic realm="x"`)
				w.WriteHeader(407)
				return
			}
			p.ServeHTTP(w, r)
		}))
	}, connect)
	checkLegs(t, file, backend, map[string]int{"http.tunnels": sessions, "http.tunnels_refused": 0, "http.logins_ok": sessions, "http.logins_failed": 0,
		"http.requests": 2 * sessions})
}

func TestTunnelSOCKS(t *testing.T) {
	backend := new(told)
	const sessions = 12
	file := throughProxy(t, backend, sessions, 6*time.Millisecond, func(l net.Listener, server string) {
		s, err := socks5.New(&socks5.Config{
			Credentials: socks5.StaticCredentials{"ann": "SECRET"},
			Resolver:    nowhere{},
			Logger:      log.New(io.Discard, "", 0),
			Dial:        func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", server) },
		})
		if err != nil {
			panic(err)
		}
		s.Serve(l)
	}, func(addr string) (net.Conn, error) {
		d, err := proxy.SOCKS5("tcp", addr, &proxy.Auth{User: "ann", Password: "SECRET"}, nil)
		if err != nil {
			return nil, err
		}
		return d.Dial("tcp", target)
	})
	checkLegs(t, file, backend, map[string]int{"http.tunnels": sessions})
}

// nowhere resolves every name: the proxy dials elsewhere.
type nowhere struct{}

func (nowhere) Resolve(ctx context.Context, _ string) (context.Context, net.IP, error) {
	return ctx, net.IPv4(10, 2, 0, 1), nil
}
