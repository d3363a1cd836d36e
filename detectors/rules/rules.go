// Package rules remembers, over all connections, what servers do with incoming
// mail by themselves: Sieve scripts, inbox rules, forwarding addresses. One
// connection stores a script, another makes it active, a third replaces it: only
// behind the merge can be said what is in force, and what a change changed.
//
// A Tracker completes RuleChange events before anybody else sees them, and gives
// the list of rules of the summary. Events are borrowed; what is kept is copied and
// not changed afterwards, so that events may point to it. All is bounded; what was
// silent longest is forgotten, and that is counted.
package rules

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"

	"mailsensor/detectors/inside"
	"mailsensor/detectors/recent"
	"mailsensor/protocols"
)

// Bounds.
const (
	maxBoxes = 1 << 14  // accounts and sources
	maxRules = 64       // of each
	maxBytes = 32 << 20 // of what is kept of all rules
)

// Tracker follows rules. It is used from one goroutine.
type Tracker struct {
	// Evicted counts rules that were forgotten for want of room.
	Evicted uint64

	border *inside.Border
	boxes  *recent.Table[key, box]
	size   int
	name   []byte
}

// key names whose rules they are. A service on the web has many addresses: its
// accounts are the same behind all of them. Where nobody is known to be logged in,
// a connection stands for itself.
type key struct {
	server     netip.Addr
	account    string
	source     string
	connection uint64
}

// box is the rules of one account and source.
type box struct {
	rules       []rule
	active      string // Sieve: the script in force; "": none
	activeKnown bool
}

// rule is what is known of one.
type rule struct {
	name        string // as the protocol calls it, or the command that made it
	unnamed     bool
	live        protocols.Tristate
	removed     bool
	contents    bool // what follows is known
	actions     []protocols.RuleAction
	conditions  [][]byte
	keepsCopy   bool
	truncated   bool
	hash        [32]byte
	confidence  protocols.Confidence
	first, last int64
	size        int
}

// New returns a Tracker that has seen nothing.
func New(border *inside.Border) *Tracker { return newTracker(border, maxBoxes) }

func newTracker(border *inside.Border, boxes int) *Tracker {
	return &Tracker{border: border, boxes: recent.New[key, box](boxes)}
}

// Observe takes in the next event, and completes it if it is a RuleChange. What
// repeats behind a proxy was seen before.
func (t *Tracker) Observe(ev protocols.Event) {
	e, ok := ev.(*protocols.RuleChange)
	if !ok || e.Repeat || e.Command == "CHECKSCRIPT" || nameless(e) {
		return
	}
	b := t.box(e)
	switch {
	case e.Outcome == protocols.Rejected || e.Outcome == protocols.Unfinished:
		if e.Source == "sieve" && e.Live == protocols.Yes { // it was refused because the script is in force
			b.activate(string(e.Name))
		}
	case e.Source == "sieve":
		t.script(b, e)
	default:
		t.single(b, e)
	}
	for t.size > maxBytes && t.boxes.Len() > 1 {
		t.evict()
		t.boxes.Evict()
	}
}

// nameless reports whether e says nothing about any one rule.
func nameless(e *protocols.RuleChange) bool {
	return len(e.Name) == 0 && !e.Contents && e.Command != "SETACTIVE" && e.Command != "LISTSCRIPTS"
}

func (t *Tracker) box(e *protocols.RuleChange) *box {
	t.name = t.border.Account(e.Account, t.name)
	k := key{account: string(t.name), source: e.Source}
	if e.Source == "sieve" {
		k.server = e.Conn.Server.Addr()
	}
	if k.account == "" {
		k.server, k.connection = e.Conn.Server.Addr(), e.Conn.ID
	}
	b := t.boxes.Get(k)
	if b == nil {
		if t.boxes.Full() {
			t.evict()
		}
		b = t.boxes.Insert(k)
		*b = box{}
	}
	return b
}

// evict counts what is forgotten with the oldest box.
func (t *Tracker) evict() {
	_, b := t.boxes.Oldest()
	t.Evicted += uint64(len(b.rules))
	for i := range b.rules {
		t.size -= b.rules[i].size
	}
}

// find returns the rule of that name, the newest if there are several.
func (b *box) find(name string) *rule {
	for i := len(b.rules) - 1; i >= 0; i-- {
		if b.rules[i].name == name {
			return &b.rules[i]
		}
	}
	return nil
}

// rule finds the rule that e is about, or makes room for it.
func (t *Tracker) rule(b *box, e *protocols.RuleChange) *rule {
	name, unnamed := string(e.Name), len(e.Name) == 0
	if unnamed {
		name = e.Command
	}
	r := b.find(name)
	if r == nil || e.Created && r.contents {
		if len(b.rules) == maxRules {
			i := 0
			for j := range b.rules {
				if b.rules[j].last < b.rules[i].last {
					i = j
				}
			}
			t.size -= b.rules[i].size
			t.Evicted++
			b.rules = slices.Delete(b.rules, i, i+1)
		}
		b.rules = append(b.rules, rule{name: strings.Clone(name), unnamed: unnamed, first: e.Time})
		r = &b.rules[len(b.rules)-1]
		t.resize(r)
	}
	r.last = e.Time
	if e.Outcome == protocols.Unknown || e.Confidence != protocols.Exact {
		r.confidence = protocols.LowerBound
	}
	return r
}

// resize books how much is kept of r.
func (t *Tracker) resize(r *rule) {
	n := 256 + len(r.name)
	for i := range r.actions {
		n += 48 + len(r.actions[i].Target)
	}
	for _, c := range r.conditions {
		n += 24 + len(c)
	}
	t.size += n - r.size
	r.size = n
}

// store keeps what e says that the rule does.
func (t *Tracker) store(r *rule, e *protocols.RuleChange) {
	r.contents, r.removed = true, false
	r.keepsCopy, r.truncated, r.hash = e.KeepsCopy, e.Truncated, e.Hash
	r.actions = slices.Clone(e.Actions)
	for i := range r.actions {
		r.actions[i].Target = bytes.Clone(r.actions[i].Target)
	}
	r.conditions = slices.Clone(e.Conditions)
	for i := range r.conditions {
		r.conditions[i] = bytes.Clone(r.conditions[i])
	}
	t.resize(r)
}

// fill lets e carry what its rule is known to do.
func (r *rule) fill(e *protocols.RuleChange) {
	e.Contents, e.KeepsCopy, e.Truncated, e.Hash = true, r.keepsCopy, r.truncated, r.hash
	e.Actions = append(e.Actions[:0], r.actions...)
	e.Conditions = append(e.Conditions[:0], r.conditions...)
}
