package metrics

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Vec is a counter by labels whose values are constants of the program: protocols,
// outcomes. It is for any number of goroutines.
type Vec struct {
	name   string
	labels []string

	mu     sync.Mutex
	values map[string]counted // by the values of the labels, NUL between them
	now    func() time.Time
}

// NewVec returns a counter and registers it.
func (r *Registry) NewVec(name string, labels ...string) *Vec {
	v := &Vec{name: name, labels: labels, values: map[string]counted{}, now: r.now}
	r.Gather(v.write)
	return v
}

// Add counts n for the values of the labels, in their order. Adding 0 makes the
// series.
func (v *Vec) Add(n uint64, values ...string) {
	var buf [64]byte
	key := buf[:0]
	for _, s := range values {
		key = append(append(key, s...), 0)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if old, ok := v.values[string(key)]; ok {
		old.n += n
		v.values[string(key)] = old
		return
	}
	v.values[string(key)] = counted{n, v.now()}
}

func (v *Vec) write(w *Writer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	keys := make([]string, 0, len(v.values))
	for k := range v.values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		labels := make([]string, 0, 2*len(v.labels))
		for i, s := range strings.Split(strings.TrimSuffix(k, "\x00"), "\x00") {
			labels = append(labels, v.labels[i], s)
		}
		w.Counter(v.name, w.of(v.values[k]), labels...)
	}
}
