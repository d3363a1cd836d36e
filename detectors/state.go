package detectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// state is what a Set stores: how far event time went, and the alerts that may still be
// updated, the one that was touched longest ago first.
type state struct {
	Version int      `json:"version"`
	Clock   int64    `json:"clock"`
	Open    []opened `json:"open"`
}

type opened struct {
	Key   string `json:"key"`
	Alert *Alert `json:"alert"`
}

const setVersion = 1

var errState = errors.New("the state of the open alerts makes no sense")

// AppendState appends what has to be known to go on where the Set stopped. What its
// detectors have learned is theirs to store.
func (s *Set) AppendState(dst []byte) ([]byte, error) {
	st := state{Version: setVersion, Clock: s.clock}
	for _, a := range s.open.All {
		st.Open = append(st.Open, opened{(*a).Key, *a})
	}
	for i, j := 0, len(st.Open)-1; i < j; i, j = i+1, j-1 {
		st.Open[i], st.Open[j] = st.Open[j], st.Open[i]
	}
	b, err := json.Marshal(&st)
	return append(dst, b...), err
}

// LoadState takes over what AppendState wrote. Alerts of then are among Alerts once they
// are raised again.
func (s *Set) LoadState(src []byte) error {
	var st state
	if err := json.Unmarshal(src, &st); err != nil {
		return fmt.Errorf("%w: %w", errState, err)
	}
	if st.Version != setVersion || len(st.Open) > maxOpen {
		return fmt.Errorf("%w: version %d, %d alerts", errState, st.Version, len(st.Open))
	}
	for _, o := range st.Open {
		if o.Alert == nil || s.open.Peek(o.Alert.Detector+"\x00"+o.Key) != nil {
			return errState
		}
		o.Alert.Key = o.Key
		*s.open.Insert(o.Alert.Detector + "\x00" + o.Key) = o.Alert
		s.past[o.Alert] = true
	}
	s.clock = st.Clock
	return nil
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
