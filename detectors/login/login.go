// Package login judges logins, whatever they came over.
//
// It finds: guessing on one account (T1110.001), one host that tries many accounts
// (spraying T1110.003, stuffing T1110.004), many hosts that try one account, a
// success after any of these (T1078), a login from where the account never came
// from (network, country, ASN), faster than anybody travels, with a client it
// never used, at an hour it never keeps, passwords in clear text or by a
// mechanism that does not hide them well (T1040), and TLS that was taken away (T1557). By the baselines (package habits), more failures of a host or an
// account, more accounts of one host and more hosts of one account than is usual: the
// slow ones, which stay below the floors.
//
// It misses: logins inside TLS; a guess every few hours, which is below every
// window; sources behind an egress that many share, which all have one address;
// whoever logs in from the victim's own machine. An account has no habits before
// it was seen for Config.Learn.
package login

import (
	"net/netip"
	"time"

	"mailsensor/detectors"
	"mailsensor/detectors/codec"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/detectors/window"
	"mailsensor/protocols"
)

// Config holds the thresholds. Default gives those that are shipped.
type Config struct {
	GuessFailures int           `yaml:"guess_failures"` // failures on one account from one host within GuessWindow
	GuessWindow   time.Duration `yaml:"guess_window"`   //
	SprayAccounts int           `yaml:"spray_accounts"` // accounts that one host fails on within SprayWindow
	SprayWindow   time.Duration `yaml:"spray_window"`   //
	SwarmHosts    int           `yaml:"swarm_hosts"`    // hosts that fail on one account within SprayWindow
	AfterFailures int           `yaml:"after_failures"` // failures on an account within SprayWindow that make a success from a stranger suspect
	Learn         time.Duration `yaml:"learn"`          // how long an account has to be known before it has habits
	LearnLogins   int           `yaml:"learn_logins"`   // and how many logins
	MinScore      float64       `yaml:"min_score"`      // of a login that differs from the account's habits
	TravelSpeed   float64       `yaml:"travel_speed"`   // km/h; nobody travels faster
}

// Default returns the thresholds that are shipped.
func Default() Config {
	return Config{
		GuessFailures: 10, GuessWindow: 10 * time.Minute,
		SprayAccounts: 8, SprayWindow: 30 * time.Minute,
		SwarmHosts: 6, AfterFailures: 5,
		Learn: 5 * 24 * time.Hour, LearnLogins: 8,
		MinScore: 0.5, TravelSpeed: 1000,
	}
}

// Places says where addresses are; nil where nobody supplied a database.
type Places interface {
	// Country returns the ISO 3166 code, or "".
	Country(a netip.Addr) string
	// Location returns where in the world an address is, and how far off that may
	// be, in kilometres.
	Location(a netip.Addr) (lat, lon, radius float64, ok bool)
	// Network returns the autonomous system and who holds it; 0: unknown.
	Network(a netip.Addr) (asn uint32, holder string)
}

// Bounds.
const (
	maxAccounts = 1 << 16
	maxHosts    = 1 << 16
	maxServers  = 1 << 12
	maxPairs    = 1 << 16
	maxConns    = 1 << 14
	maxFloored  = 1 << 12
)

// Detector is the detector.
type Detector struct {
	codec.Tables

	config Config
	border *inside.Border
	places Places

	accounts *recent.Table[string, account]
	hosts    *recent.Table[netip.Addr, host]
	pairs    *recent.Table[pair, window.Small]
	servers  *recent.Table[netip.Addr, server]
	clients  *recent.Table[uint64, string] // by connection: what the client calls itself
	location *time.Location
	habits   *habits.Tracker
	legacy   *recent.Table[string, legacy]
	floored  *recent.Table[string, int64] // accounts and hosts: when a floor told of them last
	name     []byte
	now      int64
}

// pair is a host that logs in as an account.
type pair struct {
	account string
	host    netip.Addr
}

// host is a client that logs in.
type host struct {
	failed window.Set // accounts
	tried  window.Small
}

// New returns a Detector, which comes behind h in the list. Weeks are of loc; places
// may be nil.
func New(c Config, border *inside.Border, h *habits.Tracker, loc *time.Location, places Places) *Detector {
	d := &Detector{
		config: c, border: border, habits: h, places: places, location: loc,
		legacy:   recent.New[string, legacy](maxServers),
		floored:  recent.New[string, int64](maxFloored),
		accounts: recent.New[string, account](maxAccounts),
		hosts:    recent.New[netip.Addr, host](maxHosts),
		pairs:    recent.New[pair, window.Small](maxPairs),
		servers:  recent.New[netip.Addr, server](maxServers),
		clients:  recent.New[uint64, string](maxConns),
	}
	d.Tables = codec.Bounded(d.accounts, d.hosts, d.pairs, d.clients, d.legacy, d.floored)
	return d
}

// Evicted implements detectors.Bounded.
func (d *Detector) Evicted() uint64 {
	return d.accounts.Evicted + d.hosts.Evicted + d.pairs.Evicted + d.floored.Evicted + d.legacy.Evicted + d.servers.Evicted + d.clients.Evicted
}

// Name implements detectors.Detector.
func (*Detector) Name() string { return "login" }

// Tick implements detectors.Detector.
func (d *Detector) Tick(now int64, raise func(detectors.Alert)) {
	d.now = now
	d.stories(raise)
}

// Observe implements detectors.Detector.
func (d *Detector) Observe(ev protocols.Event, raise func(detectors.Alert)) {
	d.stories(raise)
	switch e := ev.(type) {
	case *protocols.Login:
		d.login(e, raise)
	case *protocols.ClientInfo:
		if e.Source == "id" {
			d.client(e.Conn.ID, string(e.Name))
		}
	case *protocols.TLSStart:
		d.secure(e)
		if len(e.JA4) > 0 {
			d.client(e.Conn.ID, string(e.JA4))
		}
	case *protocols.MailOperation:
		d.client(e.Conn.ID, program(e.UserAgent))
	case *protocols.Anomaly:
		d.anomaly(e, raise)
	case *protocols.ConnEnd:
		d.clients.Delete(e.Conn.ID)
	}
}

// client notes what the client of a connection calls itself.
func (d *Detector) client(conn uint64, name string) {
	if name == "" {
		return
	}
	p := d.clients.Get(conn)
	if p == nil {
		p = d.clients.Insert(conn)
	}
	*p = name
}

// program is the first word of a User-Agent without its version, which changes
// with every update.
func program(agent []byte) string {
	for i, c := range agent {
		if c == '/' || c == ' ' || c == '(' {
			return string(agent[:i])
		}
	}
	return string(agent)
}

func (d *Detector) login(e *protocols.Login, raise func(detectors.Alert)) {
	raw := e.AuthorizeAs
	if len(raw) == 0 {
		raw = e.User
	}
	if len(raw) == 0 {
		raw = e.Account
	}
	d.name = d.border.Account(raw, d.name)
	if len(d.name) == 0 {
		return
	}
	a := d.account(d.name)
	switch e.Outcome {
	case protocols.Accepted:
		d.success(e, a, raise)
		d.exposed(e, raise)
		d.outdated(e, raise)
	case protocols.Rejected, protocols.Unfinished:
		d.failure(e, a, raise)
	}
}

func (d *Detector) account(name []byte) *account {
	a := recent.GetBytes(d.accounts, name)
	if a == nil {
		key := string(name)
		a = d.accounts.Insert(key)
		a.reset(key)
	}
	return a
}

func (d *Detector) host(addr netip.Addr) *host {
	h := d.hosts.Get(addr)
	if h == nil {
		h = d.hosts.Insert(addr)
		*h = host{}
	}
	return h
}
