package mailbox

// Pool is how many different messages there are at least, where what comes from
// different sources may be the same ones. The zero Pool is empty.
type Pool struct {
	sure Amounts
	sum  Amounts // over the other sources
	best Amounts // of any other source: messages of a level and above
	any  bool    // there are other sources
}

// Amounts is a number of messages per level.
type Amounts [levels]int64

// Add adds messages that are different from all that were added so.
func (p *Pool) Add(a Amounts) { p.sure.add(a) }

// Other adds a source whose messages may be among all others.
func (p *Pool) Other(a Amounts) {
	p.any = true
	p.sum.add(a)
	p.best.atLeast(a.upwards())
}

func (a *Amounts) add(o Amounts) {
	for l := range a {
		a[l] += o[l]
	}
}

func (a *Amounts) atLeast(o Amounts) {
	for l := range a {
		a[l] = max(a[l], o[l])
	}
}

// upwards is how many messages have a level or a higher one.
func (a Amounts) upwards() Amounts {
	for l := Whole; l > none; l-- {
		a[l-1] += a[l]
	}
	return a
}

// Least is how many messages of each level there are at least: as many as one
// source shows, without those that another may show at a higher level.
func (p *Pool) Least() Amounts {
	if !p.any {
		return p.sure
	}
	sum, best := p.sum, p.best
	sum.add(p.sure)
	best.atLeast(p.sure.upwards())
	above := sum.upwards()
	var least Amounts
	for l := Headers; l < Whole; l++ {
		least[l] = max(0, best[l]-above[l+1])
	}
	least[Whole] = best[Whole]
	return least
}

// least is how many messages the view holds at least, when what came by position
// may have come by UID or in another selection too.
func (v *view) least() Amounts {
	var p Pool
	p.Add(Amounts(v.named))
	switch {
	case v.unnamed == Delta{}:
	case !v.box.known || !v.high(Headers): // all of one selection
		p.Add(Amounts(v.unnamed))
	case v.sources <= 1:
		p.Other(Amounts(v.unnamed))
	default: // one of the selections has as many as the average
		p.Other(Amounts(v.unnamed))
		p.best = Amounts{}
		if n := int64(v.wholes); n > 0 {
			p.best[Whole] = (v.unnamed[Whole] + n - 1) / n
		}
	}
	return p.Least()
}
