package main

import (
	"fmt"
	"strings"
)

// ours selects the sensors that were chosen at the top.
const ours = `instance=~"$instance"`

// sum adds up what a counter grew by (increase) or how fast (rate) in a window. What
// follows are labels that the series has to have, as in `protocol="smtp"`.
func sum(function, counter, window string, labels ...string) string {
	return fmt.Sprintf("sum(%s(mailsensor_%s{%s}[%s]))", function, counter, strings.Join(append([]string{ours}, labels...), ","), window)
}

// total is how fast a counter grows, over all its series.
func total(counter string, labels ...string) string {
	return sum("rate", counter, "$__rate_interval", labels...)
}

// quantile is what a share of the durations of a histogram stays under.
func quantile(share float64, histogram string) string {
	return fmt.Sprintf("histogram_quantile(%v, %s)", share, by("le", histogram+"_bucket"))
}

// by is how fast a counter grows, for each value of a label.
func by(label, counter string, labels ...string) string {
	return strings.Replace(total(counter, labels...), "sum(", "sum by ("+label+") (", 1)
}

// grew is what a counter grew by in the time that the dashboard shows.
func grew(label, counter string, labels ...string) string {
	return strings.Replace(sum("increase", counter, "$__range", labels...), "sum(", "sum by ("+label+") (", 1)
}

// within is what a counter grew by in each interval of a graph.
func within(label, counter string, labels ...string) string {
	return strings.Replace(sum("increase", counter, "$__interval", labels...), "sum(", "sum by ("+label+") (", 1)
}

// minutely is how much a counter grows in a minute, for each value of a label.
func minutely(label, counter string, labels ...string) string {
	return "60 * " + by(label, counter, labels...)
}

// share is a part of a whole, 0 of nothing.
func share(part, whole string) string {
	return fmt.Sprintf("%s / clamp_min(%s, 1)", part, whole)
}

// top is the twenty of a kind of which a counter grew most in the time that the
// dashboard shows; those without a series of their own are left out.
func top(kind, counter string, labels ...string) string {
	return fmt.Sprintf("topk(20, %s > 0)", grew(kind, counter, append(labels, kind+`!="other"`)...))
}
