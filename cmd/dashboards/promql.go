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

// by is how fast a counter grows, for each value of a label.
func by(label, counter string, labels ...string) string {
	return strings.Replace(total(counter, labels...), "sum(", "sum by ("+label+") (", 1)
}

// share is a part of a whole, 0 of nothing.
func share(part, whole string) string {
	return fmt.Sprintf("%s / clamp_min(%s, 1)", part, whole)
}
