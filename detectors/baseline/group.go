package baseline

import "math"

// classes are the shapes that peer groups are made of. They begin as drawn here and
// become what their members do.
const classes = 3

var classNames = [classes]string{"office hours", "around the clock", "night"}

// seeds are what a class looks like before it has members.
var seeds = [classes]func(slot int) float64{
	func(slot int) float64 {
		if h := slot % 24; slot < 5*24 && h >= 7 && h < 19 {
			return 1
		}
		return .03
	},
	func(int) float64 { return 1 },
	func(slot int) float64 {
		if h := slot % 24; h < 6 || h >= 20 {
			return 1
		}
		return .05
	},
}

// group is a peer group: the series of one metric and kind of entity whose weeks
// are alike.
//
// The sums of an hour and a day are kept in fixed point: the order in which the
// series are visited does not matter to them.
type group struct {
	born    int64           // window
	sum     [168][2]float64 // of counts and expectations by slot, each member weighing about the same
	profile [168]float64    // mean 1
	bin     [bins]float64   // sums of profile

	level  float64 // prior
	phi    float64 // prior
	dayPhi float64 // prior

	activity float64 // of today against the usual, as far as known
	usual    float64 // long-run ratio of counts to expectations

	window struct{ count, mean fixed } // of the window that is being closed
	today  struct{ count, mean fixed } // so far
	census census
}

// census is taken at the end of a day.
type census struct {
	roots          fixed // square roots of levels
	num, den       fixed
	dayNum, dayDen fixed
	members        int64
}

// fixed is a number in units of 2^-20.
type fixed int64

func toFixed(x float64) fixed { return fixed(math.RoundToEven(clamp(x, -1e12, 1e12) * (1 << 20))) }

func (f fixed) value() float64 { return float64(f) / (1 << 20) }

const (
	seedWeight    = .5 // expectations that the seed weighs by slot
	binWeight     = 4. // and the same hours of other days
	activityPrior = 40.
	levelPrior    = 5. // members
)

func newGroup(k Kind, class int, born int64, perDay float64) *group {
	g := &group{born: born, activity: 1, usual: 1, level: 6 / perDay}
	g.phi, g.dayPhi = k.dispersions()
	g.draw(class)
	return g
}

// draw makes the profile of the sums: of each slot, shrunk to the same hour of other
// days, shrunk to the seed.
func (g *group) draw(class int) {
	var sums [bins][2]float64
	for i, s := range g.sum {
		b := bin(i)
		sums[b][0] += s[0]
		sums[b][1] += s[1]
	}
	// One hour of all days stands in for days not seen yet.
	total := 0.
	for i := range g.profile {
		b := bin(i)
		other := b + 24
		if b >= 24 {
			other = b - 24
		}
		daily := (float64(seedWeight*seeds[class](i)) + sums[other][0]) / (seedWeight + sums[other][1])
		w := float64(.1 * binWeight)
		hourly := (float64(w*daily) + sums[b][0]) / (w + sums[b][1])
		g.profile[i] = (float64(binWeight*hourly) + g.sum[i][0]) / (binWeight + g.sum[i][1])
		total += g.profile[i]
	}
	g.bin = [bins]float64{}
	for i := range g.profile {
		g.profile[i] *= 168 / total
		g.bin[bin(i)] += g.profile[i]
	}
}

// add takes note of a member's window.
func (g *group) add(count, mean, level float64, ripe bool) {
	w := 1 / (1 + level)
	count = min(count, float64(8*level)+3)
	g.window.count += toFixed(w * count)
	g.window.mean += toFixed(w * level)
	if ripe {
		count = min(count, float64(2*mean)+3)
		g.today.count += toFixed(w * count)
		g.today.mean += toFixed(w * mean)
	}
}

// close ends a window in slot.
func (g *group) close(class, slot int, keep float64) {
	s := &g.sum[slot]
	if g.activity >= holiday {
		s[0] = float64(keep*s[0]) + g.window.count.value()
		s[1] = float64(keep*s[1]) + g.window.mean.value()
	}
	g.window.count, g.window.mean = 0, 0
	g.activity = clamp((g.today.count.value()+activityPrior)/(float64(g.usual*g.today.mean.value())+activityPrior), .02, 1.5)
	g.draw(class)
}

// holiday is the activity below which a day teaches little.
const holiday = .5

// closeDay sums up the day. all is the census of all classes.
func (g *group) closeDay(k Kind, all *census, perDay float64) {
	c := &g.census
	if m := g.today.mean.value(); m > activityPrior && g.activity >= holiday {
		ratio := clamp(g.today.count.value()/m, .5, 2)
		g.usual += float64((ratio - g.usual) * .1)
	}
	g.today.count, g.today.mean = 0, 0
	g.activity = 1
	if all.members > 0 {
		mean := all.roots.value() / float64(all.members)
		root := (c.roots.value() + float64(levelPrior*mean)) / (float64(c.members) + levelPrior)
		g.level = max(square(root), .005/perDay)
	}
	const weight = 20
	phi, dayPhi := k.dispersions()
	g.phi = clamp((c.num.value()+weight*phi)/(c.den.value()+weight), .005, 10)
	g.dayPhi = clamp((c.dayNum.value()+weight*dayPhi)/(c.dayDen.value()+weight), .002, 5)
	g.census = census{}
}

func (c *census) add(d *census) {
	c.roots += d.roots
	c.members += d.members
}

// classify returns the class whose profile fits a shape best, by likelihood; the
// present class unless another is better by 3 nats.
func classify(sh *shape, groups *[classes]*group, now uint8) uint8 {
	best, most := now, -1e300
	for c, g := range groups {
		sum := 0.
		for b := range sh {
			share := max(g.bin[b]/binDays(b), .02)
			sum += float64(sh[b][0].value()*ln(share)) - float64(sh[b][1].value()*share)
		}
		if uint8(c) == now {
			sum += 3
		}
		if sum > most {
			best, most = uint8(c), sum
		}
	}
	return best
}
