package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// report prints the tables; false when a bar was missed.
func report(out io.Writer, o *outcome, opt options) bool {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "method\trecall\tprecision\tfalse alarms per 1,000 entity-days\taccounts\thosts\thours to detect: median\t90 %")
	row := func(name string, t *tally) {
		slices.Sort(t.delays)
		at := func(q float64) int {
			if len(t.delays) == 0 {
				return 0
			}
			return t.delays[int(q*float64(len(t.delays)-1))]
		}
		fmt.Fprintf(w, "%s\t%.3f\t%.2f\t%.2f\t%.2f\t%.2f\t%d\t%d\n", name, t.recall(), t.precision(), t.rates(), t.rate(0), t.rate(1), at(.5), at(.9))
	}
	row("baselines as shipped", &o.ours)
	best := 0.
	for i := range o.rivals {
		row(rivals[i].name, &o.rivals[i])
		best = max(best, o.rivals[i].recall())
	}
	w.Flush()

	fmt.Fprintln(out)
	fmt.Fprintln(w, "attack\tplanted\trecall\tz\tHolt-Winters\tbands")
	for _, k := range slices.Sorted(maps.Keys(o.ours.planted)) {
		n := float64(o.ours.planted[k])
		fmt.Fprintf(w, "%s\t%.0f\t%.2f", k, n, float64(o.ours.found[k])/n)
		for i := range o.rivals {
			fmt.Fprintf(w, "\t%.2f", float64(o.rivals[i].found[k])/n)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "poisoned at 4 %% a day\t%d\t%.2f\n", o.poisoned.planted["poisoned"], o.poisoned.recall())
	w.Flush()

	fmt.Fprintln(out)
	fmt.Fprintln(w, "group\tseen/expected")
	biased := false
	for _, k := range slices.Sorted(maps.Keys(o.bias)) {
		b := o.bias[k]
		fmt.Fprintf(w, "%s\t%.3f\n", k, b[0]/b[1])
		biased = biased || b[0]/b[1] < .9 || b[0]/b[1] > 1.1
	}
	w.Flush()
	if opt.Causes {
		fmt.Fprintln(out)
		for _, k := range slices.Sorted(maps.Keys(o.ours.causes)) {
			fmt.Fprintf(w, "%s\t%d\n", k, o.ours.causes[k])
		}
		w.Flush()
	}
	const doubles = "host doubles to quadruples"
	d := float64(o.ours.found[doubles]) / float64(max(1, o.ours.planted[doubles]))
	ok := true
	fmt.Fprintln(out)
	for _, bar := range []struct {
		name string
		ok   bool
	}{
		{"recall >= 0.85", o.ours.recall() >= .85},
		{"false alarms <= 3 per 1,000 entity-days, all, accounts, hosts", o.ours.rates() <= 3 && o.ours.rate(0) <= 3 && o.ours.rate(1) <= 3},
		{"hosts that double to quadruple >= 0.6 within a day", d >= .6},
		{"1.7 times the recall of the best rival", o.ours.recall() >= 1.7*best},
		{"4 % a day >= 0.9", o.poisoned.recall() >= .9},
		{"seen/expected in [0.9,1.1] in every group", !biased},
	} {
		verdict := "reached"
		if !bar.ok {
			verdict, ok = "MISSED", false
		}
		fmt.Fprintf(w, "%s\t%s\n", verdict, bar.name)
	}
	w.Flush()
	return ok
}
