package metrics

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Known shows what is known over all connections: messages that were downloaded, each
// once, and rules that are in force. Update is for the goroutine that events come from.
type Known struct {
	of  Knowledge
	due int64

	mu         sync.Mutex
	downloaded map[string]uint64 // by protocol
	inForce    map[[2]string]uint64
}

// Knowledge gives what Known shows.
type Knowledge struct {
	// Downloaded returns distinct messages.
	Downloaded func() (imap, pop3, http uint64)
	// InForce calls add for each rule in force.
	InForce func(add func(source, target string))
}

const knownEvery = int64(5 * time.Second)

// NewKnown registers the series.
func (r *Registry) NewKnown(of Knowledge) *Known {
	k := &Known{of: of, downloaded: map[string]uint64{"imap": 0, "pop3": 0, "http": 0}}
	r.Gather(k.write)
	return k
}

// Update looks what is known now, if it was not done lately. The time is that of events.
func (k *Known) Update(now int64) {
	if now < k.due {
		return
	}
	k.due = now + knownEvery
	k.Look()
}

// Look looks what is known now.
func (k *Known) Look() {
	inForce := map[[2]string]uint64{}
	for _, source := range ruleSources {
		for _, side := range sides {
			inForce[[2]string{source, side}] = 0
		}
	}
	k.of.InForce(func(source, target string) { inForce[[2]string{source, target}]++ })
	imap, pop3, http := k.of.Downloaded()
	k.mu.Lock()
	defer k.mu.Unlock()
	for protocol, n := range map[string]uint64{"imap": imap, "pop3": pop3, "http": http} {
		k.downloaded[protocol] = max(k.downloaded[protocol], n) // two that turn out to be one make it smaller
	}
	k.inForce = inForce
}

func (k *Known) write(w *Writer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, protocol := range slices.Sorted(maps.Keys(k.downloaded)) {
		w.Counter("downloaded_messages_total", k.downloaded[protocol], "protocol", protocol)
	}
	keys := slices.SortedFunc(maps.Keys(k.inForce), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys {
		w.Gauge("rules_in_force", float64(k.inForce[key]), "source", key[0], "target", key[1])
	}
}
