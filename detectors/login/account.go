package login

import (
	"net/netip"
	"slices"
	"time"

	"mailsensor/detectors/window"
)

// Bounds of what is remembered of an account.
const (
	maxSources = 16
	maxNames   = 8
)

// account is what is known of one: its habits, and what was tried on it.
type account struct {
	name      string
	failed    window.Small
	strangers window.Set // hosts that failed

	first   int64 // time of the first success
	logins  uint64
	sources []source
	clients []client
	hours   [4]uint64 // hours of the week that it logged in at, as bits
	over    uint64    // protocols that it logged in over, as bits
	outside bool      // it came from outside before
}

// usualSources is how many of them an account has without another allocation.
const usualSources = 8

// source is a network that an account came from.
type source struct {
	prefix  netip.Prefix
	country string
	asn     uint32
	first   int64
	last    int64
	lat     float64
	lon     float64
	radius  float64
	located bool
}

// client is what a program that an account used calls itself.
type client struct {
	name        string
	first, last int64
}

// uses reports whether an account used a program before.
func (a *account) uses(name string) bool {
	return slices.ContainsFunc(a.clients, func(c client) bool { return c.name == name })
}

// used notes that it does.
func (a *account) used(name string, t int64) {
	for i := range a.clients {
		if c := &a.clients[i]; c.name == name {
			c.last = max(c.last, t)
			return
		}
	}
	if len(a.clients) == maxNames {
		a.clients = slices.Delete(a.clients, 0, 1)
	}
	a.clients = append(a.clients, client{name, t, t})
}

func (a *account) reset(name string) {
	*a = account{name: name, sources: a.sources[:0], clients: a.clients[:0]}
}

// prefixOf is the network that an address counts as: what one site has.
func prefixOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits)
	return p
}

// settled reports that the account has habits by which a login can be judged.
func (a *account) settled(t int64, c *Config) bool {
	return a.first != 0 && t-a.first >= int64(c.Learn) && a.logins >= uint64(c.LearnLogins)
}

// protocolBits are the protocols that accounts log in over; others are not told apart.
var protocolBits = [...]string{"imap", "pop3", "smtp", "http", "sieve"}

// bit is that of a protocol, or 0.
func bit(protocol string) uint64 {
	for i, p := range protocolBits {
		if p == protocol {
			return 1 << i
		}
	}
	return 0
}

// hour is the hour of the week of a time.
func hour(t int64, loc *time.Location) int {
	x := time.Unix(0, t).In(loc)
	return int(x.Weekday())*24 + x.Hour()
}

// usual reports whether the account ever logged in within an hour of that of the
// week, or, before two weeks have passed, of the day.
func (a *account) usual(t int64, h int) bool {
	const day, week = 24, 168
	for shift := -1; shift <= 1; shift++ {
		if a.at((h + shift + week) % week) {
			return true
		}
		for other := 0; t-a.first < int64(2*week*time.Hour) && other < 7; other++ {
			if a.at((h + shift + other*day + week) % week) {
				return true
			}
		}
	}
	return false
}

// asleep reports whether an hour is far from all that the account keeps: on no day
// of the week did it log in within four hours of that time of day.
func (a *account) asleep(h int) bool {
	const day, week, far = 24, 168, 4
	for shift := -far; shift <= far; shift++ {
		for other := range 7 {
			if a.at((h + shift + other*day + week) % week) {
				return false
			}
		}
	}
	return true
}

func (a *account) at(h int) bool { return a.hours[h/64]&(1<<(h%64)) != 0 }
