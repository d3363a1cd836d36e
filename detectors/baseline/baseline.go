// Package baseline learns what is usual for an entity, in this hour of the week, and
// scores what is not: counts by entity and metric, in event time.
//
// The statistics are those of docs/baselines.md: a level, a week's shape shrunk to
// the peer group's, overdispersion, an exact negative binomial tail; sums of
// evidence over windows, up and down; the day so far; bursts that come again; a
// guard that keeps an attack from being learned. What is learned depends on the
// counts and their times alone, on no clock and no order of maps, and is stored as
// it is: a stream in one run or in fourteen teaches the same, byte for byte.
//
// Observe costs a look-up and two additions. Everything else happens when a window
// closes. An Engine is used from one goroutine.
package baseline

import (
	"time"

	"mailsensor/detectors/recent"
)

// Engine holds the baselines.
type Engine struct {
	// Late counts observations of windows that were closed already; they counted in
	// the open one.
	Late uint64

	config   Config
	raise    func(*Score)
	step     int64   // length of a window, ns
	perDay   float64 // windows
	entities *recent.Table[key, entity]
	rows     slab[row]
	series   slab[series]
	counts   slab[counts]
	promised int // series that counts of the open window will begin
	shapes   slab[shape]
	groups   [kinds][metrics]*[classes]*group
	popular  [kinds][metrics]uint8 // class of new entities
	limits   [kinds][metrics]Thresholds

	started bool
	window  int64 // the open one, in steps since 1970
	next    int64 // when five minutes or the window end, ns
	seen    bool  // anything in the open window
	quiet   bool  // a holiday, as some peers show
	empty   int64 // windows in a row in which nothing was seen at all
	touched []*entity
	names   store

	decay  decays
	local  local // of the open window
	scores []Score
}

type key struct {
	kind Kind
	name string
}

type entity struct {
	key     key
	row     uint32 // its series; 0 is none at all
	counts  uint32 // of the open window; 0 is none
	touched bool   // has counts in the open five minutes
	apart   bool   // its group does not learn from it
}

// row has the series of an entity by metric; 0 is none. Who was seen first in the open
// window has none yet.
type row [metrics]uint32

// of is for reading alone: those without a row share an empty one.
func (e *Engine) of(ent *entity) *row { return e.rows.at(ent.row) }

// own is a row to write to.
func (e *Engine) own(ent *entity) *row {
	if ent.row == 0 {
		ent.row = e.rows.take()
	}
	return e.rows.at(ent.row)
}

// counts are what an entity did in the open window, and in its open five minutes. They
// are together, apart from what is known of each metric: an event adds to many.
type counts [metrics]struct{ window, five float32 }

// decays are what sums are multiplied with per window, or per visit.
type decays struct{ level, dispersion, day, reference, workday, weekend, profile float64 }

const (
	maxCount    = 1e12 // of one observation
	hour        = int64(time.Hour)
	fiveMinutes = int64(5 * time.Minute)
	blind       = 24 // hours without anything at all, after which the sensor was not there to see
)

// New returns an Engine that gives its scores to raise. A Score is good until raise
// returns.
func New(c Config, raise func(*Score)) *Engine {
	if c.Location == nil {
		c.Location = time.UTC
	}
	if c.Interval == 0 {
		c.Interval = time.Hour
	}
	if c.MaxEntities <= 0 {
		c.MaxEntities = 100_000
	}
	if c.MaxSeries <= 0 {
		c.MaxSeries = 6 * c.MaxEntities
	}
	if c.Thresholds == nil {
		c.Thresholds = Defaults
	}
	e := &Engine{config: c, raise: raise, step: int64(c.Interval), entities: recent.New[key, entity](c.MaxEntities)}
	e.perDay = float64(24*hour) / float64(e.step)
	visits := max(1, e.perDay/24)
	e.rows.chunks = [][]row{make([]row, chunk)} // with the empty one
	e.decay = decays{
		level:      exp2(-1 / (levelLife * e.perDay)),
		dispersion: exp2(-1 / (dispersionLife * e.perDay)),
		day:        exp2(-1. / dispersionLife),
		reference:  exp2(-1. / referenceLife),
		workday:    exp2(-1 / (shapeLife / 7 * 5 * visits)),
		weekend:    exp2(-1 / (shapeLife / 7 * 2 * visits)),
		profile:    exp2(-1 / (profileLife / 7 * visits)),
	}
	for k := range kinds {
		for m := range metrics {
			e.limits[k][m] = c.Thresholds(k, m)
		}
	}
	return e
}

// Observe adds n to what an entity did, at t (Unix ns); what is not above 0 adds
// nothing. Distinct things are observed
// as they turn up for the first time in a window: see Window.
func (e *Engine) Observe(k Kind, name string, m Metric, t int64, n float64) {
	e.Tick(t)
	ent := e.entities.Get(key{k, name})
	if ent == nil {
		ent = e.insert(key{k, name})
	}
	e.count(ent, m, t, n)
}

func (e *Engine) count(ent *entity, m Metric, t int64, n float64) {
	if t < e.window*e.step {
		e.Late++
	}
	if n = min(n/m.unit(), maxCount); !(n > 0) {
		if e.of(ent)[m] == 0 {
			e.create(ent, m)
		}
		return
	}
	if ent.counts == 0 {
		ent.counts = e.counts.take()
	}
	c := &e.counts.at(ent.counts)[m]
	if c.window == 0 && e.of(ent)[m] == 0 {
		e.reserve(ent)
		e.promised++
	}
	c.window += float32(n)
	c.five += float32(n)
	e.seen = true
	if !ent.touched {
		ent.touched = true
		e.touched = append(e.touched, ent)
	}
}

// insert makes room for an entity.
func (e *Engine) insert(k key) *entity {
	if e.entities.Full() {
		_, oldest := e.entities.Oldest()
		e.drop(oldest)
	}
	ent := e.entities.Insert(k)
	*ent = entity{key: k}
	return ent
}

func (e *Engine) drop(ent *entity) {
	e.promised -= e.missing(ent)
	e.counts.give(ent.counts)
	ent.counts = 0
	for _, i := range e.of(ent) {
		if i != 0 {
			e.shapes.give(e.series.at(i).shape)
			e.series.give(i)
		}
	}
	e.rows.give(ent.row)
	ent.row = 0
}

// reserve makes room for another series.
func (e *Engine) reserve(ent *entity) {
	for e.series.used()+e.promised >= e.config.MaxSeries {
		k, oldest := e.entities.Oldest()
		if oldest == ent { // it has all there are
			break
		}
		e.drop(oldest)
		e.entities.Evicted++
		e.entities.Delete(k)
	}
}

// missing is how many series the counts of an entity will begin.
func (e *Engine) missing(ent *entity) (n int) {
	if ent.counts == 0 {
		return 0
	}
	for m, c := range e.counts.at(ent.counts) {
		if c.window > 0 && e.of(ent)[m] == 0 {
			n++
		}
	}
	return n
}

// settle begins the series that were promised, for whoever is to see them.
func (e *Engine) settle(ent *entity) {
	if ent.counts == 0 {
		return
	}
	for m, c := range e.counts.at(ent.counts) {
		if c.window > 0 && e.of(ent)[m] == 0 {
			e.begin(ent, Metric(m))
			e.promised--
		}
	}
}

func (e *Engine) settleAll() {
	if e.promised == 0 {
		return
	}
	for _, ent := range e.entities.Each {
		e.settle(ent)
	}
}

// counted is what an entity did in the open window.
func (e *Engine) counted(ent *entity, m Metric) (window, five float32) {
	if ent.counts == 0 {
		return 0, 0
	}
	c := e.counts.at(ent.counts)[m]
	return c.window, c.five
}

// create begins a series, and makes room for it.
func (e *Engine) create(ent *entity, m Metric) {
	e.reserve(ent)
	e.begin(ent, m)
}

func (e *Engine) begin(ent *entity, m Metric) {
	i := e.series.take()
	e.own(ent)[m] = i
	k := ent.key.kind
	if e.groups[k][m] == nil {
		e.groups[k][m] = new([classes]*group)
		for c := range classes {
			e.groups[k][m][c] = newGroup(k, c, e.window, e.perDay)
		}
	}
	*e.series.at(i) = series{norm: 1, inflation: 1, born: uint32(e.window), class: e.popular[k][m]}
	for d := range 7 {
		e.series.at(i).weekday[d] = one
	}
}

// Forget drops an entity and reports whether it was known.
func (e *Engine) Forget(k Kind, name string) bool {
	ent := e.entities.Get(key{k, name})
	if ent == nil {
		return false
	}
	e.drop(ent)
	e.entities.Delete(key{k, name})
	return true
}

// Evicted counts the entities that were forgotten for want of room.
func (e *Engine) Evicted() uint64 { return e.entities.Evicted }

// Entities is how many are known.
func (e *Engine) Entities() int { return e.entities.Len() }

// Window is the number of the open window: it changes when distinct counts begin
// anew.
func (e *Engine) Window() int64 { return e.window }
