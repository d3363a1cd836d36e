// Package history makes series over event time out of a replay: what a scrape would
// have seen, had the sensor been there. It writes them for promtool (OpenMetrics), or
// sends them to VictoriaMetrics.
package history

import (
	"math"
	"strconv"
	"time"

	"mailsensor/cmd/internal/metrics"
)

// Bounds of what a Recorder holds.
const (
	maxPoints = 4 << 20
	maxSeries = 1 << 16
)

// Recorder takes samples of a registry, one an interval of event time. A series is
// kept as the values that it had and since when, so that silence costs nothing. When
// there are too many of them the interval doubles.
type Recorder struct {
	// Before, where it is set, is called with the time of the sample that is due.
	Before func(at int64)
	// SeriesDropped counts samples of series beyond the bound.
	SeriesDropped uint64

	registry    *metrics.Registry
	interval    int64
	first, next int64 // before the first event; of the sample that is due
	families    []*family
	byName      map[string]*family
	tracks      map[string]*track
	points      int
	takes       uint64
	most        int
	mostSeries  int
}

type family struct {
	name, help, kind string
	tracks           []*track
}

type track struct {
	name, labels string
	points       []point
	taken        uint64 // number of the take that had it last
}

// point is a value and from when on a series had it; NaN: it had none.
type point struct {
	at    int64
	value float64
}

// New returns a Recorder of r with an interval of at least a millisecond.
func New(r *metrics.Registry, interval time.Duration) *Recorder {
	return &Recorder{registry: r, interval: max(int64(interval), int64(time.Millisecond)),
		byName: map[string]*family{}, tracks: map[string]*track{}, most: maxPoints, mostSeries: maxSeries}
}

// Interval is that of the samples, which may have doubled.
func (r *Recorder) Interval() time.Duration { return time.Duration(r.interval) }

// Advance is told of the time of the next event before the event is counted.
func (r *Recorder) Advance(now int64) {
	if now < r.next {
		return
	}
	if r.next == 0 {
		r.first = now - now%r.interval
	} else {
		r.take()
	}
	r.next = now - now%r.interval + r.interval
}

// Finish takes the last sample.
func (r *Recorder) Finish() {
	if r.next != 0 {
		r.take()
	}
}

// Span is the time of the first sample and of the last one; 0 where there is none.
func (r *Recorder) Span() (first, last int64) { return r.first, r.next }

func (r *Recorder) take() {
	if r.Before != nil {
		r.Before(r.next)
	}
	r.takes++
	for _, f := range r.registry.Families() {
		own := r.byName[f.Name]
		if own == nil {
			own = &family{name: f.Name, help: f.Help, kind: f.Kind}
			r.byName[f.Name], r.families = own, append(r.families, own)
		}
		for i := range f.Samples {
			r.sample(own, &f.Samples[i])
		}
	}
	for _, f := range r.families { // what has fallen out of the largest
		for _, t := range f.tracks {
			if t.taken != r.takes {
				r.set(t, r.next, math.NaN())
			}
		}
	}
	for r.points > r.most {
		r.thin()
	}
}

func (r *Recorder) sample(f *family, s *metrics.Sample) {
	value, err := strconv.ParseFloat(s.Value, 64)
	if err != nil {
		return
	}
	key := s.Name + "{" + s.Labels
	t := r.tracks[key]
	if t == nil {
		if len(r.tracks) >= r.mostSeries {
			r.SeriesDropped++
			return
		}
		t = &track{name: s.Name, labels: s.Labels}
		r.tracks[key], f.tracks = t, append(f.tracks, t)
	}
	t.taken = r.takes
	if n := len(t.points); f.kind != "gauge" && (n == 0 || math.IsNaN(t.points[n-1].value)) {
		// A counter that is new was 0 before, or the first count would be in no rate.
		since := r.next - r.interval
		if n == 0 && r.takes == 1 {
			since = r.first
		}
		if n > 0 && t.points[n-1].at >= since {
			t.points, r.points = t.points[:n-1], r.points-1
		}
		r.set(t, since, 0)
	}
	r.set(t, r.next, value)
}

// set notes the value, if it is another one.
func (r *Recorder) set(t *track, at int64, value float64) {
	if n := len(t.points); n > 0 {
		last := t.points[n-1].value
		if last == value || math.IsNaN(last) && math.IsNaN(value) {
			return
		}
	}
	t.points = append(t.points, point{at, value})
	r.points++
}

// thin doubles the interval. Of the values within one the last is kept; the first of
// a series moves back in time, so that what it counted stays in a rate.
func (r *Recorder) thin() {
	r.interval *= 2
	r.points = 0
	up := func(at int64) int64 { return at + (r.interval-at%r.interval)%r.interval }
	for _, f := range r.families {
		for _, t := range f.tracks {
			kept := t.points[:0]
			for i, p := range t.points {
				if i == 0 {
					p.at -= p.at % r.interval
				} else {
					p.at = up(p.at)
				}
				if n := len(kept); n > 0 && kept[n-1].at == p.at {
					kept[n-1] = p
				} else {
					kept = append(kept, p)
				}
			}
			t.points = kept
			r.points += len(kept)
		}
	}
	r.first -= r.first % r.interval
	r.next = up(r.next)
}

// repeatEvery is how often a value is told that stays: Prometheus takes a series for
// gone that has had no sample for five minutes.
const repeatEvery = int64(4 * time.Minute)

// settle is for how many intervals a value that stays is told each time: a rate is over
// four of them, and would not be drawn as 0 without samples in which nothing changes.
const settle = 5

// samples gives those of a series, in the order of time: when the value changes, right
// before and for a while after that, and now and then.
func (r *Recorder) samples(t *track, emit func(at int64, value float64)) {
	step := max(r.interval, repeatEvery-repeatEvery%r.interval)
	for i, p := range t.points {
		if math.IsNaN(p.value) {
			continue
		}
		end := r.next + r.interval // there is no change, but a last sample
		if i+1 < len(t.points) {
			end = t.points[i+1].at
		}
		last := end - r.interval
		emit(p.at, p.value)
		for at, n := p.at+r.interval, 1; at < last; n++ {
			emit(at, p.value)
			if n < settle {
				at += r.interval
			} else {
				at += step
			}
		}
		if last > p.at {
			emit(last, p.value)
		}
	}
}
