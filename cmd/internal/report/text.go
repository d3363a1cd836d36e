package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// safe makes a string from the network harmless on a terminal: no control
// characters, no escape sequences, no direction marks, few combining marks, and
// no more than width columns.
func safe(s string, width int) string {
	var b strings.Builder
	marks := 0
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		if r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if marks <= maxMarks {
			b.WriteRune(r)
		}
	}
	return text.Snip(b.String(), width, "…")
}

// Safe makes a name from the network harmless on a terminal, and no wider than it.
func Safe(s string) string { return safe(s, width) }

// maxMarks is how many combining marks a character may wear: enough for every
// script, too few to paint over the lines above.
const maxMarks = 3

// size renders octets for people: 999 B, 1.2 KiB.
func size(n uint64) string {
	if n < 1000 {
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

// short is number in at most seven columns.
func short(n uint64) string {
	if n < 1e6 {
		return number(n)
	}
	x, unit := float64(n)/1e6, 0
	for x >= 999.5 && unit < len("MGTPE")-1 {
		x, unit = x/1000, unit+1
	}
	return fmt.Sprintf("%.3g %c", x, "MGTPE"[unit])
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

// span renders a duration in its two greatest units.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}
