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
	Usual          float64       `yaml:"usual"`           // how many times what an account is used to is strange
	EstimatedFloor int           `yaml:"estimated_floor"` // messages of a TLS session, at least, by the estimate
}

// Default returns the floors that are shipped.
func Default() Config {
	return Config{
		Burst: 250, BurstWindow: 10 * time.Minute, Daily: 1000,
		DailyPOP3: 1250 << 20, DailyIMAP: 2500 << 20,
		Mailboxes: 5, PerMailbox: 5, Usual: 2, EstimatedFloor: 250,
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
	config   Config
	border   *inside.Border
	accounts *recent.Table[string, account]
	hosts    *recent.Table[netip.Addr, host]
	begun    int64 // time of the first event
	name     []byte
	pending  []*account // to be told at the next Tick
}

// New returns a Detector.
func New(c Config, border *inside.Border) *Detector {
	return &Detector{
		config: c, border: border,
		accounts: recent.New[string, account](maxAccounts),
		hosts:    recent.New[netip.Addr, host](maxHosts),
	}
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "bulk" }

// Tick implements detectors.Detector.
func (d *Detector) Tick(_ int64, raise func(detectors.Alert)) { d.Flush(raise) }

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
	switch e := ev.(type) {
	case *protocols.MailboxRead:
		d.read(e, raise)
	case *protocols.TLSUse:
		d.estimated(e, raise)
	}
}

func (d *Detector) read(e *protocols.MailboxRead, raise func(detectors.Alert)) {
	var octets uint64
	any := false
	for i := range e.Items {
		it := &e.Items[i]
		switch it.Kind {
		case protocols.ReadWhole, protocols.ReadPartial, protocols.ReadPart:
			any = true
			octets += it.Bytes
		}
	}
	if !any {
		return
	}
	a := d.account(e)
	a.turn(e.Time)
	fresh := a.distinct(e)
	a.low = a.low || e.Confidence == protocols.LowerBound || a.seen.Full()
	a.high = a.high || e.Confidence == protocols.UpperBound
	a.source(e.Client(), e.Time)
	a.folder(e)
	burst := a.burst.Add(e.Time, int64(d.config.BurstWindow), fresh)
	a.peak = max(a.peak, burst)
	a.total += fresh
	daily := a.daily.Add(e.Time, day, fresh)
	limit := d.config.DailyIMAP
	if e.Protocol == "pop3" {
		limit = d.config.DailyPOP3
	}
	bytes := a.bytes.Add(e.Time, day, octets)
	switch {
	case fresh > 0 && burst >= d.threshold(uint64(d.config.Burst), a.peaks[:]):
		d.tell(e, a, finding{"burst", burst, uint64(d.config.Burst), d.config.BurstWindow, "messages", usual(a.peaks[:])}, raise)
	case fresh > 0 && daily >= d.threshold(uint64(d.config.Daily), a.totals[:]):
		d.tell(e, a, finding{"day", daily, uint64(d.config.Daily), 24 * time.Hour, "messages", usual(a.totals[:])}, raise)
	case bytes >= limit:
		d.tell(e, a, finding{"octets", bytes, limit, 24 * time.Hour, "octets", 0}, raise)
	}
	d.client(e, a, fresh, raise)
}

// threshold is what is strange for an account: above the floor, and more than it
// is used to.
func (d *Detector) threshold(floor uint64, past []uint32) uint64 {
	return max(floor, uint64(d.config.Usual*float64(usual(past))))
}

// usual is what a day of the past may bring: the second-highest of the days, since
// one strange day does not make a habit.
func usual(past []uint32) uint32 {
	var first, second uint32
	for _, n := range past {
		switch {
		case n > first:
			first, second = n, first
		case n > second:
			second = n
		}
	}
	return second
}

func (d *Detector) account(e *protocols.MailboxRead) *account {
	d.name = d.border.Account(e.Account, d.name)
	if len(d.name) == 0 { // nobody was seen to log in: by client and server
		d.name = append(d.name, '?')
		d.name = e.Client().AppendTo(d.name)
	}
	a := recent.GetBytes(d.accounts, d.name)
	if a == nil {
		key := string(d.name)
		a = d.accounts.Insert(key)
		a.reset(key, e.Time)
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
