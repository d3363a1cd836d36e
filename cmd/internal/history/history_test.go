package history

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"mailsensor/cmd/internal/metrics"

	"github.com/klauspost/compress/gzip"
)

const minute = int64(time.Minute)

// recorded is of a counter that grows by 1 in the second and by 5 in the tenth minute,
// and of a name that appears there.
func recorded(interval time.Duration) *Recorder {
	reg := metrics.New("v")
	vec, top := reg.NewVec("messages_total", "protocol"), reg.NewTop("account_messages_total", "account", 3)
	vec.Add(0, "smtp")
	r := New(reg, interval)
	for i := range int64(20) {
		r.Advance(1_700_000_040e9 + i*minute)
		switch i {
		case 1:
			vec.Add(1, "smtp")
		case 9:
			vec.Add(5, "smtp")
			top.Add([]byte(`a"b`), 5)
		}
	}
	r.Finish()
	return r
}

func openMetrics(t *testing.T, r *Recorder) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteOpenMetrics(&b, []Label{{"capture", `x"y`}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A series begins at 0, has a sample before and after each change, and others so close
// together that Prometheus draws a line.
func TestOpenMetrics(t *testing.T) {
	text := openMetrics(t, recorded(time.Minute))
	for _, want := range []string{
		"# TYPE mailsensor_messages counter\n# HELP mailsensor_messages ",
		`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 0 1700000040` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 0 1700000100` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000160` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000220` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000280` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000340` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000400` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000460` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 1 1700000580` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 6 1700000640` + "\n",
		`mailsensor_account_messages_total{account="a\"b",capture="x\"y"} 0 1700000580` + "\n" +
			`mailsensor_account_messages_total{account="a\"b",capture="x\"y"} 5 1700000640` + "\n",
		`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 6 1700000940` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 6 1700001180` + "\n" +
			`mailsensor_messages_total{protocol="smtp",capture="x\"y"} 6 1700001240` + "\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if !strings.HasSuffix(text, "\n# EOF\n") {
		t.Error("no end")
	}
	ordered(t, text)
}

// ordered fails unless families are together, and the times of a series rise.
func ordered(t *testing.T, text string) {
	t.Helper()
	types, last, at := map[string]bool{}, "", 0.0
	done := map[string]bool{}
	line := regexp.MustCompile(`^(\w+(?:\{.*\})?) (\S+) (\S+)$`)
	for l := range strings.Lines(strings.TrimSuffix(text, "# EOF\n")) {
		if f := strings.Fields(l); f[0] == "#" {
			if f[1] == "TYPE" && types[f[2]] {
				t.Errorf("%s twice", f[2])
			}
			types[f[2]] = true
			continue
		}
		m := line.FindStringSubmatch(strings.TrimSuffix(l, "\n"))
		var now float64
		if m == nil {
			t.Fatalf("%q", l)
		}
		fmt.Sscan(m[3], &now)
		if m[1] == last && now <= at {
			t.Errorf("%q is not later than %v", l, at)
		}
		if m[1] != last && done[m[1]] {
			t.Errorf("%q is apart from its series", l)
		}
		last, at = m[1], now
		done[last] = true
	}
}

// Too many values: samples are further apart, and the sums are what they were.
func TestThin(t *testing.T) {
	reg := metrics.New("v")
	vec := reg.NewVec("messages_total", "protocol")
	vec.Add(0, "smtp")
	r := New(reg, time.Minute)
	r.most = 50
	for i := range int64(1000) {
		r.Advance(1_700_000_000e9 + i*minute)
		vec.Add(1, "smtp")
	}
	r.Finish()
	text := openMetrics(t, r)
	ordered(t, text)
	if r.Interval() != 32*time.Minute || r.points > r.most || !strings.Contains(text, `{protocol="smtp",capture="x\"y"} 1000 `) {
		t.Errorf("%v, %d points", r.Interval(), r.points)
	}
}

// receiver is VictoriaMetrics as far as it matters here.
type receiver struct {
	retention string
	lose      int // one sample of so many; 0: none
	samples   map[string]bool
	status    int
	posts     int
}

func (v *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	switch req.URL.Path {
	case "/vm/metrics":
		fmt.Fprintf(w, "flag{name=\"retentionPeriod\", value=%q, is_set=\"true\"} 1\n", v.retention)
	case "/vm/api/v1/import/prometheus":
		v.posts++
		z, err := gzip.NewReader(req.Body)
		if err != nil || v.status != 0 {
			http.Error(w, "no", max(v.status, 400))
			return
		}
		b, _ := io.ReadAll(z)
		for i, l := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			if v.lose == 0 || i%v.lose != 0 {
				v.samples[l] = true
			}
		}
		w.WriteHeader(http.StatusNoContent)
	case "/vm/api/v1/query":
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"%d"]}]}}`, len(v.samples))
	default:
		http.NotFound(w, req)
	}
}

func push(t *testing.T, v *receiver) error {
	t.Helper()
	v.samples = map[string]bool{}
	s := httptest.NewServer(v)
	defer s.Close()
	p, err := NewPusher(context.Background(), s.URL+"/vm/", "secret")
	if err != nil {
		t.Fatal(err)
	}
	p.wait = 40 * time.Millisecond
	r := recorded(time.Minute)
	first, last := r.Span()
	if err := p.Check(first, last, time.Unix(1_700_000_000, 0).Add(40*24*time.Hour)); err != nil {
		return err
	}
	sent, checked, err := p.Push(context.Background(), r, []Label{{"capture", "x"}})
	if err == nil && (!checked || sent == 0 || int(sent) != len(v.samples)) {
		t.Errorf("%d sent, %d arrived, checked %v", sent, len(v.samples), checked)
	}
	return err
}

func TestPush(t *testing.T) {
	v := &receiver{retention: "2y"}
	if err := push(t, v); err != nil {
		t.Fatal(err)
	}
	if !v.samples[`mailsensor_messages_total{protocol="smtp",capture="x"} 6 1700000640000`] {
		t.Error(v.samples)
	}
	for _, c := range []struct {
		v    *receiver
		want string
	}{
		{&receiver{retention: "1"}, "from 2023-11-14T22:14:00Z to 2023-11-14T22:34:00Z would be dropped"},
		{&receiver{retention: "2y", lose: 3}, "it dropped the others"},
		{&receiver{retention: "2y", status: 404}, "Is it VictoriaMetrics?"},
		{&receiver{retention: "2y", status: 503}, "answers 503"},
		{&receiver{retention: "2y", status: 403}, "--push-token-file"},
	} {
		err := push(t, c.v)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, not %q", err, c.want)
		}
		if c.v.retention == "1" && c.v.posts > 0 {
			t.Error("sent all the same")
		}
	}
	if _, err := NewPusher(context.Background(), "localhost:8428", ""); err == nil {
		t.Error("no scheme")
	}
	closed := httptest.NewServer(v)
	closed.Close()
	if _, err := NewPusher(context.Background(), closed.URL, ""); err == nil || !strings.Contains(err.Error(), "Is VictoriaMetrics running") {
		t.Error(err)
	}
}

func TestRetention(t *testing.T) {
	for s, want := range map[string]time.Duration{"1": 31 * 24 * time.Hour, "30d": 720 * time.Hour, "100y": 100 * 365 * 24 * time.Hour,
		"2w": 336 * time.Hour, "": 0, "x": 0, "-1": 0, "1h": time.Hour} {
		if got := parseRetention(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
