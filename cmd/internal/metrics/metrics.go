// Package metrics says in the text format of Prometheus how the sensor is doing.
// It exists beside the library so that names and units are in one place and no
// label is without a bound. The prefix is mailsensor_, units are base units, what
// only grows ends in _total.
//
// Gatherers write what is counted elsewhere when they are asked; Top holds series
// by a label that comes from traffic.
package metrics

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"sync"

	vm "github.com/VictoriaMetrics/metrics"
)

const prefix = "mailsensor_"

// Registry is what one sensor exposes. It is for any number of goroutines.
type Registry struct {
	mu   sync.Mutex
	list []func(*Writer)
}

// New returns a Registry that exposes the build and the process.
func New(version string) *Registry {
	r := &Registry{}
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

// Write writes all series.
func (r *Registry) Write(out io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &Writer{out: out}
	for _, f := range r.list {
		f(w)
	}
	vm.WriteProcessMetrics(out)
}

// Writer writes series. Labels are names and values in turn.
type Writer struct{ out io.Writer }

// Counter writes one that only grows; its name ends in _total.
func (w *Writer) Counter(name string, value uint64, labels ...string) {
	fmt.Fprintf(w.out, "%s %d\n", series(name, labels), value)
}

// Gauge writes a value that goes up and down.
func (w *Writer) Gauge(name string, value float64, labels ...string) {
	fmt.Fprintf(w.out, "%s %s\n", series(name, labels), strconv.FormatFloat(value, 'g', -1, 64))
}

func series(name string, labels []string) string {
	b := []byte(prefix + name)
	for i := 0; i+1 < len(labels); i += 2 {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b = append(append(append(b, sep), labels[i]...), '=')
		b = appendValue(b, labels[i+1])
	}
	if len(labels) > 0 {
		b = append(b, '}')
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
