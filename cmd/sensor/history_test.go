package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mailsensor/capture/synth"
)

// lastOf sums the last values of the series of a name, by what its labels hold.
func lastOf(text, name string, labels ...string) (sum uint64) {
	last := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^mailsensor_`+name+`\{([^}]*)\} (\d+) `).FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(m[1], l) }) {
			var n uint64
			fmt.Sscan(m[2], &n)
			last[m[1]] = n
		}
	}
	for _, n := range last {
		sum += n
	}
	return sum
}

// The series of a replay do not depend on the number of workers, and end with what the
// summary has.
func TestOpenMetrics(t *testing.T) {
	for _, file := range samples(t) {
		var texts [2][]byte
		var doc struct {
			Rules  []struct{ Live, Outside, Removed bool }
			Totals struct {
				SMTP struct {
					A uint64 `json:"messages_accepted"`
					R uint64 `json:"messages_rejected"`
					U uint64 `json:"messages_unfinished"`
					B uint64 `json:"message_bytes"`
					T uint64 `json:"recipients_accepted"`
					L uint64 `json:"logins_failed"`
				}
				IMAP struct {
					I uint64 `json:"body_items"`
					B uint64 `json:"body_bytes"`
					L uint64 `json:"logins_ok"`
					D uint64 `json:"messages_downloaded"`
					C string `json:"messages_downloaded_confidence"`
				}
			}
		}
		for i, workers := range []string{"1", "8"} {
			path := filepath.Join(t.TempDir(), "om")
			out := sensor(nil, "replay", "-q", "--json", "--workers", workers, "--openmetrics", path, "--push-interval", "1s", file)
			if out.code != exitOK || json.Unmarshal([]byte(out.out), &doc) != nil {
				t.Fatalf("%s: exit %d: %s", file, out.code, out.err)
			}
			texts[i] = read(t, path)
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Errorf("%s: differs with the number of workers", file)
		}
		text := string(texts[0])
		distinct := lastOf(text, "downloaded_messages_total", `protocol="imap"`)
		if doc.Totals.IMAP.C == "lower_bound" { // then it is without what may be the same
			distinct = min(distinct, doc.Totals.IMAP.D)
		}
		outside := uint64(0)
		for _, r := range doc.Rules {
			if r.Live && r.Outside && !r.Removed {
				outside++
			}
		}
		smtp, imap := doc.Totals.SMTP, doc.Totals.IMAP
		mtp := func(name, labels string) uint64 {
			return lastOf(text, name, `protocol="smtp"`, labels) + lastOf(text, name, `protocol="lmtp"`, labels)
		}
		for _, c := range []struct {
			name      string
			got, want uint64
		}{
			{"accepted", mtp("messages_total", `outcome="accepted"`), smtp.A},
			{"rejected", mtp("messages_total", `outcome="rejected"`), smtp.R},
			{"unfinished", mtp("messages_total", `outcome="unfinished"`), smtp.U},
			{"octets", mtp("message_bytes_total", ""), smtp.B},
			{"recipients", mtp("recipients_total", `outcome="accepted"`), smtp.T},
			{"failed logins", mtp("logins_total", `outcome="failed"`), smtp.L},
			{"items", lastOf(text, "body_items_total", `protocol="imap"`), imap.I},
			{"bodies", lastOf(text, "body_bytes_total", `protocol="imap"`), imap.B},
			{"distinct", distinct, imap.D},
			{"rules", lastOf(text, "rules_in_force", `target="outside"`), outside},
			{"logins", lastOf(text, "logins_total", `protocol="imap",outcome="ok"`), imap.L},
		} {
			if c.got != c.want {
				t.Errorf("%s: %s: %d, the summary has %d", file, c.name, c.got, c.want)
			}
		}
	}
}

// What Prometheus deletes unless it was told otherwise is said.
func TestOpenMetricsTooOld(t *testing.T) {
	frames := load(t, normal)
	for i := range frames {
		frames[i].Time = 1_700_000_000e9 + int64(i)
	}
	dir := t.TempDir()
	old := filepath.Join(dir, "old.pcap")
	if err := synth.WriteFile(old, frames); err != nil {
		t.Fatal(err)
	}
	o := sensor(nil, "replay", "--openmetrics", filepath.Join(dir, "om"), old)
	if o.code != exitOK || !strings.Contains(o.err, "--storage.tsdb.retention.time") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
}

// A capture that is older than the receiver keeps is not sent, and that is said.
func TestPushTooOld(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost {
			t.Error("sent")
		}
		fmt.Fprintln(w, `flag{name="retentionPeriod", value="1d", is_set="true"} 1`)
	}))
	defer s.Close()
	o := sensor(nil, "replay", "-q", "--push", s.URL, normal)
	if o.code != exitBad || !strings.Contains(o.err, "would be dropped") || !strings.Contains(o.err, "-retentionPeriod=") {
		t.Errorf("exit %d: %s", o.code, o.err)
	}
	for _, args := range [][]string{{"--push", "x"}, {"--push-token-file", "x"}, {"--openmetrics", "-"}, {"--openmetrics", normal}, {"--openmetrics", "x", "--push-interval", "0s"}} {
		if o := sensor(nil, append([]string{"replay", "-q", normal}, args...)...); o.code != exitBad || o.err == "" {
			t.Errorf("%v: exit %d: %s", args, o.code, o.err)
		}
	}
}
