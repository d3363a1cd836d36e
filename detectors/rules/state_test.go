package rules

import (
	"net/netip"
	"testing"

	"mailsensor/detectors/detectortest"
	"mailsensor/protocols"
)

func TestStateIsAll(t *testing.T) {
	o, n := watch(t, maxBoxes), watch(t, maxBoxes)
	k := key{netip.MustParseAddr("10.20.1.25"), "ann@corp.example", "sieve", 5}
	b := o.boxes.Insert(k)
	*b = box{active: "main", activeKnown: true, rules: []rule{{
		name: "main", unnamed: true, live: protocols.Yes, removed: true, contents: true,
		actions:    []protocols.RuleAction{{Kind: protocols.ActionForward, Target: []byte("x@far.example"), Copy: true, Conditional: true, Unresolved: true}},
		conditions: [][]byte{[]byte("header"), []byte("size")}, keepsCopy: true, truncated: true, hash: [32]byte{31: 1},
		confidence: protocols.LowerBound, first: 1, last: 2,
	}}}
	o.resize(&b.rules[0])
	o.Evicted = 3
	detectortest.Reload(t, o, n)
	got := n.boxes.Peek(k)
	detectortest.Same(t, got, *b)
	detectortest.Same(t, &got.rules[0], b.rules[0])
	detectortest.Same(t, &got.rules[0].actions[0], b.rules[0].actions[0])
	if n.size != o.size || n.Evicted != 3 {
		t.Errorf("%d octets of %d, %d evicted", n.size, o.size, n.Evicted)
	}
}

// A script that was stored before the restart is known when it is made active after it.
func TestStateGoesOn(t *testing.T) {
	o, n := watch(t, maxBoxes), watch(t, maxBoxes)
	o.put("main", protocols.No, "x@far.example")
	o.active("main")
	o.put("other", protocols.No, "y@far.example")
	detectortest.Reload(t, o, n)
	if got, want := says(n.active("other")), says(o.active("other")); got != want || len(want) == 0 {
		t.Errorf("%s, want %s", got, want)
	}
}
