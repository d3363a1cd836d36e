package metrics

import (
	"slices"
	"strconv"
	"sync"
)

// Histogram counts durations in buckets of one bound each (le), as plain Prometheus
// wants them: the library's own are named by ranges, which it does not know. Values of
// the label are constants of the program. It is for any number of goroutines.
type Histogram struct {
	name, label string
	bounds      []float64 // seconds, rising

	mu     sync.Mutex
	series []histogramSeries
}

type histogramSeries struct {
	value  string
	counts []uint64 // by bucket; the last is of what is larger than all bounds
	sum    float64
}

// NewHistogram returns a histogram and registers it. It has a series for each value of
// the label.
func (r *Registry) NewHistogram(name string, bounds []float64, label string, values ...string) *Histogram {
	h := &Histogram{name: name, label: label, bounds: bounds}
	for _, v := range values {
		h.series = append(h.series, histogramSeries{value: v, counts: make([]uint64, len(bounds)+1)})
	}
	r.Gather(h.write)
	return h
}

// Observe counts a duration in nanoseconds; one that is negative, by a clock that was
// set, is 0. A value of the label that was not named is not counted.
func (h *Histogram) Observe(ns int64, value string) {
	seconds := float64(max(ns, 0)) / 1e9
	bucket, _ := slices.BinarySearch(h.bounds, seconds) // the first bound that is not smaller
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.series {
		if s := &h.series[i]; s.value == value {
			s.counts[bucket]++
			s.sum += seconds
		}
	}
}

func (h *Histogram) write(w *Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.series {
		s := &h.series[i]
		var labels []string
		if h.label != "" {
			labels = []string{h.label, s.value}
		}
		var n uint64
		for b, count := range s.counts {
			n += count
			le := "+Inf"
			if b < len(h.bounds) {
				le = strconv.FormatFloat(h.bounds[b], 'g', -1, 64)
			}
			w.part(h.name, "_bucket", strconv.FormatUint(n, 10), append(slices.Clip(labels), "le", le))
		}
		w.part(h.name, "_sum", strconv.FormatFloat(s.sum, 'g', -1, 64), labels)
		w.part(h.name, "_count", strconv.FormatUint(n, 10), labels)
	}
}

// part writes a series of a histogram.
func (w *Writer) part(name, suffix, value string, labels []string) {
	w.add("histogram", name, value, labels)
	f := w.byName[name]
	s := &f.Samples[len(f.Samples)-1]
	s.Name += suffix
}
