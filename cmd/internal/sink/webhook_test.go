package sink

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const testKey = "a-key-of-32-characters-for-tests"

// file with a content.
func withFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// hook is a receiver of webhooks: it looks at the signature as Standard Webhooks
// says, and has a say in the answer.
type hook struct {
	t *testing.T
	inbox
	answer atomic.Pointer[func(w http.ResponseWriter, lines int) bool] // returns whether the batch was taken
	posts  atomic.Int64
	active atomic.Int64
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.posts.Add(1)
	h.active.Add(1)
	defer h.active.Add(-1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // cut off
	}
	mac := hmac.New(sha256.New, []byte(testKey))
	io.WriteString(mac, r.Header.Get("webhook-id")+"."+r.Header.Get("webhook-timestamp")+"."+string(body))
	if got, want := r.Header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)); got != want {
		h.t.Errorf("signature %q, want %q", got, want)
	}
	var batch struct {
		Schema, Sensor string
		Records        []struct{ Event, Alert json.RawMessage }
	}
	if err := json.Unmarshal(body, &batch); err != nil || batch.Schema != "mailsensor/webhook/v1" || batch.Sensor != "probe" {
		h.t.Errorf("%v: %s", err, body)
	}
	if f := h.answer.Load(); f != nil && !(*f)(w, len(batch.Records)) {
		return
	}
	for _, r := range batch.Records {
		h.add(number(h.t, append(r.Event, r.Alert...)))
	}
}

func (h *hook) answers(f func(w http.ResponseWriter, lines int) bool) { h.answer.Store(&f) }

func answering(code int) func(http.ResponseWriter, int) bool {
	return func(w http.ResponseWriter, _ int) bool {
		w.WriteHeader(code)
		return false
	}
}

func accept(http.ResponseWriter, int) bool { return true }

func newHook(t *testing.T) (*hook, *httptest.Server) {
	h := &hook{t: t}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return h, srv
}

func hookConfig(t *testing.T, url string) Config {
	return Config{Name: "hook", QueueMiB: 1, Webhook: &WebhookConfig{URL: url, KeyFile: withFile(t, testKey+"\n")}}
}

// A receiver that is down, or says that it cannot, gets everything in order and
// once when it is back; with a spool and without one.
func TestWebhookCutOff(t *testing.T) {
	t.Parallel()
	for _, spooled := range []bool{false, true} {
		h, srv := newHook(t)
		c, j := hookConfig(t, srv.URL), new(journal)
		if spooled {
			c.Spool = &SpoolConfig{Folder: filepath.Join(t.TempDir(), "new", "spool")}
		}
		g := started(t, j, c)
		feed(g, 0, 100)
		h.exactly(t, 100)
		for round, answer := range []func(http.ResponseWriter, int) bool{
			answering(503), answering(429), answering(404), answering(302),
			func(w http.ResponseWriter, _ int) bool { panic(http.ErrAbortHandler) },
		} {
			h.answers(answer)
			errors := metric(t, g, "errors_total")
			feed(g, 100+500*round, 350+500*round)
			until(t, "some attempts", func() bool { return metric(t, g, "errors_total") > errors+2 })
			if metric(t, g, "up") != 0 {
				t.Error("a sink that is down is up")
			}
			feed(g, 350+500*round, 600+500*round)
			if spooled {
				until(t, "the spool", func() bool { return metric(t, g, "spool_lines") == 500 })
			}
			h.answers(accept)
			h.exactly(t, 600+500*round)
		}
		until(t, "2600 lines", func() bool { return metric(t, g, "lines_total") == 2600 })
		if metric(t, g, "up") != 1 || metric(t, g, "lost_lines_total") != 0 {
			t.Error(j)
		}
		if spooled {
			until(t, "an empty spool", func() bool { return metric(t, g, "spool_bytes") == 0 })
		}
		if strings.Contains(j.String(), testKey) {
			t.Error("the key is in the log")
		}
	}
}

// What has room neither in memory nor on the disk is lost, counted to the line, and
// what was kept arrives in order.
func TestBeyondTheBound(t *testing.T) {
	for _, spooled := range []bool{false, true} {
		h, srv := newHook(t)
		h.answers(answering(503))
		c := hookConfig(t, srv.URL)
		bound := 1 << 20
		if spooled {
			c.Spool = &SpoolConfig{Folder: t.TempDir(), MiB: 1}
			bound *= 2
		}
		g := started(t, new(journal), c)
		const n = 20000
		for i := 0; i < n; i += 500 {
			feed(g, i, i+500)
			if spooled { // a burst larger than the memory is another matter
				until(t, "room", func() bool {
					return metric(t, g, "queue_bytes") < 1<<19 || metric(t, g, "spool_bytes") > 1<<20-1000
				})
			}
		}
		if spooled {
			until(t, "a full spool", func() bool { return metric(t, g, "spool_bytes") > 1<<20-1000 })
		}
		lost := metric(t, g, "lost_lines_total")
		h.answers(accept)
		until(t, "the rest", func() bool { return len(h.list()) >= n-lost })
		last, octets := -1, 0
		for _, i := range h.list() {
			if i <= last {
				t.Fatalf("%d came behind %d", i, last)
			}
			last = i
			octets += len(event(i)) + recordHead
		}
		if got := len(h.list()); got+lost != n || lost == 0 || octets > bound || octets < bound*9/10 {
			t.Errorf("%d came (%d octets), %d were lost, of %d", got, octets, lost, n)
		}
	}
}

// What could not be delivered before the end comes after the next start.
func TestRestartWithSpool(t *testing.T) {
	h, srv := newHook(t)
	c, j := hookConfig(t, srv.URL), new(journal)
	c.Spool = &SpoolConfig{Folder: t.TempDir()}
	h.answers(answering(503))
	for i := range 3 {
		g := started(t, j, c)
		feed(g, i*1000, i*1000+1000)
		g.Close(50 * time.Millisecond)
	}
	until(t, "an idle receiver", func() bool { return h.active.Load() == 0 })
	if !strings.Contains(j.String(), "stay in the spool") || !strings.Contains(j.String(), "lines=3000") {
		t.Error(j)
	}
	h.answers(accept)
	g := started(t, j, c)
	feed(g, 3000, 3100)
	h.exactly(t, 3100)
	g.Close(time.Second)
	if g := started(t, j, c); metric(t, g, "spool_lines") != 0 {
		t.Error("it comes again")
	}
}

// copied is a folder as a crash would leave it.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// A crash loses nothing that is in the spool; of what was delivered, it repeats a
// batch at most.
func TestCrashWithSpool(t *testing.T) {
	h, srv := newHook(t)
	h.answers(answering(503))
	c := hookConfig(t, srv.URL)
	c.QueueMiB, c.Spool = 8, &SpoolConfig{Folder: t.TempDir()}
	g := started(t, new(journal), c)
	feed(g, 0, 5000)
	until(t, "the spool", func() bool { return metric(t, g, "spool_lines") == 5000 })
	before := copied(t, c.Spool.Folder)
	var taken atomic.Int64
	h.answers(func(w http.ResponseWriter, lines int) bool {
		if taken.Load() > 2000 { // and then it is gone again
			w.WriteHeader(503)
			return false
		}
		taken.Add(int64(lines))
		return true
	})
	until(t, "some of it", func() bool { return taken.Load() > 2000 && metric(t, g, "spool_lines") == 5000-int(taken.Load()) })
	after := copied(t, c.Spool.Folder)
	g.Close(0)
	for _, dir := range []string{before, after} {
		h, srv := newHook(t)
		c := hookConfig(t, srv.URL)
		c.Spool = &SpoolConfig{Folder: dir}
		g := started(t, new(journal), c)
		until(t, "the rest", func() bool { return metric(t, g, "spool_lines") == 0 })
		got, delivered := h.list(), 0
		if dir == after {
			delivered = int(taken.Load())
		}
		if from := 5000 - len(got); from > delivered || from < delivered-batchLines {
			t.Errorf("from %d on, %d had been delivered", from, delivered)
		}
		for i, n := range got {
			if n != 5000-len(got)+i {
				t.Fatalf("%d in place %d", n, i)
			}
		}
	}
}

// A reload changes all or nothing.
func TestReload(t *testing.T) {
	old, oldSrv := newHook(t)
	next := &hook{t: t}
	oldSrv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // the same port: the sandbox knows no other
		if r.URL.Path == "/next" {
			next.ServeHTTP(w, r)
			return
		}
		old.ServeHTTP(w, r)
	})
	c, j := hookConfig(t, oldSrv.URL), new(journal)
	f := Config{Name: "f", File: &FileConfig{Path: filepath.Join(t.TempDir(), "x")}}
	g := started(t, j, c, f)
	feed(g, 0, 10)
	old.exactly(t, 10)
	moved := func() []Config {
		c := hookConfig(t, oldSrv.URL+"/next")
		c.Send = []string{"events"}
		list := []Config{c, f}
		if _, err := CheckAll(list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := moved()
	list[1].File = &FileConfig{Path: "/nowhere/x"}
	if _, _, err := g.Reload(list); err == nil || !strings.Contains(err.Error(), "sink f: ") {
		t.Error(err)
	}
	feed(g, 10, 20)
	old.exactly(t, 20)
	for _, change := range []func(l []Config) []Config{
		func(l []Config) []Config { return l[:1] },
		func(l []Config) []Config { l[0].QueueMiB++; return l },
		func(l []Config) []Config { l[0].Spool = &SpoolConfig{}; return l },
		func(l []Config) []Config { l[0].Name = "other"; return l },
		func(l []Config) []Config { l[0].Webhook.URL = "https://127.0.0.1:9/next"; return l },
	} {
		if _, restart, err := g.Reload(change(moved())); !restart || err != nil {
			t.Error("no restart is needed", err)
		}
	}
	apply, restart, err := g.Reload(moved())
	if err != nil || restart {
		t.Fatal(err, restart)
	}
	apply()
	feed(g, 20, 30)
	g.Alert([]byte(`{"connection":99}`)) // is not sent there any more
	until(t, "ten events", func() bool { return len(next.list()) == 10 })
	if got := next.list(); got[0] != 20 || got[9] != 29 || len(old.list()) != 20 {
		t.Error(got)
	}
}

// The end waits for what is on its way, but not for ever; without a spool the rest is
// lost and said.
func TestEnd(t *testing.T) {
	h, srv := newHook(t)
	c, j := hookConfig(t, srv.URL), new(journal)
	g := started(t, j, c)
	feed(g, 0, 2500)
	g.Close(20 * time.Second)
	h.exactly(t, 2500)

	release := make(chan bool)
	h.answers(func(http.ResponseWriter, int) bool { <-release; return false })
	g = started(t, j, c)
	feed(g, 0, 2500)
	begun := time.Now()
	g.Close(50 * time.Millisecond)
	close(release)
	if d := time.Since(begun); d > 5*time.Second || metric(t, g, "lost_lines_total") != 2500 || !strings.Contains(j.String(), "lines=2500") {
		t.Error(d, metric(t, g, "lost_lines_total"), j)
	}
}

// A receiver that takes its time costs nothing as long as there is room.
func TestSlowReceiver(t *testing.T) {
	h, srv := newHook(t)
	h.answers(func(http.ResponseWriter, int) bool { time.Sleep(20 * time.Millisecond); return true })
	c := hookConfig(t, srv.URL)
	c.QueueMiB, c.Spool = 8, &SpoolConfig{Folder: t.TempDir()}
	g := started(t, new(journal), c)
	for i := range 20 {
		feed(g, i*500, i*500+500)
		time.Sleep(2 * time.Millisecond)
	}
	h.exactly(t, 10000)
	if metric(t, g, "lost_lines_total") != 0 {
		t.Error("lines are lost")
	}
}

// A batch that is too large is divided, one that is bad is given up and counted.
func TestWebhookRefuses(t *testing.T) {
	h, srv := newHook(t)
	h.answers(func(w http.ResponseWriter, lines int) bool {
		if lines > 10 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		return lines <= 10
	})
	g := started(t, new(journal), hookConfig(t, srv.URL))
	feed(g, 0, 333)
	h.exactly(t, 333)
	h.answers(answering(http.StatusBadRequest))
	feed(g, 333, 400)
	until(t, "a refusal", func() bool { return metric(t, g, "rejected_lines_total") == 67 })
	if metric(t, g, "lines_total") != 333 || metric(t, g, "errors_total") != 0 {
		t.Error("a refusal counts as delivered, or is repeated")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	h, srv := newHook(t)
	h.answers(func(w http.ResponseWriter, _ int) bool {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return false
	})
	g := started(t, new(journal), hookConfig(t, srv.URL))
	feed(g, 0, 1)
	until(t, "a post", func() bool { return h.posts.Load() > 0 })
	refused := time.Now()
	h.answers(accept)
	h.exactly(t, 1)
	if d := time.Since(refused); d < 900*time.Millisecond {
		t.Error("it came again after", d)
	}
	date := &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)}}}
	b := backoff{time.Millisecond, time.Second}
	if d := b.delay(0, retryAfter(date)); d < 55*time.Second || d > time.Minute {
		t.Error(d)
	}
	if d := b.delay(0, later{nil, 999 * time.Hour}); d != maxLater {
		t.Error(d)
	}
	for fails := range 100 {
		if d := b.delay(fails, nil); d < 500*time.Microsecond || d > time.Second || fails > 20 && d < 500*time.Millisecond {
			t.Error(fails, d)
		}
	}
}

// Whatever a receiver answers that is no HTTP, nothing is lost, and nothing panics.
func TestGarbage(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answers := []string{"", "\x00\xff\x00", "220 smtp.example ESMTP\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n", "HTTP/1.1 999999 X\r\n\r\n", strings.Repeat("x", 1<<20)}
	go func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.WriteString(c, answers[i%len(answers)])
				c.Close()
			}()
		}
	}()
	g := started(t, new(journal), hookConfig(t, "http://"+l.Addr().String()))
	feed(g, 0, 100)
	until(t, "all of them", func() bool { return metric(t, g, "errors_total") > len(answers) || metric(t, g, "lines_total") > 0 })
	if metric(t, g, "lost_lines_total") != 0 {
		t.Error("lines are lost")
	}
}

// Nobody is told anything who does not show the right certificate.
func TestCertificates(t *testing.T) {
	h := &hook{t: t}
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	for name, conf := range map[string]*TLSConfig{
		"unknown authority": nil,
		"another name":      {CA: withFile(t, string(authority)), ServerName: "siem.corp.test"},
	} {
		c, j := hookConfig(t, srv.URL), new(journal)
		c.Webhook.TLS = conf
		g := started(t, j, c)
		feed(g, 0, 10)
		until(t, name, func() bool { return metric(t, g, "errors_total") > 2 })
		if len(h.list()) > 0 || !strings.Contains(j.String(), "x509") {
			t.Error(name, j)
		}
	}
	c := hookConfig(t, srv.URL)
	c.Webhook.TLS = &TLSConfig{CA: withFile(t, string(authority))}
	g := started(t, new(journal), c)
	feed(g, 0, 10)
	h.exactly(t, 10)
	c.Webhook.TLS = &TLSConfig{CA: withFile(t, "no certificate")}
	if _, err := Open([]Config{c}, Options{}); err == nil || !bytes.Contains([]byte(err.Error()), []byte("no certificate")) {
		t.Error(err)
	}
}
