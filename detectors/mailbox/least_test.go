package mailbox

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"mailsensor/protocols"
)

// TestPoolAgainstModel holds sources that share messages as they like: a pool
// never claims more messages than there are.
func TestPoolAgainstModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		truth := map[int]Level{}
		source := func(from int) (a Amounts) {
			seen := map[int]Level{}
			for range rnd.IntN(6) {
				n, l := from+rnd.IntN(8), Headers+Level(rnd.IntN(3))
				seen[n] = max(seen[n], l)
				truth[n] = max(truth[n], l)
			}
			for _, l := range seen {
				a[l]++
			}
			return a
		}
		var p Pool
		p.Add(source(0))
		p.Add(source(8)) // others than those before
		for range rnd.IntN(4) {
			p.Other(source(rnd.IntN(16)))
		}
		var most Amounts
		for _, l := range truth {
			most[l]++
		}
		for l, n := range p.Least() {
			if n > most[l] || n < 0 {
				t.Fatalf("%v of %v", p.Least(), most)
			}
		}
	}
}

func TestLeast(t *testing.T) {
	for _, tt := range []struct {
		name string
		sure Amounts
		or   []Amounts
		want Amounts
	}{
		{"nothing", Amounts{}, nil, Amounts{}},
		{"sure alone", Amounts{Headers: 3, Whole: 4}, nil, Amounts{Headers: 3, Whole: 4}},
		{"one other alone", Amounts{}, []Amounts{{Headers: 3, Whole: 4}}, Amounts{Headers: 3, Whole: 4}},
		{"the largest counts", Amounts{Whole: 4}, []Amounts{{Whole: 7}, {Whole: 5}}, Amounts{Whole: 7}},
		{"headers may have been whole", Amounts{Headers: 5, Whole: 1}, []Amounts{{Whole: 3}}, Amounts{Headers: 2, Whole: 3}},
	} {
		var p Pool
		p.Add(tt.sure)
		for _, o := range tt.or {
			p.Other(o)
		}
		if got := p.Least(); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestLeastOfAMailbox reads by UID, by position and in several selections.
func TestLeastOfAMailbox(t *testing.T) {
	const client = "10.0.0.1"
	tr := New(Limits{})
	least := func() (n, least int64) {
		for m := range tr.Mailboxes {
			if m.Client == (netip.Addr{}) {
				n, least = m.Counts[Whole].N, m.Counts[Whole].Least
			}
		}
		return n, least
	}
	for i, step := range []struct {
		selection uint32
		byUID     bool
		n, least  int64
	}{
		{1, true, 4, 4}, {2, false, 8, 4}, {3, false, 12, 4}, // the same four in all of them, perhaps
	} {
		it := pos
		if step.byUID {
			it = uid
		}
		tr.Read(readEvent(1, step.selection, client, it(protocols.ReadWhole, 11, 14)), []byte("ann"))
		if n, l := least(); n != step.n || l != step.least {
			t.Errorf("step %d: %d, at least %d; want %d, %d", i, n, l, step.n, step.least)
		}
	}
}
