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
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Config holds what can be set. Default gives what is shipped.
type Config struct {
	Entities       int `yaml:"entities"`        // that are known; then the one that was silent longest is forgotten
	SharedAccounts int `yaml:"shared_accounts"` // accounts a day that make a host one that many share, up to 8
	SharedDays     int `yaml:"shared_days"`     // and on how many of the last 30 days
}

// Default returns what is shipped.
func Default() Config { return Config{Entities: 100_000, SharedAccounts: 5, SharedDays: 3} }

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
	read     Read

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
	return Tracker{
		config: t.config, border: t.border, location: t.location, places: t.places,
		engine: baseline.New(baseline.Config{Location: t.location, MaxEntities: t.config.Entities}, t.take),
		hosts:  recent.New[netip.Addr, host](maxHosts),
		people: recent.New[string, person](maxPeople),
	}
}

// Engine holds the baselines: what is expected of an entity and metric (Expect), of
// its week (Week), of all (All), and Forget.
func (t *Tracker) Engine() *baseline.Engine { return t.engine }

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
	t.scores = t.scores[:0]
	t.engine.Tick(now)
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
