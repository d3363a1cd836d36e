package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture/live/livetest"
	"mailsensor/capture/pcapfile"
	"mailsensor/capture/synth"
)

// A sensor on an interface, scraped as the files in deploy have it: everything that a
// panel asks is answered by Prometheus and by VictoriaMetrics, and what only a live
// capture has is there, too.
func TestEndToEndLive(t *testing.T) {
	path := sensor(t)
	prometheus := need(t, "prometheus")
	if !livetest.Alone(t) {
		return
	}
	peer := livetest.NewPeer(t)
	livetest.IP(t, "link set "+livetest.Near+" mtu 65535")
	peer.IP("link set " + livetest.Far + " mtu 65535")
	livetest.IP(t, "link add idle0 type veth peer name idle1")
	livetest.IP(t, "link set idle0 up")
	livetest.IP(t, "link set idle1 up")
	dir := t.TempDir()
	// One sink that works, and one whose receiver is not there.
	config := filepath.Join(dir, "sensor.yaml")
	sinks := fmt.Sprintf(`sinks:
  - {name: archive, file: {path: %s/archive.jsonl}}
  - {name: siem, syslog: {address: "127.0.0.1:9"}, queue_mib: 1, spool: {folder: %[1]s/siem, mib: 64}}
`, dir)
	if err := os.WriteFile(config, []byte(sinks), 0o600); err != nil {
		t.Fatal(err)
	}
	sensor := start(t, "127.0.0.1:9425", "/-/ready", path, "run", "-q", "-i", livetest.Near, "-i", "idle0",
		"--ring-size", "1", "--config", config).process
	for _, name := range []string{"prometheus.yml", "rules.yml"} {
		text, err := os.ReadFile(filepath.Join(deploy, "prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		fast := strings.NewReplacer("interval: 15s", "interval: 1s", "interval: 30s", "interval: 1s").Replace(string(text))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(fast), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	s := start(t, "127.0.0.1:9090", "/-/ready", prometheus, "--web.listen-address=127.0.0.1:9090",
		"--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"))
	v := victoria(t, "1d", "-promscrape.config="+filepath.Join(dir, "prometheus.yml"), "-promscrape.config.strictParse=false")
	start(t, "127.0.0.1:8880", "/health", need(t, "vmalert"), "-httpListenAddr=127.0.0.1:8880", "-rule="+filepath.Join(dir, "rules.yml"),
		"-evaluationInterval=1s", "-datasource.url="+v.url, "-remoteWrite.url="+v.url, "-notifier.url=http://127.0.0.1:9")
	for _, s := range []server{s, v} {
		s.await("mailsensor_build_info", 1)
	}
	// What is damaged is of other hosts, as it is in the other captures whole.
	for _, name := range []string{"oneway-c2s", "mid-connection", "loss"} {
		peer.Send(moved(frames(t, captures+"/capture/"+name+".pcap"))...)
	}
	peer.Send(frames(t, captures)...)
	s.await("sum(mailsensor_tcp_segments_total)", 1000)
	s.await("count(mailsensor_account_hour_seen) + count(mailsensor_host_hour_seen)", 2)
	// A sensor that stands still while more comes than its ring holds loses some, and
	// leaves out some when it goes on.
	sensor.Signal(syscall.SIGSTOP)
	for range 4 {
		peer.Send(frames(t, captures)...)
	}
	sensor.Signal(syscall.SIGCONT)
	livetest.IP(t, "link set idle0 down")
	for _, s := range []server{s, v} {
		s.await("sum(increase(mailsensor_capture_kernel_drops_total[1m]))", 1)
		s.await("count(mailsensor_capture_interface_up == 0)", 1)
		s.await("count(mailsensor_account_hour_seen / (mailsensor_account_hour_bound > 0))", 1)
		s.await("count(mailsensor:capture_dropped:ratio_rate5m)", 1)
		s.check(window{began, time.Now(), time.Second}, fromWire)
	}
}

// frames returns the Ethernet frames of captures.
func frames(t *testing.T, path string) [][]byte {
	t.Helper()
	src, err := pcapfile.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := synth.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	octets := make([][]byte, len(list))
	for i := range list {
		octets[i] = list[i].Bytes
	}
	return octets
}

// moved puts IPv4 frames into another network. The sensor does not look at checksums
// unless it is told to.
func moved(frames [][]byte) [][]byte {
	for _, f := range frames {
		if len(f) > 34 && f[12] == 8 && f[13] == 0 {
			f[26], f[30] = 172, 172
		}
	}
	return frames
}

// number returns the one value that an expression has now, 0 if it has none.
func (s server) number(expr string) float64 {
	now := time.Now()
	a, _ := s.ask(window{now, now, time.Second}, expr, true)
	return a.last
}

// await asks until the answer is at least so much.
func (s server) await(expr string, least float64) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.number(expr) < least; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is %v, not %v", expr, s.number(expr), least)
		}
	}
}
