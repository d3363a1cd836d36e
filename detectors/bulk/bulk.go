// Package bulk sees a mailbox being emptied, over whatever protocol: distinct
// messages, not commands, so that neither ranges of 512 octets nor four clients
// nor a pause between hide it.
//
// It finds (T1114.002): more distinct messages of an account in ten minutes or in
// a day than a floor allows and than the account is used to; as many octets as
// mail providers allow in a day; many mailboxes read by one client that does not
// always do so. It says how much of the mailbox that was, from how many folders,
// and whether it looks like the first sync of a new device.
//
// It misses: a thief who takes no more in a day than the victim does (package
// volume has a longer memory); mail inside TLS, unless a second sign stands beside
// the estimate.
package bulk

import (
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Config holds the floors. Default gives those that are shipped, which are public:
// see docs/alerts.md.
type Config struct {
	Burst          int           `yaml:"burst"`           // distinct messages of an account within BurstWindow
	BurstWindow    time.Duration `yaml:"burst_window"`    //
	Daily          int           `yaml:"daily"`           // distinct messages of an account within a day
	DailyPOP3      uint64        `yaml:"daily_pop3"`      // octets of an account within a day, over POP3
	DailyIMAP      uint64        `yaml:"daily_imap"`      // and over anything else
	Mailboxes      int           `yaml:"mailboxes"`       // mailboxes that one client reads within BurstWindow
	PerMailbox     int           `yaml:"per_mailbox"`     // messages of each of them
	EstimatedFloor int           `yaml:"estimated_floor"` // messages of a TLS session, at least, by the estimate
}

// Default returns the floors that are shipped.
func Default() Config {
	return Config{
		Burst: 250, BurstWindow: 10 * time.Minute, Daily: 1000,
		DailyPOP3: 1250 << 20, DailyIMAP: 2500 << 20,
		Mailboxes: 5, PerMailbox: 5, EstimatedFloor: 250,
	}
}

// Bounds.
const (
	maxAccounts = 1 << 16
	maxHosts    = 1 << 16
	maxSources  = 8
	maxFolders  = 64
)

const day = int64(24 * time.Hour)

// Detector is the detector.
type Detector struct {
	codec.Tables

	config   Config
	border   *inside.Border
	habits   *habits.Tracker
	accounts *recent.Table[string, account]
	hosts    *recent.Table[netip.Addr, host]
	begun    int64      // time of the first event
	pending  []*account // to be told at the next Tick
}

// New returns a Detector, which comes behind h in the list.
func New(c Config, border *inside.Border, h *habits.Tracker) *Detector {
	d := &Detector{
		config: c, border: border, habits: h,
		accounts: recent.New[string, account](maxAccounts),
		hosts:    recent.New[netip.Addr, host](maxHosts),
	}
	d.Tables = codec.Bounded(d.accounts, d.hosts)
	return d
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "bulk" }

// Tick implements detectors.Detector.
func (d *Detector) Tick(_ int64, raise func(detectors.Alert)) {
	d.stories(raise)
	d.Flush(raise)
}

// Flush implements detectors.Flusher.
func (d *Detector) Flush(raise func(detectors.Alert)) {
	for _, a := range d.pending {
		if a.waiting {
			a.waiting = false
			raise(d.emptied(a, a.what))
		}
	}
	d.pending = d.pending[:0]
}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	if d.begun == 0 {
		d.begun = ev.Header().Time
	}
	d.stories(raise)
	switch e := ev.(type) {
	case *protocols.MailboxRead:
		d.read(e, raise)
	case *protocols.TLSUse:
		d.estimated(e, raise)
	}
}

func (d *Detector) read(e *protocols.MailboxRead, raise func(detectors.Alert)) {
	r := d.habits.Read()
	if r.Account == "" {
		return
	}
	fresh := r.Fresh
	a := d.account(r.Account, e.Time)
	a.turn(e.Time)
	a.low = a.low || e.Confidence == protocols.LowerBound || r.Lower
	a.high = a.high || e.Confidence == protocols.UpperBound || r.Upper
	a.source(e.Client(), e.Time)
	a.folder(e, r.Folder)
	burst := a.burst.Add(e.Time, int64(d.config.BurstWindow), fresh)
	daily := a.daily.Add(e.Time, day, fresh)
	limit := d.config.DailyIMAP
	if e.Protocol == "pop3" {
		limit = d.config.DailyPOP3
	}
	bytes := a.bytes.Add(e.Time, day, r.Octets)
	f := finding{"octets", bytes, limit, 24 * time.Hour, "octets", habits.Habit{}}
	switch {
	case fresh > 0 && burst >= uint64(d.config.Burst):
		f = finding{"burst", burst, uint64(d.config.Burst), d.config.BurstWindow, "messages", d.habits.Hour(baseline.Account, a.name, baseline.MessagesDownloaded)}
	case fresh > 0 && daily >= uint64(d.config.Daily):
		f = finding{"day", daily, uint64(d.config.Daily), 24 * time.Hour, "messages", d.habits.Day(baseline.Account, a.name, baseline.MessagesDownloaded)}
	}
	if f.n >= f.floor && (!f.usual.Known() || float64(f.n) > f.usual.Bound) {
		d.tell(e, a, f, raise)
	}
	d.client(e, a, fresh, raise)
}

func (d *Detector) account(name string, t int64) *account {
	a := d.accounts.Get(name)
	if a == nil {
		a = d.accounts.Insert(name)
		a.reset(name, t)
	}
	return a
}

// tell raises what was found, or leaves it to the next Tick when it was just told.
func (d *Detector) tell(e *protocols.MailboxRead, a *account, f finding, raise func(detectors.Alert)) {
	a.note(e)
	again := a.told > 0 && e.Time-a.toldAt < day
	if again && f.n < a.told+a.told/4 {
		if f.what != "burst" {
			return
		}
		a.what = f // it is going on: the last word follows
		if !a.waiting {
			a.waiting = true
			d.pending = append(d.pending, a)
		}
		return
	}
	a.what, a.told, a.toldAt = f, f.n, e.Time
	raise(d.emptied(a, f))
}
