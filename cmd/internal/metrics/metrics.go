// Package metrics says in the text format of Prometheus how the sensor is doing.
// It exists beside the library so that names and units are in one place and no
// label is without a bound. The prefix is mailsensor_, units are base units, what
// only grows ends in _total.
//
// Gatherers write what is counted elsewhere when they are asked; Top holds series
// by a label that comes from traffic.
package metrics

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

const prefix = "mailsensor_"

// Registry is what one sensor exposes. It is for any number of goroutines.
type Registry struct {
	mu   sync.Mutex
	list []func(*Writer)
	key  []byte

	now      func() time.Time
	scrapers map[string]time.Time // when each was here last
}

// HashNames has names that come from traffic shown as the first 16 hex digits of their
// HMAC-SHA-256, unless the key is empty.
func (r *Registry) HashNames(key []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key = key
}

// New returns a Registry that exposes the build and the process.
func New(version string) *Registry {
	vm.ExposeMetadata(true)
	r := &Registry{now: time.Now, scrapers: map[string]time.Time{}}
	r.Gather(func(w *Writer) {
		w.Gauge("build_info", 1, "version", version, "go", runtime.Version())
	})
	return r
}

// Gather has f write its series whenever the metrics are asked for.
func (r *Registry) Gather(f func(*Writer)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, f)
}

// Write writes all series, in families, for the scraper of a name: a series that is new
// to it is 0.
func (r *Registry) Write(out io.Writer, scraper string) {
	buf := bufio.NewWriter(out)
	for _, f := range r.collect(false, scraper).list {
		fmt.Fprintf(buf, "# HELP %s %s\n# TYPE %s %s\n", f.Name, f.Help, f.Name, f.Kind)
		for _, s := range f.Samples {
			buf.WriteString(s.Name)
			if s.Labels != "" {
				buf.WriteString("{" + s.Labels + "}")
			}
			buf.WriteString(" " + s.Value + "\n")
		}
	}
	vm.WriteProcessMetrics(buf)
	buf.Flush()
}

// Families returns what there is now but for the process. Series that are new have
// their values, where Write begins with 0.
func (r *Registry) Families() []*Family { return r.collect(true, "").list }

func (r *Registry) collect(raw bool, scraper string) *Writer {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &Writer{raw: raw, key: r.key, byName: map[string]*Family{}}
	if !raw {
		w.since = r.visit(scraper)
	}
	for _, f := range r.list {
		f(w)
	}
	return w
}

// Family is the series of one name.
type Family struct {
	Name, Help string
	Kind       string // counter, gauge, histogram
	Samples    []Sample
}

// Sample is the value of a series.
type Sample struct {
	Name   string // that of the family; of a histogram with _bucket, _sum or _count
	Labels string // as they stand between the braces
	Value  string
}

// Writer takes series. Labels are names and values in turn.
type Writer struct {
	raw    bool
	since  time.Time // what came into being later is new to the scraper
	key    []byte
	byName map[string]*Family
	list   []*Family
}

// Counter writes one that only grows; its name ends in _total.
func (w *Writer) Counter(name string, value uint64, labels ...string) {
	w.add("counter", name, strconv.FormatUint(value, 10), labels)
}

// Gauge writes a value that goes up and down.
func (w *Writer) Gauge(name string, value float64, labels ...string) {
	w.add("gauge", name, strconv.FormatFloat(value, 'g', -1, 64), labels)
}

// name is how a name that comes from traffic is shown.
func (w *Writer) name(s string) string {
	if len(w.key) == 0 || s == Other {
		return s
	}
	h := hmac.New(sha256.New, w.key)
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (w *Writer) add(kind, name, value string, labels []string) {
	f := w.byName[name]
	if f == nil {
		f = &Family{Name: prefix + name, Kind: kind, Help: help(name)}
		w.byName[name], w.list = f, append(w.list, f)
	}
	f.Samples = append(f.Samples, Sample{f.Name, labelText(labels), value})
}

func labelText(labels []string) string {
	var b []byte
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(append(append(b, labels[i]...), '='), labels[i+1])
	}
	return string(b)
}

// appendValue quotes a label's value: backslash, quote and line feed are escaped,
// and nothing else (Prometheus exposition formats, text format).
func appendValue(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s { // bytes that are no UTF-8 come as U+FFFD
		switch r {
		case '\\', '"':
			b = append(b, '\\', byte(r))
		case '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}
