package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"mailsensor/capture/live/livetest"
)

// hook takes what a webhook sends.
type hook struct {
	mu             sync.Mutex
	events, alerts []string
	requests       []string
	down           bool
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, r.URL.Path)
	if h.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var batch struct {
		Records []struct{ Event, Alert json.RawMessage }
	}
	if json.NewDecoder(r.Body).Decode(&batch) != nil {
		return
	}
	for _, rec := range batch.Records {
		if rec.Event != nil {
			h.events = append(h.events, string(rec.Event))
		} else {
			h.alerts = append(h.alerts, string(rec.Alert))
		}
	}
}

func (h *hook) set(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
}

func (h *hook) got() (events, alerts, requests []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events), slices.Clone(h.alerts), slices.Clone(h.requests)
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const hookKey = "0123456789abcdef-not-to-be-shown"

// The sinks of a running sensor, which has given up its rights, get what --events
// gets: one by name, one that is away for a time, a file; a reload changes where to,
// and one that is not good changes nothing.
func TestLiveSinks(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	m := newMailPeers(t, peer)
	h := &hook{}
	srv := httptest.NewTLSServer(h)
	defer srv.Close()
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	dir := t.TempDir()
	out := t.TempDir()
	key := put(t, filepath.Join(dir, "key"), hookKey+"\n")
	ca := put(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	list := put(t, filepath.Join(dir, "bad.txt"), "203.0.113.77\n")
	conf := filepath.Join(dir, "sensor.yaml")
	text := "intel: [" + list + "]\nsensor_name: probe\nsinks:\n" +
		"  - name: hook\n    spool: {folder: " + out + "/spool}\n    webhook: {url: \"https://localhost:" + port + "/first\", key_file: " + key + ", tls: {ca: " + ca + ", server_name: example.com}}\n" +
		"  - name: copy\n    send: [events]\n    file: {path: " + out + "/copy.jsonl}\n"
	put(t, conf, text)
	w := startWatcher(t, "--config", conf)
	if !strings.Contains(w.log(), "Landlock") || !strings.Contains(w.log(), "seccomp") {
		t.Log("not tried in a sandbox:", w.log())
	}
	all := func() bool {
		events, _, _ := h.got()
		lines := w.events("events.jsonl")
		return len(lines) > 0 && len(events) == len(lines)
	}
	m.talk(t, 2)
	w.until("the first events", all)

	h.set(true)
	m.talk(t, 2)
	w.until("a failure", func() bool { return strings.Contains(w.log(), "does not take lines") })
	h.set(false)
	w.until("the events of meanwhile", all)

	put(t, list, "not an indicator\n")
	w.until("a bad list", func() bool { return strings.Contains(w.log(), "the lists of indicators are not good") })
	put(t, conf, strings.Replace(text, "/first", "/bad", 1)+"nonsense: 1\n")
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("a bad file", func() bool { return strings.Contains(w.log(), "the configuration is not good") })
	put(t, list, livetest.FarAddr+"\n") // the server: an indicator from now on
	w.until("a good list", func() bool { return strings.Contains(w.log(), "lists of indicators read anew") })
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	put(t, conf, strings.Replace(text, "/first", "/bad", 1))
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("a key that is gone", func() bool { return strings.Contains(w.log(), "sink hook: open "+key) })
	put(t, key, hookKey+"\n")
	put(t, conf, strings.Replace(text, "/first", "/second", 1))
	w.cmd.Process.Signal(syscall.SIGHUP)
	w.until("a good file", func() bool { return strings.Contains(w.log(), "configuration read anew") })
	if err := os.Rename(out+"/copy.jsonl", out+"/copy.old"); err != nil {
		t.Fatal(err)
	}
	m.talk(t, 1)
	w.until("an alert by the list", func() bool {
		_, alerts, _ := h.got()
		return strings.Contains(strings.Join(alerts, ""), "bad.txt")
	})
	w.end()

	events, _, requests := h.got()
	raw := strings.Split(strings.TrimSpace(string(read(t, filepath.Join(w.dir, "events.jsonl")))), "\n")
	if !slices.Equal(events, raw) {
		t.Errorf("%d events at the hook, %d in the file", len(events), len(raw))
	}
	if slices.Contains(requests, "/bad") || !slices.Contains(requests, "/second") {
		t.Error(requests)
	}
	copied := string(read(t, out+"/copy.old"))
	if got := strings.Split(strings.TrimSpace(copied), "\n"); !slices.Equal(got, raw) {
		t.Errorf("%d events in the sink's file, %d in the other", len(got), len(raw))
	}
	if strings.Contains(w.log(), hookKey) {
		t.Error("the key is in the log")
	}
}

// What a killed sensor could not deliver the next one does, syslog over TLS, once and
// in order.
func TestLiveSinkAfterAKill(t *testing.T) {
	if !livetest.Alone(t) {
		return
	}
	m := newMailPeers(t, livetest.NewPeer(t))
	srv := httptest.NewUnstartedServer(nil) // for its certificate
	srv.StartTLS()
	srv.Close()
	dir, spool := t.TempDir(), filepath.Join(t.TempDir(), "spool")
	ca := put(t, filepath.Join(dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	address := srv.Listener.Addr().String()
	conf := put(t, filepath.Join(dir, "sensor.yaml"), "sinks:\n  - name: siem\n    send: [events]\n    spool: {folder: "+spool+"}\n    syslog: {address: \""+address+"\", format: json, tls: {ca: "+ca+"}}\n")
	w := startWatcher(t, "--config", conf)
	m.talk(t, 2)
	var want []string
	w.until("the spool", func() bool {
		want = nil
		for line := range strings.Lines(string(read(t, filepath.Join(w.dir, "events.jsonl")))) {
			want = append(want, strings.TrimSpace(line))
		}
		spooled := 0
		files, _ := filepath.Glob(spool + "/*.spool")
		for _, f := range files {
			spooled += strings.Count(string(read(t, f)), "\n")
		}
		return len(want) > 10 && spooled == len(want)
	})
	w.cmd.Process.Kill()
	w.cmd.Wait()
	w.ended = true

	l, err := tls.Listen("tcp", address, &tls.Config{Certificates: srv.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 10000)
	go func() {
		conn, err := l.Accept()
		for r := bufio.NewReader(conn); err == nil; {
			n := 0
			if _, err = fmt.Fscanf(r, "%d ", &n); err != nil {
				break
			}
			b := make([]byte, n)
			_, err = io.ReadFull(r, b)
			_, text, _ := strings.Cut(string(b), " - {")
			got <- "{" + text
		}
	}()
	w = startWatcher(t, "--config", conf)
	for i, line := range want {
		if s := <-got; s != line {
			t.Fatalf("line %d is %s, want %s", i, s, line)
		}
	}
	w.end()
	if !strings.Contains(w.log(), "lines are left in the spool from before") || len(got) > 0 && <-got == want[0] {
		t.Error(w.log())
	}
}

// Where no sink is on the network, nothing can be connected to, and what is
// configured later is not reached without a restart. A folder that is not there is
// said at the start.
func TestSinksFailAtTheStart(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"sinks: [{name: f, file: {path: " + dir + "/none/f}}]\n":                                                 "none",
		"sinks: [{name: h, webhook: {url: \"http://127.0.0.1:1\", key_file: " + dir + "/none}}]\n":               "none",
		"sinks: [{name: e, elastic: {url: \"http://127.0.0.1:1\", user: x, password_file: " + dir + "/none}}]\n": "none",
		"sinks: [{name: o, stdout: {}}]\n":                                                                       "both want standard output",
	} {
		conf := put(t, filepath.Join(dir, "sensor.yaml"), text)
		if o := sensor(nil, "replay", "-q", "--json", "--sinks", "--config", conf, attacked); o.code != 2 || !strings.Contains(o.err, want) {
			t.Errorf("%s: %+v", text, o)
		}
	}
}

// A replay sends to the sinks when it is asked to, the alerts too, and not otherwise.
func TestReplaySinks(t *testing.T) {
	dir := t.TempDir()
	conf := put(t, filepath.Join(dir, "sensor.yaml"), "sinks: [{name: f, file: {path: "+dir+"/f}}]\n")
	args := []string{"replay", "-q", "--config", conf, "--events", dir + "/events", "--alerts", dir + "/alerts", attacked}
	good(t, args...)
	if _, err := os.Stat(dir + "/f"); err == nil {
		t.Error("sent without --sinks")
	}
	good(t, append(args, "--sinks")...)
	if got, want := string(read(t, dir+"/f")), string(read(t, dir+"/events"))+string(read(t, dir+"/alerts")); got != want || len(want) == 0 {
		t.Errorf("%d octets, want %d", len(got), len(want))
	}
	put(t, conf, "sinks: [{name: o, send: [alerts], stdout: {}}]\n")
	if got := good(t, "replay", "-q", "--config", conf, "--sinks", attacked); got != string(read(t, dir+"/alerts")) {
		t.Errorf("%q", got)
	}
}
