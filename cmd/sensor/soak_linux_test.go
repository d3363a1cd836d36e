package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mailsensor/capture/live/livetest"

	"golang.org/x/sys/unix"
)

// soakState is the time between snapshots of what was learned, at most.
const soakState = time.Minute

// soakShare is how much of the highest rate without loss is held: what else the machine
// does comes and goes.
const soakShare = 0.75

// TestSoak watches programs that talk, for as long as MAILSENSOR_SOAK says, at the rate
// that MAILSENSOR_SOAK_PACE names, in dialogues of each protocol a second; without it, at
// soakShare of the highest at which nothing is lost, which it looks for first. Halfway the
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
	pace := 0.0
	if text := os.Getenv("MAILSENSOR_SOAK_PACE"); text != "" {
		if pace, err = strconv.ParseFloat(text, 64); err != nil {
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
	prefer(t, w.cmd.Process.Pid)
	talk := startTalk(m, 20)
	if pace == 0 {
		pace = soakShare * talk.highest(t, min(duration/6, 4*time.Minute))
	}
	talk.pace(pace)
	time.Sleep(2 * time.Second)
	t.Logf("held is %.0f dialogues of each protocol a second", pace)

	begun, killed := time.Now(), false
	told, first := talk.messages(), hourNow(t, m)
	var outage time.Duration
	var rss, heap residence
	was := books(t)
	var sum, last counted
	var knew ofHour
	for time.Since(begun) < duration {
		time.Sleep(min(duration/60, 5*time.Second))
		if !killed && time.Since(begun) > duration/2 {
			killed = true
			from := time.Now()
			w.ended = true
			w.cmd.Process.Kill()
			w.cmd.Wait()
			sum = sum.plus(last.minus(was))
			was, last = counted{}, counted{}
			w = startWatcher(t, args...)
			outage = time.Since(from)
			prefer(t, w.cmd.Process.Pid)
			knew.goneOn(t, m, interval, (knew.told-first.told)/knew.at.Sub(begun).Seconds())
			t.Logf("killed and back within %v", outage.Round(time.Millisecond))
			rss.flat(t, "anonymous memory until then", duration)
			heap.flat(t, "live heap until then", duration)
			rss, heap = nil, nil
			continue
		}
		last = books(t)
		knew = hourNow(t, m)
		at := time.Since(begun).Minutes()
		rss = append(rss, moment{at, resident(w.cmd.Process.Pid)})
		heap = append(heap, moment{at, scrapedAs(t, "go_memstats_next_gc_bytes") / 2048}) // GOGC is 100
	}
	said := talk.messages() - told
	took := time.Since(begun)
	sum = sum.plus(last.minus(was))
	talk.end(t)
	w.ended = true
	w.cmd.Process.Signal(syscall.SIGTERM)
	if err := w.cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, w.log())
	}
	found := occurrences(t, events, `"type":"message"`)
	all := talk.messages()
	gap := (all - found) / (said / took.Seconds())
	t.Logf("%v: %.0f messages (%.0f/s), %.0f packets (%.0f/s, %.3f Gbit/s), %.0f lost; %.0f of %.0f messages missing since the first, which are %.2f s of traffic; %d lines of log",
		took.Round(time.Second), said, said/took.Seconds(), sum.packets, sum.packets/took.Seconds(), sum.octets*8/took.Seconds()/1e9, sum.lost,
		all-found, all, gap, strings.Count(w.log(), "\n"))
	rss.flat(t, "anonymous memory after the start anew", duration)
	heap.flat(t, "live heap after the start anew", duration)
	if sum.lost > 0 {
		t.Errorf("%.0f packets were dropped or put aside", sum.lost)
	}
	if most := outage.Seconds() + 2.5; gap > most && talk.lost == 0 { // events of the last second are not written yet, and event time lags a second
		t.Errorf("%.2f s of messages are missing, at most %.2f may be", gap, most)
	}
}

// counted is what the sensor has seen and not seen.
type counted struct{ packets, octets, lost float64 }

func books(t *testing.T) counted {
	return counted{scraped(t, "capture_packets_total"), scraped(t, "capture_bytes_total"),
		scraped(t, "capture_kernel_drops_total") + scraped(t, "shed_packets_total")}
}

func (c counted) plus(o counted) counted {
	return counted{c.packets + o.packets, c.octets + o.octets, c.lost + o.lost}
}

func (c counted) minus(o counted) counted {
	return counted{c.packets - o.packets, c.octets - o.octets, c.lost - o.lost}
}

// talk is programs that hold dialogues, of each protocol one after the other.
type talk struct {
	m     *mailPeers
	rate  atomic.Uint64 // bits of a float64: dialogues of each protocol a second
	stop  atomic.Bool
	done  chan error
	held  atomic.Int64
	lost  float64 // packets, while the rate was looked for
	kinds int
}

func startTalk(m *mailPeers, rate float64) *talk {
	k := &talk{m: m, done: make(chan error, 2), kinds: 2}
	k.pace(rate)
	go k.run(m.sendMail)
	go k.run(m.readMail)
	return k
}

func (k *talk) pace(rate float64) { k.rate.Store(math.Float64bits(rate)) }

// run is never ahead of its rate, and does not make up for what it could not say.
func (k *talk) run(say func(i int) error) {
	next := time.Now()
	for i := 0; !k.stop.Load(); i++ {
		next = next.Add(time.Duration(float64(time.Second) / math.Float64frombits(k.rate.Load())))
		if late := time.Since(next); late > 100*time.Millisecond {
			next = time.Now()
		} else {
			time.Sleep(-late)
		}
		if err := say(i % 8); err != nil {
			k.done <- err
			return
		}
		k.held.Add(1)
	}
	k.done <- nil
}

func (k *talk) messages() (n float64) {
	k.m.smtp.count(func() { n = float64(k.m.smtp.accepted + k.m.smtp.rejected) })
	return n
}

func (k *talk) end(t *testing.T) {
	k.stop.Store(true)
	for range k.kinds {
		if err := <-k.done; err != nil {
			t.Error(err)
		}
	}
}

// highest is the rate up to which nothing was lost: half as much again each time, then
// halving, until the next step is small, the speakers can no more, or time is over.
func (k *talk) highest(t *testing.T, within time.Duration) (low float64) {
	t.Helper()
	step := min(10*time.Second, within/8)
	high := math.Inf(1)
	rate := 40.0
	for begun := time.Now(); time.Since(begun) < within && high > 1.1*low; {
		k.pace(rate)
		before, held, from := books(t), k.held.Load(), time.Now()
		time.Sleep(step)
		reached := float64(k.held.Load()-held) / float64(k.kinds) / time.Since(from).Seconds()
		k.pace(20) // the ring empties itself, and the books are a second behind
		time.Sleep(2500 * time.Millisecond)
		is := books(t).minus(before)
		k.lost += is.lost
		t.Logf("asked for %.0f dialogues of each protocol a second, held %.0f (%.3f Gbit/s), lost %.0f packets",
			rate, reached, is.octets*8/step.Seconds()/1e9, is.lost)
		if is.lost > 0 {
			high = rate
		} else {
			low = max(low, min(rate, reached))
			if reached < 0.9*rate {
				t.Log("the speakers are the limit")
				break
			}
		}
		if rate = (low + high) / 2; math.IsInf(high, 1) {
			rate = 1.5 * low
		}
	}
	if low == 0 {
		t.Fatal("something is lost at any rate")
	}
	return low
}

// prefer lets the sensor go first: a capture runs on CPUs that its traffic does not need.
func prefer(t *testing.T, pid int) {
	self, _ := unix.Getpriority(unix.PRIO_PROCESS, 0) // 20 less the niceness
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for _, task := range tasks {
		id, _ := strconv.Atoi(filepath.Base(task))
		if err := unix.Setpriority(unix.PRIO_PROCESS, id, max(20-self-10, -10)); err != nil {
			t.Logf("the sensor does not go first: %v", err)
			return
		}
	}
}

// occurrences counts a text in a file that may be larger than the memory. A line of it
// has the text once at most.
func occurrences(t *testing.T, path, text string) (n float64) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte(text)) {
			n++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return n
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

// flat fails unless the median of the last third is at most a tenth and 4 MiB above that
// of the third before it: in the first third tables fill. Of a short run it only tells.
func (s residence) flat(t *testing.T, what string, duration time.Duration) {
	t.Helper()
	if len(s) < 6 {
		return
	}
	third := len(s) / 3
	before, after := s[third:2*third].median(), s[2*third:].median()
	t.Logf("%s: %.1f MiB in the first third, %.1f in the second, %.1f in the last (medians)", what, s[:third].median()/1024, before/1024, after/1024)
	if duration >= 10*time.Minute && after > 1.1*before+4096 {
		t.Errorf("%s: it grows", what)
	}
}

func (s residence) median() float64 {
	var v []float64
	for _, m := range s {
		v = append(v, m.value)
	}
	slices.Sort(v)
	return v[len(v)/2]
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
	return scrapedAs(t, "mailsensor_"+name, label...)
}

// scrapedAs is scraped with the whole name.
func scrapedAs(t *testing.T, name string, label ...string) (sum float64) {
	t.Helper()
	r, err := http.Get("http://127.0.0.1:9425/metrics")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, name+"{") || strings.HasPrefix(line, name+" ") {
			if len(label) > 0 && !strings.Contains(line, label[0]) {
				continue
			}
			v, _ := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]), 64)
			sum += v
		}
	}
	return sum
}
