package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture/live"
	"mailsensor/capture/live/livetest"
	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const asSensor = "MAILSENSOR_TEST_AS_SENSOR"

// TestAsSensor is the program in a process of its own: what it gives up it cannot
// get back.
func TestAsSensor(t *testing.T) {
	args := os.Getenv(asSensor)
	if args == "" {
		t.Skip("run by the tests of sensor run")
	}
	os.Exit(run(strings.Split(args, "\n"), os.Stdin, os.Stdout, os.Stderr))
}

// watcher is a running 'sensor run'.
type watcher struct {
	t           *testing.T
	cmd         *exec.Cmd
	mu          sync.Mutex
	out, stderr bytes.Buffer
	dir         string
	ended       bool
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.Write(p)
}

func (w *watcher) log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stderr.String()
}

// watch starts the sensor on the near interface and waits until it says, as systemd
// would have it, that it is ready.
func startWatcher(t *testing.T, args ...string) *watcher {
	t.Helper()
	w := &watcher{t: t, dir: t.TempDir()}
	args = append([]string{"run", "-i", livetest.Near, "--json", "--ring-size", "32", "--events", filepath.Join(w.dir, "events.jsonl")}, args...)
	if !slices.Contains(args, "--listen") {
		args = append(args, "--listen", "none")
	}
	socket := filepath.Join(w.dir, "notify")
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	os.Chmod(socket, 0o777) // as systemd's is
	w.cmd = exec.Command(os.Args[0], "-test.run=^TestAsSensor$")
	w.cmd.Env = append(os.Environ(), asSensor+"="+strings.Join(args, "\n"), "NOTIFY_SOCKET="+socket)
	w.cmd.Stdout, w.cmd.Stderr = &w.out, w
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !w.ended {
			w.cmd.Process.Kill()
			w.cmd.Wait()
		}
	})
	ready.SetDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 64)
	if n, err := ready.Read(b); err != nil || string(b[:n]) != "READY=1" {
		t.Fatalf("%q, %v: %s", b[:n], err, w.log())
	}
	return w
}

// end stops the sensor and returns its summary and its events.
func (w *watcher) end() (doc map[string]any, events []string) {
	w.t.Helper()
	w.ended = true
	w.cmd.Process.Signal(syscall.SIGTERM)
	if err := w.cmd.Wait(); err != nil {
		w.t.Fatalf("%v: %s", err, w.log())
	}
	if err := json.Unmarshal(w.out.Bytes(), &doc); err != nil {
		w.t.Fatalf("%v: %s", err, w.out.Bytes())
	}
	return doc, w.events("events.jsonl")
}

func (w *watcher) events(name string) []string { return withoutIDs(w.t, filepath.Join(w.dir, name)) }

// stamp is a time in an event.
var stamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"`)

var disorder = regexp.MustCompile(`"out_of_order":\d+`)

// withoutIDs are lines of events without the number of the connection and without
// times: two captures that did not begin with the same packet count differently, and
// the kernel stamps what is sent for each socket anew, some hundred nanoseconds apart.
func withoutIDs(t *testing.T, path string) (out []string) {
	t.Helper()
	for line := range strings.Lines(string(read(t, path))) {
		before, after, _ := strings.Cut(line, `,"connection":`)
		_, after, _ = strings.Cut(after, ",")
		line := stamp.ReplaceAllString(before+","+after, `"T"`)
		// The tap is a socket of its own: of packets that come at once it may have the later one first.
		out = append(out, disorder.ReplaceAllString(line, `"out_of_order":0`))
	}
	return out
}

// until waits for something to hold.
func (w *watcher) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not in time: %s\n%s", what, w.log())
		}
	}
}

// tap records what comes on the near interface, in a file.
func tap(t *testing.T) (file string, stop func()) {
	t.Helper()
	src, err := live.Open(live.Options{Interfaces: []string{livetest.Near}, Rings: 1, RingBytes: 32 << 20, Now: wallClock})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "tap.pcap")
	var frames synth.List
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for idle := 0; idle < 3; {
			frame, info, err := src.Next()
			if err == nil {
				frames = append(frames, synth.Frame{Time: info.Time, Link: info.Link, Bytes: bytes.Clone(frame)})
				continue
			}
			select {
			case <-quit:
				idle++
			default:
			}
		}
	}()
	return file, func() {
		time.Sleep(300 * time.Millisecond) // for the last acknowledgements of what was said
		close(quit)
		<-done
		src.Close()
		if err := synth.WriteFile(file, frames); err != nil {
			t.Fatal(err)
		}
	}
}

// replayed are the events of a capture.
func replayed(t *testing.T, file string) []string {
	t.Helper()
	events := filepath.Join(t.TempDir(), "events.jsonl")
	if o := sensor(nil, "replay", "-q", "--events", events, file); o.code != 0 {
		t.Fatal(o)
	}
	return withoutIDs(t, events)
}

// mailPeers are real servers in the peer's namespace.
type mailPeers struct {
	smtp, imap told
	sizes      []int
}

func newMailPeers(t *testing.T, peer *livetest.Peer) *mailPeers {
	t.Helper()
	m := &mailPeers{}
	listen := func(port int) (l net.Listener) {
		peer.Do(func() {
			var err error
			if l, err = net.Listen("tcp4", fmt.Sprintf("%s:%d", livetest.FarAddr, port)); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(func() { l.Close() })
		return l
	}
	srv := smtp.NewServer(&m.smtp)
	srv.AllowInsecureAuth = true
	go srv.Serve(listen(25))
	mem, user := imapmemserver.New(), imapmemserver.NewUser("u@corp.example", "right")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		body := []byte("Subject: x\r\n\r\n" + strings.Repeat("A1 OK done\r\n", 400*i))
		m.sizes = append(m.sizes, len(body))
		if _, err := user.Append("INBOX", literal{bytes.NewReader(body)}, &imap.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	mem.AddUser(user)
	imapSrv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true,
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}},
	})
	go imapSrv.Serve(listen(143))
	return m
}

// talk holds n dialogues of each protocol.
func (m *mailPeers) talk(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		if err := m.sendMail(i); err != nil {
			t.Fatalf("smtp %d: %v", i, err)
		}
		if err := m.readMail(i); err != nil {
			t.Fatalf("imap %d: %v", i, err)
		}
	}
}

func (m *mailPeers) sendMail(i int) error {
	c, err := smtp.Dial(livetest.FarAddr + ":25")
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", "u@corp.example", "right")); err != nil {
		return err
	}
	for k := range 3 {
		if err := c.Mail("a@corp.example", nil); err != nil {
			return err
		}
		if err := c.Rcpt(fmt.Sprintf("b%d@partner.test", k), nil); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		io.WriteString(w, "Subject: x\r\n\r\n"+strings.Repeat("yyyyyyyyyyyyy\r\n", 1+i*500))
		w.Close() // a refusal is as good as any answer
	}
	return c.Quit()
}

func (m *mailPeers) readMail(i int) error {
	c, err := imapclient.DialInsecure(livetest.FarAddr+":143", nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login("u@corp.example", "right").Wait(); err != nil {
		return err
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		return err
	}
	first := i % 10
	set := imap.UIDSet{{Start: imap.UID(first + 1), Stop: imap.UID(first + 8)}}
	if _, err := c.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect(); err != nil {
		return err
	}
	for k := first; k < first+8; k++ {
		m.imap.downloads++
		m.imap.size += m.sizes[k]
	}
	m.imap.loginsOK++
	return c.Logout().Wait()
}

func (m *mailPeers) check(t *testing.T, doc map[string]any) {
	t.Helper()
	for path, want := range map[string]int{
		"smtp.messages_accepted": m.smtp.accepted,
		"smtp.message_bytes":     m.smtp.octets,
		"smtp.logins_ok":         m.smtp.loginsOK,
		"imap.logins_ok":         m.imap.loginsOK,
		"imap.body_items":        m.imap.downloads,
		"imap.body_bytes":        m.imap.size,
	} {
		got, confidence, err := lookup(doc, "totals."+path)
		if err != nil || got != float64(want) || confidence != "" || want == 0 {
			t.Errorf("%s is %v (%s) %v, the server was told %d", path, got, confidence, err, want)
		}
	}
}

// What real programs say over a wire is what their servers were told, and what a
// replay of the same packets finds; also with several rings, and with an interface
// that goes away in between, all with the privileges given up.
func TestLivePeers(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	m := newMailPeers(t, peer)
	for _, args := range [][]string{{"--workers", "1", "--rings", "1"}, {"--workers", "4", "--rings", "4"}, {"--rings", "2", "tcp port 25 or 143"}} {
		m.smtp, m.imap = told{}, told{}
		file, stop := tap(t)
		w := startWatcher(t, args...)
		w.until("it is confined", func() bool {
			return strings.Contains(w.log(), "Landlock") || strings.Contains(w.log(), "missing in this kernel")
		})
		m.talk(t, 6)
		stop()
		doc, events := w.end()
		m.check(t, doc)
		want := replayed(t, file)
		// The order within a connection is certain; that of two connections is that of
		// stamps which every socket gives anew.
		slices.SortStableFunc(events, byConnection)
		slices.SortStableFunc(want, byConnection)
		if !slices.Equal(events, want) {
			t.Errorf("%q: %d live events, %d replayed; the first difference: %s", args, len(events), len(want), difference(events, want))
		}
	}
}

var connection = regexp.MustCompile(`"client":\{[^}]*\}`)

func byConnection(a, b string) int {
	return strings.Compare(connection.FindString(a), connection.FindString(b))
}

func difference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return "the length"
}

func TestLiveInterfaceReturns(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	m := newMailPeers(t, peer)
	for _, rings := range []string{"1", "2"} {
		m.smtp, m.imap = told{}, told{}
		w := startWatcher(t, "--rings", rings)
		m.talk(t, 2)
		time.Sleep(100 * time.Millisecond) // what is in flight when an interface goes is lost
		livetest.IP(t, "link del "+livetest.Near)
		w.until("the interface is missed", func() bool { return strings.Contains(w.log(), "state=gone") })
		peer.Pair()
		w.until("the interface is back", func() bool { return strings.Contains(w.log(), "up again") })
		reachable(t)
		m.talk(t, 2)
		doc, _ := w.end()
		m.check(t, doc)
	}
}

// reachable waits until the peer's address can be used, which is a little later than
// the interface.
func reachable(t *testing.T) {
	t.Helper()
	for range 100 {
		if c, err := net.DialTimeout("tcp", livetest.FarAddr+":25", 100*time.Millisecond); err == nil {
			c.Close()
			return
		}
	}
	t.Fatal("the server cannot be reached any more")
}

// Tagged, fragmented and encapsulated frames of a capture put on a wire are read as
// they are from a file.
func TestLiveFrames(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	livetest.IP(t, "link set "+livetest.Near+" mtu 9000")
	peer.IP("link set " + livetest.Far + " mtu 9000")
	src, err := pcapfile.Open([]string{"../../pcaps/smtp/basic.pcap", "../../pcaps/imap/normal.pcap"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := synth.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	tagged := slices.Clone(plain)
	for i := range tagged {
		b := tagged[i].Bytes
		tagged[i].Bytes = slices.Concat(b[:12], []byte{0x88, 0xa8, 0, 7, 0x81, 0, 0x60, byte(8 + i%2)}, b[12:])
	}
	for name, frames := range map[string][]synth.Frame{
		"plain": plain, "tagged": tagged, "fragments": synth.Fragment(plain, 256),
		"vxlan": synth.Encapsulate(plain, synth.VXLAN, false),
	} {
		octets := make([][]byte, len(frames))
		for i := range frames {
			octets[i] = frames[i].Bytes
		}
		for _, rings := range []string{"1", "4"} {
			file, stop := tap(t)
			w := startWatcher(t, "--rings", rings, "--workers", "2")
			peer.Send(octets...)
			stop()
			doc, events := w.end()
			if want := replayed(t, file); !slices.Equal(events, want) || len(events) < 50 {
				t.Errorf("%s, %s rings: %d live events, %d replayed; the first difference: %s", name, rings, len(events), len(want), difference(events, want))
			}
			if n, _, err := lookup(doc, "totals.smtp.messages_accepted"); err != nil || n == 0 {
				t.Errorf("%s: %v messages, %v", name, n, err)
			}
		}
	}
}

// The daemon answers, reads its configuration anew, refuses a bad one whole, goes on
// in a new file, and prints a summary when asked.
func TestLiveDaemon(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	m := newMailPeers(t, livetest.NewPeer(t))
	conf := filepath.Join(t.TempDir(), "sensor.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("domains: {internal: [corp.example]}\n")
	w := startWatcher(t, "--config", conf, "--listen", "127.0.0.1:9425")
	get := func(path string) string {
		t.Helper()
		r, err := http.Get("http://127.0.0.1:9425" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("%s: %s, %v: %s", path, r.Status, err, b)
		}
		return string(b)
	}
	get("/-/healthy")
	w.until("the interface is up", func() bool {
		r, err := http.Get("http://127.0.0.1:9425/-/ready")
		if err != nil {
			return false
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return r.StatusCode == http.StatusOK && strings.Contains(string(b), livetest.Near+" is up")
	})
	m.talk(t, 2)
	w.until("metrics count connections", func() bool { return strings.Contains(get("/metrics"), "mailsensor_tcp_connections_total 4\n") })
	w.until("metrics count messages", func() bool {
		return regexp.MustCompile(`mailsensor_messages_total{protocol="smtp",direction="[a-z]+",outcome="accepted"} [1-9]`).MatchString(get("/metrics"))
	})
	w.until("events are written while it runs", func() bool { return len(w.events("events.jsonl")) > 10 })
	if s := strings.Join(w.events("events.jsonl"), ""); !strings.Contains(s, `"recipients_inside":0,"recipients_outside":1`) {
		t.Error("partner.test is not outside")
	}

	write("domains: {internal: [partner.test]}\nno_such_key: 1\n")
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("the bad configuration is refused", func() bool { return strings.Contains(w.log(), "that of before stays") })
	if err := os.Rename(filepath.Join(w.dir, "events.jsonl"), filepath.Join(w.dir, "old.jsonl")); err != nil {
		t.Fatal(err)
	}
	write("domains: {internal: [partner.test]}\n")
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("the configuration is read", func() bool { return strings.Contains(w.log(), "configuration read anew") })
	m.talk(t, 1)
	w.until("events go to the new file", func() bool {
		b, err := os.ReadFile(filepath.Join(w.dir, "events.jsonl"))
		return err == nil && bytes.Contains(b, []byte(`"recipients_inside":1,"recipients_outside":0`))
	})
	w.cmd.Process.Signal(syscall.SIGUSR1)
	w.until("a summary", func() bool { return strings.Contains(w.log(), `"schema"`) })
	doc, _ := w.end()
	m.check(t, doc)
}
