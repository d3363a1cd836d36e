package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rsyslogd receives frames of octet counting (RFC 6587) over TCP, parses RFC 5424 by
// itself and writes, of each message, what it understood.
const rsyslogConfig = `
module(load="imtcp")
template(name="parts" type="list") {
  constant(value="{") property(name="pri" format="jsonf") constant(value=",")
  property(name="hostname" format="jsonf") constant(value=",") property(name="app-name" format="jsonf") constant(value=",")
  property(name="msgid" format="jsonf") constant(value=",") property(name="timereported" dateFormat="rfc3339" format="jsonf") constant(value=",")
  property(name="msg" format="jsonf") constant(value="}\n")
}
global(workDirectory="%s" maxMessageSize="1m")
input(type="imtcp" address="127.0.0.1" port="%s" ruleset="all")
ruleset(name="all") { action(type="omfile" file="%s" template="parts" flushInterval="1") }
`

// Every event and alert of a replay arrives in a real rsyslog, whole and in order, in
// both forms.
func TestEndToEndSyslog(t *testing.T) {
	sensor, rsyslogd := sensor(t), need(t, "rsyslogd")
	for _, format := range []string{"json", "cef"} {
		dir, address := t.TempDir(), free(t)
		_, port, _ := net.SplitHostPort(address)
		received := filepath.Join(dir, "received")
		config := filepath.Join(dir, "rsyslog.conf")
		if err := os.WriteFile(config, fmt.Appendf(nil, rsyslogConfig, dir, port, received), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"-n", "-f", config, "-i", filepath.Join(dir, "pid")}
		if modules := os.Getenv("RSYSLOG_MODDIR"); modules != "" {
			args = append(args, "-M", modules)
		}
		var log output
		cmd := exec.Command(rsyslogd, args...)
		cmd.Stdout, cmd.Stderr = &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
		await(t, "rsyslogd listens", func() bool {
			c, err := net.Dial("tcp", address)
			if err == nil {
				c.Close()
			}
			return err == nil
		})
		settings := filepath.Join(dir, "sensor.yaml")
		text := fmt.Sprintf("sensor_name: hq-1\nsinks:\n  - {name: siem, syslog: {address: %q, format: %s}}\n", address, format)
		if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		events, alerts := filepath.Join(dir, "events"), filepath.Join(dir, "alerts")
		run(t, sensor, "replay", "-q", "--config", settings, "--sinks", "--events", events, "--alerts", alerts, captures)
		want := len(lines(events)) + len(lines(alerts))
		await(t, "all of it is written", func() bool { return len(lines(received)) >= want })
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		got := lines(received)
		if len(got) != want || want == 0 {
			t.Errorf("%s: %d messages of %d", format, len(got), want)
		}
		checkSyslog(t, format, got, lines(events))
		if t.Failed() {
			t.Log(tail(log.String()))
		}
	}
}

// checkSyslog looks at what rsyslog understood of each message. JSON is the event as
// it is in the file, in the same order.
func checkSyslog(t *testing.T, format string, got, events []string) {
	t.Helper()
	n := 0
	for _, line := range got {
		var m struct {
			PRI, Hostname, MsgID, Msg string
			App                       string    `json:"app-name"`
			Time                      time.Time `json:"timereported"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.Hostname != "hq-1" || m.App != "mailsensor" || m.Time.IsZero() {
			t.Errorf("%v: %s", err, line)
			return
		}
		msg := strings.TrimPrefix(strings.TrimSpace(m.Msg), "\ufeff")
		switch {
		case format == "cef":
			if !strings.HasPrefix(msg, "CEF:0|") {
				t.Errorf("no CEF: %s", msg)
				return
			}
		case m.MsgID != "alert": // else the type of the event
			if n >= len(events) || msg != events[n] {
				t.Errorf("event %d: %s", n, msg)
				return
			}
			n++
		}
	}
	if format == "json" && n != len(events) {
		t.Errorf("%d events of %d", n, len(events))
	}
}

func lines(path string) []string {
	b, _ := os.ReadFile(path)
	if len(b) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it does not come about", what)
		}
	}
}
