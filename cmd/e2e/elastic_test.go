package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every event and alert of a replay arrives in a real VictoriaLogs, which takes what
// Elasticsearch takes, at its own time. It does not know a document that it has: nothing
// may be sent twice while nothing fails.
func TestEndToEndElastic(t *testing.T) {
	sensor, program := sensor(t), need(t, "victoria-logs")
	address := free(t)
	s := start(t, address, "/health", program, "-httpListenAddr="+address, "-storageDataPath="+t.TempDir(), "-retentionPeriod=100y")
	settings := filepath.Join(t.TempDir(), "sensor.yaml")
	text := fmt.Sprintf("sinks:\n  - {name: logs, elastic: {url: %q}}\n",
		s.url+"/insert/elasticsearch?_time_field=@timestamp&_msg_field=message,event.action&_stream_fields=event.dataset")
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	events, alerts := filepath.Join(t.TempDir(), "events"), filepath.Join(t.TempDir(), "alerts")
	run(t, sensor, "replay", "-q", "--config", settings, "--sinks", "--events", events, "--alerts", alerts, captures)

	count := func(query string) (n int) {
		res, err := http.PostForm(s.url+"/select/logsql/query", url.Values{"query": {query + " | stats count() n"}})
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		if _, err := fmt.Sscanf(string(b), `{"n":"%d"}`, &n); err != nil {
			t.Fatalf("%s: %v: %s", query, err, b)
		}
		return n
	}
	all := len(lines(events)) + len(lines(alerts))
	await(t, "all of it is there", func() bool { return count("*") >= all })
	logins := strings.Count(strings.Join(lines(events), "\n"), `"type":"login"`)
	for query, want := range map[string]int{
		"*":                              all,
		"_time:[2026-11-23, 2026-11-23]": all, // by the packets' clock
		`{event.dataset="mailsensor.event"} event.kind:=event`: len(lines(events)),
		`{event.dataset="mailsensor.alert"} event.kind:=alert`: len(lines(alerts)),
		`event.category:authentication event.kind:=event`:      logins,
	} {
		if want == 0 {
			t.Errorf("%s: the samples have none", query)
		}
		await(t, query, func() bool { return count(query) == want }) // what is not on its disk yet it does not find by every field
	}
}
