package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mailsensor/detectors/summary"

	"github.com/jedib0t/go-pretty/v6/text"
)

// safe makes a string from the network harmless on a terminal: no control
// characters, no escape sequences, no direction marks, and no more than width
// columns.
func safe(s string, width int) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			r = '\ufffd'
		}
		b.WriteRune(r)
		s = s[n:]
	}
	out := b.String()
	if text.StringWidthWithoutEscSequences(out) <= width {
		return out
	}
	return text.Snip(out, width, "…")
}

// size renders octets for people: 999 B, 1.2 KiB.
func size(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	x, unit := float64(n)/1024, 0
	for x >= 999.95 && unit < len("KMGTPE")-1 {
		x, unit = x/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", x, "KMGTPE"[unit])
}

// number groups digits by thousands.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// percent renders a share; what is not nothing never shows as 0 %, and what is
// not all never as 100 %.
func percent(part, whole uint64) string {
	if whole == 0 || part == 0 {
		return "0 %"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part == whole:
		return "100 %"
	case p < 0.1:
		return "<0.1 %"
	case p > 99.9:
		return ">99.9 %"
	}
	return fmt.Sprintf("%.1f %%", p)
}

// mark puts the sign of the confidence before a count.
func mark(s string, c summary.Confidence) string {
	switch c {
	case summary.LowerBound:
		return "≥" + s
	case summary.UpperBound:
		return "≤" + s
	case summary.Exact:
		return s
	}
	return "~" + s
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}
