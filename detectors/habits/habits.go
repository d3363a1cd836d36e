// Package habits turns events into what the baselines count, and their scores into
// stories that detectors tell: one Engine for all of them, so that everything is
// learned once, and stored at one place.
//
// Counted are hosts of ours, accounts, senders of ours and their domains, mail
// servers, and the networks that come from outside. A host behind which many people
// stand (webmail, a proxy, NAT, a terminal server) is known by its many accounts.
//
// Names that anybody can make up (failed logins, envelope senders of strangers) are
// nobody. Of senders that claim to be ours, so many an hour are taken up as new.
package habits

import (
	"fmt"
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Places says in which autonomous system an address is; nil where nobody supplied a
// database. 0: unknown.
type Places interface {
	Network(a netip.Addr) (asn uint32, holder string)
}

// Bounds.
const (
	maxHosts  = 1 << 16
	maxPeople = 1 << 16
	maxNames  = 1 << 12 // new senders and domains in an hour
	maxTold   = 1 << 14 // stories that go on
)

const day = int64(24 * time.Hour)

// Tracker counts. It comes before the detectors that ask it; what it answers is
// about the event, or the Tick, at hand. It is used from one goroutine.
type Tracker struct {
	// Refused counts observations of new senders and domains beyond so many an hour.
	Refused uint64

	config   Config
	border   *inside.Border
	places   Places
	location *time.Location
	engine   *baseline.Engine
	hosts    *recent.Table[netip.Addr, host]
	people   *recent.Table[string, person]
	once     once
	fresh    int // senders and domains that are new in the open window
	window   int64
	scores   []baseline.Score
	stories  []Story
	read     Read
	traces   *recent.Table[uint64, trace]
	blamed   *recent.Table[uint64, told]  // by host
	told     *recent.Table[string, int64] // when a story was told last
	budget   baseline.Budget

	name, text []byte // scratch
}

// New returns a Tracker. Weeks are of loc; places may be nil.
func New(c Config, border *inside.Border, loc *time.Location, places Places) *Tracker {
	t := &Tracker{config: c, border: border, location: loc, places: places}
	*t = t.blank()
	return t
}

// blank is t as it was before it learned anything.
func (t *Tracker) blank() Tracker {
	hosts, people := min(maxHosts, t.config.Entities), min(maxPeople, t.config.Entities)
	return Tracker{
		config: t.config, border: t.border, location: t.location, places: t.places,
		engine: baseline.New(baseline.Config{Location: t.location, MaxEntities: t.config.Entities, Thresholds: t.config.thresholds}, t.take),
		hosts:  recent.New[netip.Addr, host](hosts),
		people: recent.New[string, person](people),
		traces: newTraces(), blamed: recent.New[uint64, told](hosts), told: recent.New[string, int64](maxTold),
		budget: baseline.Budget{PerDay: t.config.AlertsPerDay},
	}
}

// Engine holds the baselines: what is expected of an entity and metric (Expect), of
// its week (Week), of all (All), and Forget.
func (t *Tracker) Engine() *baseline.Engine { return t.engine }

// Habit is what is usual for an entity in an hour or a day: Expected of it, and the
// Bound that 99.9 % stay under. The zero Habit is that nothing is known.
type Habit struct {
	Expected, Bound float64
	Days            int // of history
}

// Hour is what is usual in the hour that goes on. It takes some microseconds.
func (t *Tracker) Hour(k baseline.Kind, name string, m baseline.Metric) Habit {
	x, ok := t.engine.Expect(k, name, m)
	return habit(&x, ok)
}

// Day is what is usual in the whole local day that goes on.
func (t *Tracker) Day(k baseline.Kind, name string, m baseline.Metric) Habit {
	x, ok := t.engine.ExpectDay(k, name, m)
	return habit(&x, ok)
}

func habit(x *baseline.Expectation, ok bool) Habit {
	if !ok {
		return Habit{}
	}
	return Habit{round(x.Expected), x.Bound(), x.Days}
}

// Known reports that there is enough history to judge by. Younger entities learn
// everything, an attack as well.
func (h Habit) Known() bool { return h.Days >= 7 }

// Value is Expected for a detectors.Measure.
func (h Habit) Value() *float64 {
	if !h.Known() {
		return nil
	}
	return &h.Expected
}

// Over is what a floor comes to, given the habit.
func (h Habit) Over(floor float64) float64 {
	if h.Known() {
		return max(floor, h.Bound)
	}
	return floor
}

// In is for a person; span is "hour" or "day".
func (h Habit) In(span string) string {
	if !h.Known() {
		return "what is usual is not known yet"
	}
	return fmt.Sprintf("in this %s %.3g expected, bound %.0f, by %d days of history", span, h.Expected, h.Bound, h.Days)
}

// Held is how many stories the budget kept from being told.
func (t *Tracker) Held() uint64 { return t.budget.Held }

// Name implements detectors.Detector.
func (*Tracker) Name() string { return "habits" }

// Tick implements detectors.Detector.
func (t *Tracker) Tick(now int64, _ func(detectors.Alert)) { t.advance(now) }

// Observe implements detectors.Detector. It raises nothing itself.
func (t *Tracker) Observe(ev protocols.Event, _ func(detectors.Alert)) {
	t.advance(ev.Header().Time)
	switch e := ev.(type) {
	case *protocols.Message:
		t.message(e)
	case *protocols.MailboxRead:
		t.mailboxRead(e)
	case *protocols.Login:
		t.login(e)
	case *protocols.TLSUse:
		t.tlsUse(e)
	}
}

// advance lets event time go on to now, which may close windows.
func (t *Tracker) advance(now int64) {
	t.read = Read{}
	t.engine.Tick(now)
	t.stories = t.stories[:0]
	if len(t.scores) > 0 {
		t.compose(now)
	}
	if w := t.engine.Window(); w != t.window {
		t.window, t.fresh = w, 0
		t.once.reset()
	}
}

// take is given the scores of windows that close.
func (t *Tracker) take(s *baseline.Score) {
	if s.Alert {
		t.scores = append(t.scores, *s)
	}
}
