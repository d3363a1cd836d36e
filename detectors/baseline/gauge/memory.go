package gauge

import "math"

// prototypes is how many states a memory keeps.
const prototypes = 64

// dims of a state: the running mean now and before, and the deviation of the values
// around it of late.
const dims = 3

// memory knows the states that a series has been in, on one time scale.
type memory struct {
	weight  float64
	past    []float64 // running means, a ring
	at      int
	n       int
	mean    float64
	jitter  float64
	centre  float64 // long-run mean and deviation: what states are measured in
	spread  float64
	known   [prototypes]prototype
	used    int
	distant histogram
}

type prototype struct {
	state  [dims]float64
	weight float64 // visits, of which older ones count less
	visits float64
}

func (m *memory) init(weight float64, lag int) {
	m.weight, m.past = weight, make([]float64, lag)
}

// observe returns how surprising the state is that x leads to, in nats.
func (m *memory) observe(x float64) float64 {
	if m.n == 0 {
		m.mean, m.centre = x, x
		for i := range m.past {
			m.past[i] = x
		}
	}
	m.n++
	m.jitter += math.Min(m.weight, .5) * (math.Abs(x-m.mean) - m.jitter)
	m.mean += m.weight * (x - m.mean)
	before := m.past[m.at]
	m.past[m.at] = m.mean
	m.at = (m.at + 1) % len(m.past)

	rate := math.Max(.002, 1/float64(m.n))
	off := math.Abs(x - m.centre)
	if m.n > 10 {
		off = math.Min(off, 5*m.spread+rate*off) // one spike does not shrink all else
	}
	m.spread += rate * (off - m.spread)
	m.centre += rate * (x - m.centre)
	unit := m.spread + 1e-9*math.Abs(m.centre) + 1e-300

	state := [dims]float64{m.mean / unit, (m.mean - before) / unit, .5 * math.Log(m.jitter/unit+.003)}
	d := m.learn(state)
	s := m.distant.surprise(d)
	m.distant.add(d)
	return s
}

// learn returns the distance to the nearest prototype. What is far from all takes the
// place of the one that mattered least; what is near moves its prototype.
func (m *memory) learn(state [dims]float64) float64 {
	best, nearest, least := math.Inf(1), -1, 0
	for i := range m.known[:m.used] {
		k := &m.known[i]
		k.weight *= .9995
		d := 0.
		for j, v := range k.state {
			d += (state[j] - v) * (state[j] - v)
		}
		if d < best {
			best, nearest = d, i
		}
		if k.weight < m.known[least].weight {
			least = i
		}
	}
	if nearest < 0 {
		m.known[0], m.used = prototype{state, 1, 1}, 1
		return 0
	}
	best = math.Sqrt(best)
	novel := m.distant.quantile(.02)
	young := novel / m.known[nearest].visits // what was seen once is not usual yet
	switch {
	case m.used < prototypes && best > .05:
		m.known[m.used] = prototype{state, 1, 1}
		m.used++
	case best > novel:
		m.known[least] = prototype{state, 1, 1}
	default:
		k := &m.known[nearest]
		k.weight++
		k.visits++
		rate := math.Max(.02, 1/k.weight)
		for j := range k.state {
			k.state[j] += rate * (state[j] - k.state[j])
		}
	}
	return best + young
}
