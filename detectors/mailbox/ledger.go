package mailbox

import "slices"

// Level says how much of a message was sent. A message has the highest level it
// ever reached, so that one downloaded whole is no longer headers only.
type Level uint8

// The levels.
const (
	none    Level = iota
	Headers       // only headers
	Partial       // some of the body
	Whole         // all of the body
	levels
)

// Delta is how many messages came to each level, or left it.
type Delta [levels]int64

// move books messages that rose: n[l] of them from level l.
func (d *Delta) move(n *moved, to Level) {
	for from, k := range n {
		d[from] -= k
		d[to] += k
	}
	d[none] = 0
}

// moved counts messages by the level they came from.
type moved [levels]int64

// run is a run of messages of one level, ends included.
type run struct {
	first, last uint32
	level       Level
}

// maxRuns bounds a ledger. Clients fetch in order or nearly so: a mailbox read
// at random, every other message, has as many runs as messages.
const maxRuns = 4096

// ledger knows the level of every message of one mailbox, by UID or by
// position, as sorted runs that neither overlap nor touch at equal level. A run
// of UIDs is never expanded.
type ledger struct {
	runs   []run
	small  [6]run // where runs begins; most mailboxes need no more
	coarse bool   // maxRuns was hit: runs claim messages that were not sent
}

// reset empties the ledger, and gives memory back that few ledgers need.
func (l *ledger) reset() {
	if cap(l.runs) > 64 || l.runs == nil {
		l.runs = l.small[:]
	}
	l.runs = l.runs[:0]
	l.coarse = false
}

// find returns the index of the first run that ends at or behind n.
func (l *ledger) find(n uint32) int {
	if k := len(l.runs); k == 0 || l.runs[k-1].last < n { // mail is mostly read upwards
		return k
	}
	i, _ := slices.BinarySearchFunc(l.runs, n, func(r run, n uint32) int {
		if r.last < n {
			return -1
		}
		return 1
	})
	return i
}

// at returns the level of message n.
func (l *ledger) at(n uint32) Level {
	if i := l.find(n); i < len(l.runs) && l.runs[i].first <= n {
		return l.runs[i].level
	}
	return none
}

// raise brings the messages from first to last to a level at least, and counts
// those that rose. pieces is scratch space.
func (l *ledger) raise(first, last uint32, to Level, pieces []run) (n moved, scratch []run) {
	i := l.find(first)
	if i < len(l.runs) && l.runs[i].first <= first && last <= l.runs[i].last && l.runs[i].level >= to {
		return n, pieces
	}
	w, j := pieces[:0], i
	if i > 0 && l.runs[i-1].last+1 == first { // may grow together with the left neighbour
		i--
		w = append(w, l.runs[i])
	} else if i < len(l.runs) && l.runs[i].first < first {
		w = append(w, run{l.runs[i].first, first - 1, l.runs[i].level})
	}
	next := uint64(first) // beyond the last uint32 at the end
	for ; j < len(l.runs) && l.runs[j].first <= last; j++ {
		r := l.runs[j]
		a, b := max(r.first, first), min(r.last, last)
		if uint64(a) > next {
			n[none] += int64(uint64(a) - next)
			w = join(w, run{uint32(next), a - 1, to})
		}
		if r.level < to {
			n[r.level] += int64(b-a) + 1
		}
		w = join(w, run{a, b, max(r.level, to)})
		if r.last > last {
			w = join(w, run{last + 1, r.last, r.level})
		}
		next = uint64(b) + 1
	}
	if next <= uint64(last) {
		n[none] += int64(uint64(last)-next) + 1
		w = join(w, run{uint32(next), last, to})
	}
	if j < len(l.runs) && uint64(l.runs[j].first) == uint64(last)+1 { // the right neighbour
		w = join(w, l.runs[j])
		j++
	}
	l.runs = slices.Replace(l.runs, i, j, w...)
	if len(l.runs) > maxRuns {
		l.coarsen()
	}
	return n, w
}

// join appends r to w, as part of the last run where they touch at equal level.
func join(w []run, r run) []run {
	if k := len(w); k > 0 && w[k-1].level == r.level && uint64(w[k-1].last)+1 == uint64(r.first) {
		w[k-1].last = r.last
		return w
	}
	return append(w, r)
}

// drop forgets message n and returns the level it had.
func (l *ledger) drop(n uint32) Level {
	i := l.find(n)
	if i == len(l.runs) || l.runs[i].first > n {
		return none
	}
	r := l.runs[i]
	switch {
	case r.first == r.last:
		l.runs = slices.Delete(l.runs, i, i+1)
	case r.first == n:
		l.runs[i].first++
	case r.last == n:
		l.runs[i].last--
	default:
		l.runs[i].last = n - 1
		l.runs = slices.Insert(l.runs, i+1, run{n + 1, r.last, r.level})
	}
	return r.level
}

// coarsen halves the number of runs by joining those with the smallest gaps
// between them. What was in the gaps will not be counted any more: from here on
// the counts are lower bounds.
func (l *ledger) coarsen() {
	l.coarse = true
	for gap := uint64(1); len(l.runs) > maxRuns/2; gap *= 2 {
		w := l.runs[:1]
		for _, r := range l.runs[1:] {
			if p := &w[len(w)-1]; uint64(r.first)-uint64(p.last) <= gap {
				p.last, p.level = r.last, max(p.level, r.level)
				continue
			}
			w = append(w, r)
		}
		l.runs = w
	}
}
