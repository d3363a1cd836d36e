package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// covered returns the time that the captures cover, widened so that the last sample is
// in it.
func covered(t *testing.T, sensor string) window {
	t.Helper()
	var doc struct {
		Capture struct{ First, Last time.Time }
	}
	out, err := exec.Command(sensor, "replay", "--quiet", "--json", captures).Output()
	if err == nil {
		err = json.Unmarshal(out, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return window{doc.Capture.First.Add(-time.Minute), doc.Capture.Last.Add(time.Minute), interval}
}

// victoria starts VictoriaMetrics.
func victoria(t *testing.T, retention string, args ...string) server {
	t.Helper()
	address := free(t)
	return start(t, address, "/health", need(t, "victoria-metrics"), append(args, "-httpListenAddr="+address,
		"-storageDataPath="+t.TempDir(), "-retentionPeriod="+retention, "-search.latencyOffset=0s", "-search.disableCache")...)
}

// Every panel and every rule finds data of a replay in VictoriaMetrics, to which the
// sensor pushed it.
func TestEndToEndPush(t *testing.T) {
	sensor := sensor(t)
	s := victoria(t, "100y")
	t.Log(run(t, sensor, "replay", "--quiet", "--push", s.url, captures))
	s.flush()
	w := covered(t, sensor)
	s.check(w, fromFile)
	s.replayRules(w)
}

// The same in Prometheus, for which the sensor wrote a file.
func TestEndToEndOpenMetrics(t *testing.T) {
	sensor := sensor(t)
	prometheus, promtool := need(t, "prometheus"), need(t, "promtool")
	dir := t.TempDir()
	file, config := filepath.Join(dir, "replay.om"), filepath.Join(dir, "prometheus.yml")
	run(t, sensor, "replay", "--quiet", "--openmetrics", file, captures)
	run(t, promtool, "tsdb", "create-blocks-from", "openmetrics", file, filepath.Join(dir, "data"))
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	address := free(t)
	s := start(t, address, "/-/ready", prometheus, "--web.listen-address="+address, "--config.file="+config,
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--storage.tsdb.retention.time=100y")
	s.check(covered(t, sensor), fromFile)
}

// What VictoriaMetrics would drop in silence is not sent. When it hides how long it
// keeps samples, and drops them, that is noticed afterwards.
func TestEndToEndRetention(t *testing.T) {
	sensor := sensor(t)
	s := victoria(t, "1d")
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	hides := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			http.NotFound(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer hides.Close()
	for address, want := range map[string]string{s.url: "nothing was sent", hides.URL: "it dropped the others"} {
		out, err := exec.Command(sensor, "replay", "--quiet", "--push", address, captures+"/smtp").CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: no %q in %s", err, want, out)
		}
	}
	s.flush()
	if names := s.values(window{time.Unix(0, 0), time.Now(), interval}, `{job="mailsensor"}`, "__name__"); len(names) > 0 {
		t.Errorf("it has %v", names)
	}
}

// flush has VictoriaMetrics show what it was just told.
func (s server) flush() {
	s.t.Helper()
	res, err := http.Get(s.url + "/internal/force_flush")
	if err != nil {
		s.t.Fatal(err)
	}
	res.Body.Close()
}

// replayRules has vmalert apply the rules to the time of the replay, and looks for
// what they record.
func (s server) replayRules(w window) {
	vmalert, err := exec.LookPath("vmalert")
	if err != nil {
		s.t.Log("SKIPPED: no vmalert to replay the rules with")
		return
	}
	run(s.t, vmalert, "-rule="+deploy+"/prometheus/rules.yml", "-datasource.url="+s.url, "-remoteWrite.url="+s.url,
		"-replay.timeFrom="+w.from.Format(time.RFC3339), "-replay.timeTo="+w.to.Format(time.RFC3339), "-replay.rulesDelay=1s")
	s.flush()
	for _, r := range readRules(s.t) {
		if r.Record != "" {
			q := question{"recorded: " + r.Record, r.Record, false, 0}
			s.expect(w, q, nil, max(wanted(q.who, r.Expr, fromFile), data))
		}
	}
}
