package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
)

// check is a bar, and whether it was cleared.
type check struct {
	text string
	ok   bool
	err  error // could not be measured
}

func (r *result) name() string {
	return strings.TrimSpace(r.capture.name + " " + strings.TrimPrefix(strings.Join(r.flags, " "), "--attachment-"))
}

// best is how many times as long as wc -l the sensor took, best of both.
func (r *result) best() float64 { return float64(best(r.sensor)) / float64(best(r.wc)) }

func (r *result) median() float64 { return float64(median(r.sensor)) / float64(median(r.wc)) }

func printTable(out io.Writer, results []result) {
	fmt.Fprintf(out, "\n%d CPUs, %s/%s; times in seconds, best of the runs\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "capture\twc -l\tsensor\tCPU\tGB/s\tns/packet\tpeak MB\tratio\tmedian\t\n")
	for i := range results {
		r := &results[i]
		if r.err != nil {
			fmt.Fprintf(w, "%s\tnot measured\t\t\t\t\t\t\t\t\n", r.name())
			continue
		}
		t := best(r.sensor).Seconds()
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.2f\t%.0f\t%.0f\t%.2f\t%.2f\t\n", r.name(),
			best(r.wc).Seconds(), t, leastCPU(r.sensor), float64(r.size)/gigabyte/t,
			t*1e9/float64(max(r.truth.Packets, 1)), float64(peak(r.sensor))/megabyte, r.best(), r.median())
	}
	w.Flush()
}

func leastCPU(list []sample) float64 {
	least := list[0].cpu
	for _, s := range list {
		least = min(least, s.cpu)
	}
	return least.Seconds()
}

// judge holds every row against its bars.
func judge(results []result) []check {
	var all []check
	for i := range results {
		r := &results[i]
		if r.err != nil {
			all = append(all, check{text: r.name(), err: r.err})
			continue
		}
		if r.ratio > 0 {
			all = append(all, check{
				text: fmt.Sprintf("%s: %.2f times wc -l, at most %g", r.name(), r.best(), r.ratio),
				ok:   r.best() <= r.ratio,
			})
		}
		p := peak(r.sensor)
		all = append(all, check{
			text: fmt.Sprintf("%s: peak of %d MB, under %d", r.name(), p/megabyte, r.peak/megabyte),
			ok:   p < r.peak,
		}, counts(r))
	}
	return all
}

// printChecks prints the bars; true when all were cleared.
func printChecks(out io.Writer, checks []check) bool {
	all := true
	fmt.Fprintln(out)
	for _, c := range checks {
		word := "ok    "
		switch {
		case c.err != nil:
			word, c.text, all = "none  ", c.text+": "+c.err.Error(), false
		case !c.ok:
			word, all = "MISSED", false
		}
		fmt.Fprintf(out, "%s %s\n", word, c.text)
	}
	return all
}
