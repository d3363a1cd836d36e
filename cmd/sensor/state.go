package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/store"
	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/codec"
)

// learned are the parts of an analysis that outlive the process, by the names under
// which they are stored.
func (a *analysis) learned() []part {
	list := []part{{"alerts", a.set}, {"inside", a.border}, {"sessions", a.sessions}, {"rules", a.rules}}
	for l := range a.set.Learners {
		list = append(list, part{l.Name(), l})
	}
	return list
}

type part struct {
	name string
	memory
}

// memory is what outlives the process.
type memory interface {
	AppendState(dst []byte) ([]byte, error)
	LoadState(src []byte) error
}

// state is what --state keeps on disk; nil where nothing is kept. It is used from the
// goroutine of the events; a snapshot is written by another, one at a time.
type state struct {
	store    *store.Store
	analysis *analysis
	position position       // when it was opened
	next     int64          // event time of the next snapshot
	sizes    map[string]int // of the states, about: what grows is copied again and again

	behind  atomic.Bool // an alert could not be stored: the next snapshot has all
	writing atomic.Bool
	failed  atomic.Pointer[error] // of a snapshot, not told yet
	errors  atomic.Uint64
	saved   atomic.Int64 // event time of the last snapshot
	done    chan struct{}
}

// position is how many packets were read by all runs: the next goes on to count from
// there, so that no two packets and no two connections of a state have one number.
type position struct{ packets uint64 }

const (
	positionName    = "position"
	positionVersion = 1
)

func (p *position) AppendState(dst []byte) ([]byte, error) {
	return codec.Seal(dst, positionName, positionVersion, func(b []byte) []byte { return codec.U64(b, p.packets) }), nil
}

func (p *position) LoadState(src []byte) error {
	r, err := codec.Open(src, positionName, positionVersion)
	if err != nil {
		return err
	}
	n := position{r.Upto(1 << 62)}
	if err := r.Close(); err != nil {
		return err
	}
	*p = n
	return nil
}

// stateFlags are the flags of what is kept between runs.
type stateFlags struct {
	State string `placeholder:"DIR" help:"Go on from what was learned and alerted before, kept in this folder, and keep it there."`
}

// openState opens a directory, and lets the analysis go on where the last one stopped.
func openState(dir string, conf config.Config, a *analysis) (*state, error) {
	if dir == "" {
		return nil, nil
	}
	limits := store.DefaultLimits()
	limits.Alerts, limits.Age = conf.State.Alerts, time.Duration(conf.State.AlertDays)*24*time.Hour
	st, err := store.Open(dir, limits)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	s := &state{store: st, analysis: a, sizes: map[string]int{}}
	for _, p := range append(a.learned(), part{positionName, &s.position}) {
		b, saved, err := st.Learned(p.name)
		if err == nil && b != nil {
			err = p.LoadState(b)
		}
		if err != nil {
			st.Close()
			return nil, fmt.Errorf("--state: %w", adviseState(dir, err))
		}
		s.saved.Store(max(saved, s.saved.Load()))
	}
	return s, nil
}

// first is the number of the first packet of this run.
func (s *state) first() uint64 {
	if s == nil {
		return 0
	}
	return s.position.packets
}

// adviseState adds what to do about a state that cannot be gone on with.
func adviseState(dir string, err error) error {
	switch {
	case errors.Is(err, store.ErrDamaged): // says so itself
		return err
	case errors.Is(err, baseline.ErrOther):
		return fmt.Errorf("%s: %w; it was not touched: configure that one, or use another --state", dir, err)
	case errors.Is(err, codec.ErrNewer):
		return fmt.Errorf("%s: %w; it was not touched: run that version, or use another --state", dir, err)
	case errors.Is(err, codec.ErrOlder):
		return fmt.Errorf("%s: %w; it was not touched: move it away to learn anew, or go on with the version that wrote it", dir, err)
	}
	return fmt.Errorf("%s: %w; it was not touched: move it away to learn anew, or put a backup in its place", dir, err)
}

// alert stores an alert before anyone is told.
func (s *state) alert(a *detectors.Alert) error {
	if s == nil {
		return nil
	}
	err := s.store.Put(stored(a))
	if err != nil {
		s.errors.Add(1)
		s.behind.Store(true)
	}
	return err
}

func stored(a *detectors.Alert) store.Alert {
	return store.Alert{ID: a.ID, First: int64(a.First), Last: int64(a.Last), Severity: a.Severity.String(), JSON: a.AppendJSON(nil)}
}

// snapshot is all that was learned, after so many packets of this run, with what accounts
// were seen with since a time.
func (s *state) snapshot(now int64, packets uint64, since int64) (shot store.Snapshot, err error) {
	shot = store.Snapshot{Now: now, States: map[string][]byte{}}
	for _, p := range append(s.analysis.learned(), part{positionName, &position{s.position.packets + packets}}) {
		b, err := p.AppendState(make([]byte, 0, s.sizes[p.name]))
		if err != nil {
			return shot, fmt.Errorf("%s: %w", p.name, err)
		}
		shot.States[p.name], s.sizes[p.name] = b, len(b)+len(b)/8
		if l, ok := p.memory.(detectors.Biographer); ok {
			l.Traits(since, func(t detectors.Trait) bool {
				shot.Traits = append(shot.Traits, t)
				return true
			})
		}
	}
	return shot, nil
}

// alerts are those that were raised since a time.
func (s *state) alerts(since int64) (list []store.Alert) {
	for _, a := range s.analysis.set.Alerts() {
		if int64(a.Last) >= since {
			list = append(list, stored(a))
		}
	}
	return list
}

// finish takes the last snapshot, has told what the detectors kept back, and saves all.
// The snapshot is of before, so that the next run goes on as if there had been no end.
func (s *state) finish(res *pipeline.Result, set *detectors.Set) error {
	set.Advance(res.Last)
	if s == nil {
		set.Flush()
		return nil
	}
	s.wait()
	// A capture may be older than the last one.
	shot, err := s.snapshot(res.Last, res.Packets, min(res.First, s.saved.Load()))
	set.Flush()
	if err == nil {
		shot.Alerts = s.alerts(math.MinInt64)
		err = s.store.Save(shot)
	}
	if err != nil {
		s.errors.Add(1)
		return fmt.Errorf("--state: %w", err)
	}
	return nil
}

// save saves what was changed by hand.
func (s *state) save() error {
	shot, err := s.snapshot(s.saved.Load(), 0, math.MaxInt64)
	if err != nil {
		return err
	}
	return s.store.Save(shot)
}

// tick saves in the background when it is time to. What goes wrong is logged, and
// tried again when the next snapshot is due: detection goes on.
func (s *state) tick(now int64, packets uint64, every time.Duration, log *slog.Logger) {
	if s == nil {
		return
	}
	if err := s.failed.Swap(nil); err != nil {
		log.Error("what was learned cannot be saved: detection goes on", "error", *err)
	}
	if s.next == 0 {
		s.next = now + int64(every)
	}
	if now < s.next || !s.writing.CompareAndSwap(false, true) {
		return
	}
	s.next = now + int64(every)
	since := s.saved.Load()
	shot, err := s.snapshot(now, packets, since)
	if s.behind.Swap(false) {
		since = math.MinInt64
	}
	shot.Alerts = s.alerts(since)
	s.done = make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		defer s.writing.Store(false)
		if err == nil {
			err = s.store.Save(shot)
		}
		if err != nil {
			s.errors.Add(1)
			s.behind.Store(true)
			s.failed.Store(&err)
			return
		}
		s.saved.Store(now)
	}(s.done)
}

func (s *state) wait() {
	if s.done != nil {
		<-s.done
	}
}

func (s *state) close() error {
	if s == nil {
		return nil
	}
	s.wait()
	return s.store.Close()
}

func (s *state) gather(r *metrics.Registry) {
	if s == nil {
		return
	}
	r.State(func() metrics.State {
		return metrics.State{Errors: s.errors.Load(), AlertsForgotten: s.store.Forgotten.Load(), Saved: s.saved.Load()}
	})
}
