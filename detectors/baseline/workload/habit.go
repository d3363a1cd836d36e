package workload

import (
	"math"
	"time"
)

// habit is when an entity is busy: weights by hour and by weekday, of any scale.
type habit struct {
	name   string
	office bool // goes by holidays and vacations
	hour   func(h float64) float64
	day    [7]float64
}

var (
	workdays = [7]float64{1, 1.05, 1.05, 1, .85, .03, .02}
	everyday = [7]float64{1, 1, 1, 1, 1, 1, 1}
)

var accountHabits = []habit{
	{"office", true, office, workdays},
	{"part-time", true, morning, [7]float64{1, 1, 1, .1, 0, 0, 0}},
	{"night shift", true, night, [7]float64{1, 1, 1, 1, 1, .6, .6}},
	{"always on", false, flat, everyday},
	{"batch", false, batch, [7]float64{1, 1, 1, 1, 1, .2, .2}},
	{"rare", true, office, workdays},
}

var accountShares = []float64{.68, .08, .04, .07, .05, .08}

var hostHabits = []habit{
	{"relay", false, relay, [7]float64{1, 1.05, 1.05, 1, .9, .35, .3}},
	{"application", false, cron, everyday},
	{"scanner", true, office, workdays},
	{"gateway", true, officeAndNight, [7]float64{1, 1, 1, 1, .9, .25, .2}},
}

var hostShares = []float64{.25, .37, .17, .21}

// hump is a working day's hill around its middle.
func hump(h, middle, width float64) float64 {
	d := (h - middle) / width
	return math.Exp(-d * d * d * d)
}

func office(h float64) float64 {
	return .004 + hump(h, 13, 4.8)*(1-.45*hump(h, 12.5, .9))
}
func morning(h float64) float64        { return .002 + hump(h, 10, 2.8) }
func night(h float64) float64          { return .01 + hump(math.Mod(h+12, 24), 14, 4) }
func flat(h float64) float64           { return .8 + .2*hump(h, 14, 6) }
func relay(h float64) float64          { return .12 + hump(h, 13, 5.5) }
func officeAndNight(h float64) float64 { return .08 + hump(h, 13, 5) }

// batch works at two hours of the day.
func batch(h float64) float64 { return .002 + hump(h, 6.5, .8) + .7*hump(h, 18.5, .8) }

// cron is a service that also reports every four hours.
func cron(h float64) float64 {
	return .5 + .3*hump(h, 14, 6) + .8*hump(math.Mod(h, 4), .5, .6)
}

// week is the expected share of each local hour of the week, with the mean 1.
func (b *habit) week(shift float64) (w [168]float64) {
	sum := 0.
	for i := range w {
		h := math.Mod(float64(i%24)+.5-shift+24, 24)
		w[i] = b.hour(h) * b.day[i/24]
		sum += w[i]
	}
	for i := range w {
		w[i] *= 168 / sum
	}
	return w
}

// slot is the local hour of the week.
func slot(t time.Time) int { return weekday(t)*24 + t.Hour() }
