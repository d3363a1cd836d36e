package sink

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// index is the bulk API, as far as it is used, and strict about it.
type index struct {
	t *testing.T
	inbox
	ids    map[string]bool
	auth   string
	status func(n, seen int) int // of the n-th event, when it comes for the seen-th time; 0 indexes it
	seen   map[int]int
	whole  func(w http.ResponseWriter, posts int) bool // answers the whole request
	posts  int
}

var (
	streamName = regexp.MustCompile(`^logs-mailsensor\.(event|alert)-test$`)
	idForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{20}$`)
)

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.posts++
	if r.Method != "POST" || r.URL.Path != "/es/_bulk" || r.Header.Get("Content-Type") != "application/x-ndjson" || r.Header.Get("Authorization") != x.auth {
		x.t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
	if x.whole != nil && x.whole(w, x.posts) {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !bytes.HasSuffix(body, []byte("\n")) {
		x.t.Errorf("%v: no line end at the end", err)
	}
	var items []string
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || !streamName.MatchString(action.Create.Index) || !idForm.MatchString(action.Create.ID) || !lines.Scan() {
			x.t.Errorf("%v: %s", err, lines.Bytes())
			return
		}
		var doc struct {
			Time       string `json:"@timestamp"`
			Mailsensor struct{ Event json.RawMessage }
			DataStream struct{ Type, Dataset, Namespace string } `json:"data_stream"`
		}
		if err := json.Unmarshal(lines.Bytes(), &doc); err != nil || doc.Time == "" || "logs-"+doc.DataStream.Dataset+"-"+doc.DataStream.Namespace != action.Create.Index {
			x.t.Errorf("%v: %s", err, lines.Bytes())
		}
		items = append(items, fmt.Sprintf(`{"create":{"status":%d,"error":{"type":"some_exception"}}}`, x.put(action.Create.ID, number(x.t, doc.Mailsensor.Event))))
	}
	fmt.Fprintf(w, `{"items":[%s]}`, strings.Join(items, ","))
}

// put indexes an event and returns its status.
func (x *index) put(id string, n int) int {
	x.seen[n]++
	if code := x.status(n, x.seen[n]); code != 0 {
		return code
	}
	if x.ids[id] {
		return http.StatusConflict
	}
	x.ids[id] = true
	x.got = append(x.got, n)
	return http.StatusCreated
}

func newIndex(t *testing.T) (*index, *httptest.Server) {
	x := &index{t: t, ids: map[string]bool{}, seen: map[int]int{}, auth: "ApiKey c2VjcmV0", status: func(int, int) int { return 0 }}
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	return x, srv
}

func elasticConfig(t *testing.T, url string) Config {
	return Config{Name: "es", QueueMiB: 4, Elastic: &ElasticConfig{URL: url + "/es/", Namespace: "test", APIKeyFile: withFile(t, "c2VjcmV0\n")}}
}

// Lines that were in the way come again, alone, those that do not fit are dropped and
// counted, and nothing is there twice; with a spool and without one.
func TestElasticLineByLine(t *testing.T) {
	t.Parallel()
	for _, spooled := range []bool{false, true} {
		x, srv := newIndex(t)
		x.status = func(n, seen int) int {
			switch {
			case n%10 == 3:
				return 400
			case n%7 == 0 && seen == 1:
				return 429
			case n%11 == 0 && seen < 4:
				return 503
			}
			return 0
		}
		c, j := elasticConfig(t, srv.URL), new(journal)
		if spooled {
			c.Spool = &SpoolConfig{Folder: filepath.Join(t.TempDir(), "s")}
		}
		g := started(t, j, c)
		feed(g, 0, 2000)
		until(t, "all of them", func() bool { return metric(t, g, "lines_total") == 1800 && metric(t, g, "queue_bytes") == 0 })
		if got := x.list(); len(got) != 1800 || metric(t, g, "rejected_lines_total") != 200 || metric(t, g, "lost_lines_total") != 0 {
			t.Errorf("%d are there, %d were rejected", len(got), metric(t, g, "rejected_lines_total"))
		}
		if s := j.String(); !strings.Contains(s, "some_exception") || strings.Contains(s, "c2VjcmV0") {
			t.Error(s)
		}
	}
}

// Whatever comes instead of an answer, all lines are there in the end, once.
func TestElasticGarbage(t *testing.T) {
	x, srv := newIndex(t)
	answers := []string{"", "<html>", `{"items":[]}`, `{"items":[{"index":{"status":200}}]}`, `[]`, `{"items":[{"create":{"status":"x"}}]}`, strings.Repeat(`{"items":[`, 1000)}
	x.whole = func(w http.ResponseWriter, posts int) bool {
		switch {
		case posts <= len(answers):
			io.WriteString(w, answers[posts-1])
		case posts < len(answers)+4:
			w.WriteHeader([]int{401, 500, 302, 429}[posts-len(answers)])
		default:
			return false
		}
		return true
	}
	g := started(t, new(journal), elasticConfig(t, srv.URL))
	feed(g, 0, 100)
	(&x.inbox).exactly(t, 100)
	if n := metric(t, g, "errors_total"); n < len(answers)+3 {
		t.Error(n)
	}
}

// What arrived, and whose answer was lost, is not there twice.
func TestElasticAnswerLost(t *testing.T) {
	x, srv := newIndex(t)
	lose := true
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		x.ServeHTTP(rec, r)
		if lose {
			lose = false
			panic(http.ErrAbortHandler)
		}
		w.Write(rec.Body.Bytes())
	}))
	defer proxy.Close()
	_ = srv
	g := started(t, new(journal), elasticConfig(t, proxy.URL))
	feed(g, 0, 500)
	until(t, "all of them", func() bool { return metric(t, g, "lines_total") == 500 })
	(&x.inbox).exactly(t, 500)
	if metric(t, g, "errors_total") != 1 {
		t.Error("nothing was lost")
	}
}

func TestElasticTooLarge(t *testing.T) {
	t.Parallel()
	x, srv := newIndex(t)
	x.auth = "Basic bWFpbDpzZWNyZXQ=" // mail:secret
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 100<<10 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		x.ServeHTTP(w, r)
	})
	c := elasticConfig(t, srv.URL)
	c.Elastic.APIKeyFile, c.Elastic.User, c.Elastic.PasswordFile = "", "mail", withFile(t, "secret")
	g := started(t, new(journal), c)
	feed(g, 0, 700)
	(&x.inbox).exactly(t, 700)
	g.Event(append(bytes.TrimSuffix(event(700), []byte("}")), fmt.Sprintf(`,"text":"%0200000d"}`, 0)...))
	until(t, "a line that is too large", func() bool { return metric(t, g, "rejected_lines_total") == 1 })
}

// The API's path goes before the query of the URL, not behind it.
func TestElasticURL(t *testing.T) {
	const filter = "filter_path=items.*.status,items.*.error.type"
	for base, want := range map[string]string{
		"http://es:9200":  "http://es:9200/_bulk?" + filter,
		"http://es:9200/": "http://es:9200/_bulk?" + filter,
		"https://es/a/b/": "https://es/a/b/_bulk?" + filter,
		"http://vl:9428/insert/x?_time_field=@timestamp":  "http://vl:9428/insert/x/_bulk?_time_field=@timestamp&" + filter,
		"http://vl:9428/insert/x/?_time_field=@timestamp": "http://vl:9428/insert/x/_bulk?_time_field=@timestamp&" + filter,
	} {
		if got, err := bulkURL(base); err != nil || got != want {
			t.Errorf("%s: %s, %v", base, got, err)
		}
	}
}
