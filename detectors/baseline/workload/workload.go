// Package workload invents what the mail traffic of an organisation counts to, hour
// by hour for ten weeks: accounts and hosts with their habits, their holidays, their
// newsletters, and attacks planted among them. The baselines are tuned and measured
// on it.
//
// The same seed gives the same numbers. The sizes here and both lists of seeds were
// fixed before the first threshold was tuned, and TestFixed holds them: who changes
// what is measured changes the ruler, and has to say so in docs/baselines.md.
package workload

import (
	"math/rand/v2"
	"time"
	_ "time/tzdata" // a developer's machine may have no zone files
)

// TuningSeeds are those that thresholds may be fitted to. HeldBackSeeds are looked
// at when everything is fitted, to say what it is worth.
var (
	TuningSeeds   = []uint64{1, 2, 3, 4}
	HeldBackSeeds = []uint64{9001, 9002, 9003, 9004, 9005}
)

// Shape of a workload.
const (
	Weeks    = 10
	Days     = Weeks * 7
	Hours    = Days * 24
	Accounts = 1500
	Hosts    = 120

	// FirstDay is the day from which on attacks are planted, and counted are
	// alarms: four weeks to learn in.
	FirstDay = 28
)

// Zone is where the organisation is. Its clocks go forward on day 55.
const Zone = "Europe/Berlin"

// Start is the first hour: Monday, 2 February 2026, midnight in Zone.
var Start = time.Date(2026, 2, 1, 23, 0, 0, 0, time.UTC)

// Workload is what was counted, and the truth about it.
type Workload struct {
	Location *time.Location
	Series   []Series
	Attacks  []Span
	Benign   []Span // what is unusual and no attack; no Series has it told
}

// Series is what one entity sent: messages an hour.
type Series struct {
	Name  string
	Host  bool
	Habit string   // what kind of account or host it is
	Born  int      // the first hour that counts
	Count []uint32 // by hour since Start
}

// Span is a stretch of hours of a series in which something happened.
type Span struct {
	Series   int
	What     string
	From, To int // hours since Start, To is not within
}

// Options choose a workload.
type Options struct {
	Seed uint64

	// Poison, where it is not 0, plants no attacks; instead Poisoned entities grow
	// by this share a day from FirstDay to the end.
	Poison float64
}

// Poisoned is how many accounts and hosts grow with Options.Poison.
const (
	PoisonedAccounts = 60
	PoisonedHosts    = 20
)

// generator carries what the steps of New share.
type generator struct {
	*Workload
	rng   *rand.Rand
	local []time.Time // of every hour
	off   []float64   // by day: the share of the office that is at work
	made  []maker
	taken map[int]bool // series that have an attack
}

// New makes a workload.
func New(opt Options) *Workload {
	loc, err := time.LoadLocation(Zone)
	if err != nil {
		panic(err) // the zone files are in the binary
	}
	g := &generator{
		Workload: &Workload{Location: loc},
		rng:      rand.New(rand.NewPCG(opt.Seed, 0x6d61696c)),
		taken:    map[int]bool{},
	}
	for h := range Hours {
		g.local = append(g.local, Start.Add(time.Duration(h)*time.Hour).In(loc))
	}
	g.holidays()
	for i := range Accounts {
		g.account(i)
	}
	for i := range Hosts {
		g.host(i)
	}
	g.peaks()
	if opt.Poison > 0 {
		g.poison(opt.Poison)
	} else {
		g.attack()
	}
	return g.Workload
}

// holidays fixes the days on which the office is empty: one while the baselines
// learn, one later, and the day after it which many take off.
func (g *generator) holidays() {
	g.off = make([]float64, Days+1)
	for d := range g.off {
		g.off[d] = 1
	}
	g.off[16], g.off[45], g.off[46] = .06, .06, .45
}

// day is the day of the workload that hour h is in, in local time.
func (g *generator) day(h int) int {
	t := g.local[h]
	_, first := g.local[0].Zone()
	_, now := t.Zone()
	return (h*3600 + now - first) / 3600 / 24
}

// weekday is 0 on Monday.
func weekday(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }
