package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mailsensor/capture/synth"
	"mailsensor/protocols/protocoltest"

	"github.com/elazarl/goproxy"
)

// A proxy stands before a mail API, and both of its legs are on the tap: each message
// that was read counts once, for the client that read it. Whether the proxy says that it
// is one makes no difference as long as it uses one address.
func TestLegsOfRequests(t *testing.T) {
	const sessions, messages = 9, 5
	reverse := func(silent bool) func(net.Listener, string) {
		return func(l net.Listener, server string) {
			to := &url.URL{Scheme: "http", Host: server}
			http.Serve(l, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				if !silent { // as the capture has it: the peer's address
					r.Out.Header.Set("X-Forwarded-For", r.In.Header.Get("X-Test-Client"))
					r.Out.Header.Set("Via", "1.1 px")
				}
			}, Transport: new(perClient)})
		}
	}
	forward := func(l net.Listener, server string) {
		p := goproxy.NewProxyHttpServer()
		p.Logger = log.New(io.Discard, "", 0)
		transport := &perClient{dial: func(context.Context, string, string) (net.Conn, error) { return net.Dial("tcp", server) }}
		p.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
			ctx.RoundTripper = goproxy.RoundTripperFunc(func(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) { return transport.RoundTrip(r) })
			return r, nil
		})
		http.Serve(l, p)
	}
	for name, proxy := range map[string]struct {
		serve   func(net.Listener, string)
		forward bool
	}{
		"reverse, names the client": {reverse(false), false},
		"reverse, says nothing":     {reverse(true), false},
		"forward, says nothing":     {forward, true},
	} {
		t.Run(name, func(t *testing.T) {
			file := recordLegs(t, sessions, 2*time.Millisecond, 8080, func(l net.Listener) {
				http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, password, _ := r.BasicAuth(); password != "right" {
						w.WriteHeader(401)
						return
					}
					w.Header().Set("Content-Type", "text/plain")
					io.WriteString(w, "Subject: x\r\n\r\nx\r\n")
				}))
			}, proxy.serve, func(i int, addr string) error { return readMessages(i, messages, addr, proxy.forward) })
			type http struct {
				Items      int `json:"mail_items"`
				Operations int `json:"mail_operations"`
				OK         int `json:"logins_ok"`
				Failed     int `json:"logins_failed"`
			}
			var doc struct {
				Totals   struct{ HTTP http }
				Accounts []struct{ HTTP http }
				Hosts    []struct {
					Host string
					HTTP http
				}
			}
			replayTrusting(t, file, &doc)
			if h := doc.Totals.HTTP; h.Items != sessions*messages || h.OK != sessions || h.Failed != 0 || h.Operations != sessions*messages {
				t.Errorf("totals %+v", h)
			}
			if len(doc.Accounts) != sessions || len(doc.Hosts) != sessions+1 {
				t.Errorf("%d accounts, %d hosts", len(doc.Accounts), len(doc.Hosts))
			}
			for _, h := range doc.Hosts {
				want := messages
				if h.Host == "10.3.0.80" {
					want = sessions * messages
				}
				if h.HTTP.Items != want {
					t.Errorf("%s read %d, want %d", h.Host, h.HTTP.Items, want)
				}
			}
		})
	}
}

// perClient gives each client a connection of its own to the server behind.
type perClient struct {
	transports sync.Map
	dial       func(context.Context, string, string) (net.Conn, error)
}

func (p *perClient) RoundTrip(r *http.Request) (*http.Response, error) {
	user, _, _ := r.BasicAuth()
	t, _ := p.transports.LoadOrStore(user, &http.Transport{MaxConnsPerHost: 1, DialContext: p.dial})
	return t.(*http.Transport).RoundTrip(r)
}

// readMessages is a client that reads so many messages over one connection, which it
// asks as a forward proxy or as the server itself.
func readMessages(i, messages int, server string, forward bool) error {
	transport := &http.Transport{MaxConnsPerHost: 1}
	if forward {
		transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: server})
		server = "mail.corp.example:8080"
	}
	c := http.Client{Transport: transport}
	defer c.CloseIdleConnections()
	for n := range messages {
		r, err := http.NewRequest("GET", fmt.Sprintf("http://%s/v1.0/me/messages/M%d-%d/$value", server, i, n), nil)
		if err != nil {
			return err
		}
		r.Host = "mail.corp.example"
		r.SetBasicAuth(fmt.Sprintf("user%d", i), "right")
		r.Header.Set("X-Test-Client", fmt.Sprintf("10.1.0.%d", 1+i))
		resp, err := c.Do(r)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			return fmt.Errorf("message %d: %s", n, resp.Status)
		}
	}
	return nil
}

// A proxy of IMAP logs in for its client, and tells the server by ID who that is. What
// both legs show counts once; where the client speaks TLS to the proxy, the leg behind
// counts, for the client.
func TestLegsNamedByID(t *testing.T) {
	session := "S: * OK [CAPABILITY IMAP4rev1 ID STARTTLS] ready\n%sC: b LOGIN ann@corp.example right\nS: b OK in\nC: c SELECT INBOX\n" +
		"S: * 1 EXISTS\nS: * OK [UIDVALIDITY 7] x\nS: c OK in\nC: d UID FETCH 1 BODY[]\nS: * 1 FETCH (UID 1 BODY[] {3}\nS: abc)\nS: d OK done\n"
	id := "C: a ID (\"name\" \"px\" \"x-originating-ip\" \"10.1.0.1\" \"x-originating-port\" \"40000\")\nS: * ID NIL\nS: a OK done\n"
	hello := "C: a STARTTLS\nS: a OK go\nC> \\x16\\x03\\x01\\x00\\x04\\x01\\x00\\x00\\x00\nS> \\x16\\x03\\x03\\x00\\x04\\x02\\x00\\x00\\x00\n"
	for name, c := range map[string]struct {
		front         string
		client, proxy int // messages that were downloaded, by host
	}{
		"in clear": {fmt.Sprintf(session, ""), 1, 1},
		"in TLS":   {"S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready\n" + hello, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			leg := func(dialogue, client, server string, at int64) []synth.Frame {
				var turns []synth.Turn
				for _, turn := range protocoltest.Parse(t, dialogue) {
					turns = append(turns, synth.Turn{Dir: turn.Dir, Bytes: turn.Text})
				}
				return synth.FromDialogue(synth.Config{Client: netip.MustParseAddrPort(client), Server: netip.MustParseAddrPort(server)}, at, turns)
			}
			file := filepath.Join(t.TempDir(), "id.pcap")
			if err := synth.WriteFile(file, synth.Merge(leg(c.front, "10.1.0.1:40000", "10.3.0.80:143", 1e18),
				leg(fmt.Sprintf(session, id), "10.3.0.80:50000", "10.2.0.1:143", 1e18+3e6))); err != nil {
				t.Fatal(err)
			}
			type imap struct {
				OK       int `json:"logins_ok"`
				Messages int `json:"messages_downloaded"`
			}
			var doc struct {
				Totals struct{ IMAP imap }
				Hosts  []struct {
					Host string
					IMAP imap
				}
			}
			replayTrusting(t, file, &doc)
			if doc.Totals.IMAP != (imap{1, 1}) {
				t.Errorf("totals %+v", doc.Totals.IMAP)
			}
			got := map[string]int{}
			for _, h := range doc.Hosts {
				got[h.Host] = h.IMAP.Messages
			}
			if got["10.1.0.1"] != c.client || got["10.3.0.80"] != c.proxy {
				t.Errorf("by host %v", got)
			}
		})
	}
}

// replayTrusting replays a capture of a proxy that is believed, and reads the summary.
func replayTrusting(t *testing.T, file string, doc any) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "sensor.yaml")
	if err := os.WriteFile(config, []byte("networks:\n  trusted_proxies: [10.3.0.80]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(good(t, "replay", "--json", "--quiet", "--config", config, file)), doc); err != nil {
		t.Fatal(err)
	}
}
