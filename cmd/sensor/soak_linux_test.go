package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture/live/livetest"
)

// soakPace is how many dialogues of each protocol there are a second, unless
// MAILSENSOR_SOAK_PACE says another number; 0: as many as the machine can, and then
// losses are no failure.
const soakPace = 80

// soakState is the time between snapshots of what was learned, at most.
const soakState = time.Minute

// TestSoak watches programs that talk, for as long as MAILSENSOR_SOAK says; halfway the
// sensor is killed and started anew. Its memory does not grow, nothing is dropped, what
// was said but for the seconds around the killing is in the events, and what was learned
// but for the last snapshot's minute is gone on with. .ci/soak runs it.
func TestSoak(t *testing.T) {
	text := os.Getenv("MAILSENSOR_SOAK")
	if text == "" {
		t.Skip("set MAILSENSOR_SOAK=30m, or run make soak")
	}
	duration, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	pace := soakPace
	if text := os.Getenv("MAILSENSOR_SOAK_PACE"); text != "" {
		if pace, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if !livetest.Alone(t) {
		return
	}
	m := newMailPeers(t, livetest.NewPeer(t))
	events := filepath.Join(t.TempDir(), "events.jsonl")
	interval := max(min(soakState, duration/10), time.Second)
	args := []string{"--events", events, "--listen", "127.0.0.1:9425", "--ring-size", "128",
		"--state", t.TempDir(), "--state-interval", interval.String()}
	w := startWatcher(t, args...)

	var stop atomic.Bool
	var mails, reads atomic.Int64
	done := make(chan error, 2)
	talk := func(say func(i int) error, n *atomic.Int64) {
		for i, begun := 0, time.Now(); !stop.Load(); i++ {
			if pace > 0 {
				time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(pace))))
			}
			if err := say(i % 8); err != nil {
				done <- err
				return
			}
			n.Add(1)
		}
		done <- nil
	}
	go talk(m.sendMail, &mails)
	go talk(m.readMail, &reads)

	begun, killed := time.Now(), false
	var outage time.Duration
	var rss residence
	var packets, octets, lost float64
	var lastMark [3]float64
	var knew ofHour
	for time.Since(begun) < duration {
		time.Sleep(min(duration/60, 5*time.Second))
		if !killed && time.Since(begun) > duration/2 {
			killed = true
			from := time.Now()
			w.ended = true
			w.cmd.Process.Kill()
			w.cmd.Wait()
			packets, octets, lost = packets+lastMark[0], octets+lastMark[1], lost+lastMark[2]
			w = startWatcher(t, args...)
			outage = time.Since(from)
			knew.goneOn(t, m, interval, knew.told/knew.at.Sub(begun).Seconds())
			t.Logf("killed and back within %v; slope of the memory until then %.0f KiB a minute, of the second half of it; %.0f MiB at the end",
				outage.Round(time.Millisecond), rss.slope(), rss.last())
			rss = nil
			continue
		}
		lastMark = [3]float64{scraped(t, "capture_packets_total"), scraped(t, "capture_bytes_total"),
			scraped(t, "capture_kernel_drops_total") + scraped(t, "shed_packets_total")}
		knew = hourNow(t, m)
		rss = append(rss, moment{time.Since(begun).Minutes(), resident(w.cmd.Process.Pid)})
	}
	stop.Store(true)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	took := time.Since(begun)
	packets, octets, lost = packets+lastMark[0], octets+lastMark[1], lost+lastMark[2]
	w.ended = true
	w.cmd.Process.Signal(syscall.SIGTERM)
	if err := w.cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, w.log())
	}
	b := read(t, events)
	found := float64(bytes.Count(b, []byte(`"type":"message"`)))
	said := float64(m.smtp.accepted + m.smtp.rejected)
	gap := (said - found) / (said / took.Seconds())
	t.Logf("%v: %d dialogues of SMTP, %d of IMAP, %.0f packets (%.0f/s, %.3f Gbit/s), %.0f lost; slope of the memory after the start anew %.0f KiB a minute, %.0f MiB at the end; %.0f of %.0f messages missing, which are %.2f s of traffic",
		took.Round(time.Second), mails.Load(), reads.Load(), packets, packets/took.Seconds(), octets*8/took.Seconds()/1e9, lost, rss.slope(), rss.last(), said-found, said, gap)
	if lost > 0 && pace > 0 {
		t.Errorf("%.0f packets were dropped or put aside", lost)
	}
	if most := outage.Seconds() + 2.5; gap > most && lost == 0 { // events of the last second are not written yet, and event time lags a second
		t.Errorf("%.2f s of messages are missing, at most %.2f may be", gap, most)
	}
	if duration >= 10*time.Minute && rss.slope() > 512 {
		t.Errorf("the memory grows by %.0f KiB a minute", rss.slope())
	}
}

// ofHour is what the baselines have of the hour that goes on, and what the servers were
// told by then.
type ofHour struct {
	at         time.Time
	seen, told float64
}

func hourNow(t *testing.T, m *mailPeers) ofHour {
	l := ofHour{at: time.Now(), seen: scraped(t, "host_hour_seen", `metric="messages_sent"`)}
	m.smtp.count(func() { l.told = float64(m.smtp.accepted) })
	return l
}

// goneOn fails unless a sensor that was killed and is back knows of the hour what it
// knew before, but for what came after the last snapshot. rate is messages a second.
func (before ofHour) goneOn(t *testing.T, m *mailPeers, interval time.Duration, rate float64) {
	t.Helper()
	if saved := scraped(t, "state_saved_timestamp_seconds"); saved < float64(before.at.Add(-interval).Unix()-10) {
		t.Errorf("the last snapshot is of %.0f, %.0f s before the end", saved, float64(before.at.Unix())-saved)
	}
	var now ofHour
	for end := time.Now().Add(20 * time.Second); now.seen == 0 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		now = hourNow(t, m)
	}
	missing, passed := before.seen+now.told-before.told-now.seen, now.at.Sub(before.at).Seconds()
	t.Logf("of %.0f messages of this hour, the baselines have %.0f after the start anew; %.0f are missing, %.1f s of traffic", before.seen+now.told-before.told, now.seen, missing, missing/rate)
	if now.at.Truncate(time.Hour) == before.at.Truncate(time.Hour) && missing > rate*(interval.Seconds()+passed+10) {
		t.Errorf("%.0f messages were forgotten: %.1f s of traffic", missing, missing/rate)
	}
}

// residence is memory, in KiB, over minutes.
type residence []moment

type moment struct{ at, value float64 }

// slope is that of the second half, by least squares: in the first tables fill.
func (s residence) slope() float64 {
	s = s[len(s)/2:]
	var n, x, y, xx, xy float64
	for _, p := range s {
		n, x, y, xx, xy = n+1, x+p.at, y+p.value, xx+p.at*p.at, xy+p.at*p.value
	}
	if d := n*xx - x*x; d != 0 {
		return (n*xy - x*y) / d
	}
	return 0
}

// last is in MiB.
func (s residence) last() float64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].value / 1024
}

// resident is the memory of a process, in KiB, without the rings: those are shared
// with the kernel, and their size is given.
func resident(pid int) (kib float64) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if m := regexp.MustCompile(`RssAnon:\s+(\d+) kB`).FindSubmatch(b); m != nil {
		kib, _ = strconv.ParseFloat(string(m[1]), 64)
	}
	return kib
}

// scraped sums the series of a metric that have a label.
func scraped(t *testing.T, name string, label ...string) (sum float64) {
	t.Helper()
	r, err := http.Get("http://127.0.0.1:9425/metrics")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "mailsensor_"+name+"{") || strings.HasPrefix(line, "mailsensor_"+name+" ") {
			if len(label) > 0 && !strings.Contains(line, label[0]) {
				continue
			}
			v, _ := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]), 64)
			sum += v
		}
	}
	return sum
}
