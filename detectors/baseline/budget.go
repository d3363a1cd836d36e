package baseline

// Budget keeps the number of alerts a day within what people read: the most severe
// pass, the rest is for the log. It is asked as alerts come, and cannot wait for the
// evening: an alert passes while there is room, and beyond that when it is more severe
// than the least severe of those that passed today.
//
// A day of much therefore lets more pass than the budget, but ever fewer: of n alerts
// in random order about PerDay*(1+ln(n/PerDay)).
type Budget struct {
	PerDay int    // 0 is no limit
	Held   uint64 // alerts that did not pass

	day    int64
	passed []float64 // severities of today's, the lowest first: a heap
}

// Admit says whether an alert of some severity on some day (any number that changes
// at midnight) passes.
func (b *Budget) Admit(day int64, severity float64) bool {
	if b.PerDay <= 0 {
		return true
	}
	if day != b.day {
		b.day, b.passed = day, b.passed[:0]
	}
	if len(b.passed) < b.PerDay {
		b.passed = append(b.passed, severity)
		b.rise(len(b.passed) - 1)
		return true
	}
	if severity <= b.passed[0] {
		b.Held++
		return false
	}
	b.passed[0] = severity
	b.sink(0)
	return true
}

func (b *Budget) rise(i int) {
	for p := (i - 1) / 2; i > 0 && b.passed[i] < b.passed[p]; p = (i - 1) / 2 {
		b.passed[i], b.passed[p] = b.passed[p], b.passed[i]
		i = p
	}
}

func (b *Budget) sink(i int) {
	for {
		c := 2*i + 1
		if c+1 < len(b.passed) && b.passed[c+1] < b.passed[c] {
			c++
		}
		if c >= len(b.passed) || b.passed[i] <= b.passed[c] {
			return
		}
		b.passed[i], b.passed[c] = b.passed[c], b.passed[i]
		i = c
	}
}
