package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mailsensor/detectors/baseline/workload"
)

// The seeds that tell what the result is worth are those committed before any tuning,
// and none of them is tuned on.
func TestSeedsAreFixed(t *testing.T) {
	if got := fmt.Sprint(workload.HeldBackSeeds); got != "[9001 9002 9003 9004 9005]" {
		t.Errorf("held back are %s", got)
	}
	for _, s := range workload.HeldBackSeeds {
		if slices.Contains(workload.TuningSeeds, s) {
			t.Errorf("seed %d is tuned on", s)
		}
	}
}

// good is an outcome that reaches every bar, by little.
func good() *outcome {
	const doubles = "host doubles to quadruples"
	list := func(what string, planted, found int) tally {
		return tally{planted: map[string]int{what: planted}, found: map[string]int{what: found}, days: [2]float64{1000, 1000}}
	}
	o := &outcome{ours: list("burst", 90, 79), poisoned: list("poisoned", 100, 90), bias: map[string][2]float64{"g": {95, 100}}}
	o.ours.planted[doubles], o.ours.found[doubles] = 10, 6
	o.ours.falseDays = [2]int{3, 3}
	for i := range o.rivals {
		o.rivals[i] = list("burst", 100, 50)
	}
	return o
}

// Each bar is checked: it alone is missed, is said so, and makes the whole fail.
func TestBars(t *testing.T) {
	for what, c := range map[string]struct {
		change func(o *outcome)
		missed string
	}{
		"as it is":        {func(*outcome) {}, ""},
		"recall":          {func(o *outcome) { o.ours.found["burst"] = 78; o.rivals = [3]tally{} }, "recall >= 0.85"},
		"accounts":        {func(o *outcome) { o.ours.falseDays = [2]int{4, 0} }, "false alarms"},
		"hosts":           {func(o *outcome) { o.ours.falseDays = [2]int{0, 4} }, "false alarms"},
		"doubles":         {func(o *outcome) { o.ours.found["burst"] = 90; o.ours.found["host doubles to quadruples"] = 5 }, "hosts that double"},
		"a rival":         {func(o *outcome) { o.rivals[2].found["burst"] = 51 }, "1.7 times"},
		"slow poisoning":  {func(o *outcome) { o.poisoned.found["poisoned"] = 89 }, "4 % a day"},
		"too much is due": {func(o *outcome) { o.bias["h"] = [2]float64{89, 100} }, "seen/expected"},
		"too little":      {func(o *outcome) { o.bias["h"] = [2]float64{111, 100} }, "seen/expected"},
	} {
		o := good()
		c.change(o)
		var out strings.Builder
		ok := report(&out, o, options{})
		if ok != (c.missed == "") {
			t.Errorf("%s: %v", what, ok)
		}
		missed := 0
		for line := range strings.Lines(out.String()) {
			if rest, is := strings.CutPrefix(line, "MISSED"); is {
				if missed++; !strings.HasPrefix(strings.TrimSpace(rest), c.missed) {
					t.Errorf("%s: %s", what, line)
				}
			}
		}
		if missed > 1 || (missed == 1) != (c.missed != "") {
			t.Errorf("%s: %d bars missed\n%s", what, missed, out.String())
		}
	}
}

// With --check a missed bar is exit code 1, only
// then.
func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		check, ok bool
		want      int
	}{{true, true, 0}, {true, false, 1}, {false, false, 0}} {
		if got := exitCode(options{Check: c.check}, c.ok); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// The same seed gives the same scores, bit by bit.
func TestDeterminism(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	w := workload.New(workload.Options{Seed: workload.TuningSeeds[0]})
	first, bias := engine(w, 1)
	second, again := engine(workload.New(workload.Options{Seed: workload.TuningSeeds[0]}), 1)
	if len(first) < 100 || !slices.Equal(first, second) || !reflect.DeepEqual(bias, again) {
		t.Errorf("%d and %d alarms", len(first), len(second))
	}
	if a, b := judge(w, first), judge(w, second); !reflect.DeepEqual(a, b) || a.recall() < .5 {
		t.Errorf("recall %v and %v", a.recall(), b.recall())
	}
}
