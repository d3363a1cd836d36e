package baseline

// bins are the hours of workdays and of weekends: what an entity's own shape is
// learned in. Its group's has all hours of the week.
const bins = 48

// shape holds, by bin, the sums of counts and of what was expected at level alone.
type shape [bins][2]half

func bin(slot int) int {
	if slot >= 5*24 {
		return slot%24 + 24
	}
	return slot % 24
}

// days of the week that a bin stands for.
func binDays(b int) float64 {
	if b < 24 {
		return 5
	}
	return 2
}

// raw is the share of a slot before it is scaled to a mean of 1, and its relative
// variance.
func (sh *shape) raw(b int, group float64) (e, variance float64) {
	a := sh[b][0].value() + float64(shapePrior*group)
	return a / (sh[b][1].value() + shapePrior), 1 / max(a, 1e-3)
}

// mean of the raw shape over the week.
func (sh *shape) mean(g *group) float64 {
	sum := 0.
	for b := range sh {
		a := float64(binDays(b)*sh[b][0].value()) + float64(shapePrior*g.bin[b])
		sum += a / (sh[b][1].value() + shapePrior)
	}
	return max(sum/168, 1e-3)
}

// learn adds a window; keep is what the sums are multiplied with before.
func (sh *shape) learn(b int, keep, count, expected float64) {
	sh[b][0] = toHalf(float64(keep*sh[b][0].value()) + count)
	sh[b][1] = toHalf(float64(keep*sh[b][1].value()) + expected)
}

// expectation of series s in a slot of the week, with the relative variance that
// comes from not knowing the shape.
func (e *Engine) expectation(s *series, g *group, slot int, age float64) (level, share, variance float64) {
	level = s.level(g, age)
	share = g.profile[slot]
	if s.shape == 0 {
		share *= s.weekday[slot/24].value()
		return level, share, 1 / max(float64(shapePrior*share), 1e-3)
	}
	raw, variance := e.shapes.at(s.shape).raw(bin(slot), share)
	return level, raw / float64(s.norm) * s.weekday[slot/24].value(), variance
}
