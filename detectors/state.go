package detectors

import (
	"encoding/json"
	"time"

	"mailsensor/detectors/codec"
	"mailsensor/detectors/recent"
)

var format = codec.Format{Name: "alerts", Version: 1}

// AppendState appends what has to be known to go on where the Set stopped: how far
// event time went, and the alerts that may still be updated. What its detectors have
// learned is theirs to store.
func (s *Set) AppendState(dst []byte) ([]byte, error) {
	return format.Seal(dst, func(b []byte) []byte {
		return codec.Table(codec.U64(b, uint64(s.clock)), s.open, func(b []byte, _ string, a **Alert) []byte { return (*a).AppendState(b) })
	})
}

// LoadState takes over what AppendState wrote, in the place of what is open. Alerts of
// then are among Alerts once they are raised again. Its errors are those of codec; after
// one nothing has changed.
func (s *Set) LoadState(src []byte) error {
	n := *s
	n.open, n.past = recent.New[string, *Alert](maxOpen), map[*Alert]bool{}
	return codec.Load(s, &n, format, src, func(r *codec.Reader) {
		n.clock = r.I64()
		r.Bad = r.Bad || n.clock < 0
		var a *Alert
		codec.ReadTable(r, n.open, func() string {
			if a = ReadAlert(r); a == nil {
				return ""
			}
			n.past[a] = true
			return a.open()
		}, func(_ string, v **Alert) { *v = a })
	})
}

// open is what an alert is known by while it may be updated.
func (a *Alert) open() string { return a.Detector + "\x00" + a.Key }

// AppendState appends the alert in a form of package codec.
func (a *Alert) AppendState(b []byte) []byte {
	return codec.Bytes(codec.Bytes(b, a.Key), a.AppendJSON(nil))
}

// ReadAlert reads what Alert.AppendState wrote. It returns nil, and r is bad, where that
// is no alert that there could be.
func ReadAlert(r *codec.Reader) *Alert {
	a := &Alert{Key: string(r.Bytes())}
	text := r.Bytes()
	if r.Bad = r.Bad || json.Unmarshal(text, a) != nil || len(a.Flows) > maxFlows || len(a.Related) > maxRelated; r.Bad {
		return nil
	}
	return a
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(b []byte) error {
	var at time.Time
	if err := json.Unmarshal(b, &at); err != nil {
		return err
	}
	*t = Time(at.UnixNano())
	return nil
}

// Learners yields the detectors whose state outlives the process, in their order.
func (s *Set) Learners(yield func(Learner) bool) {
	for _, d := range s.list {
		if l, ok := d.(Learner); ok && !yield(l) {
			return
		}
	}
}
