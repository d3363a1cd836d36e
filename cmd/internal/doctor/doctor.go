// Package doctor looks at what usually goes wrong where a sensor is put on a wire,
// and says in words what to do about it: rights, the state and the offloads of an
// interface, the clock, and in a sample of packets what a mirror port was set up to
// send.
package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Level says how bad a Finding is.
type Level uint8

// The levels.
const (
	Good Level = iota
	Note
	Bad
)

var marks = [...]string{"ok   ", "note ", "BAD  "}

// Finding is one thing that was looked at.
type Finding struct {
	Level Level
	Text  string // what is the case
	Do    string // what to do about it; "" where that is nothing
}

func good(format string, args ...any) Finding { return Finding{Good, fmt.Sprintf(format, args...), ""} }

func note(do, format string, args ...any) Finding {
	return Finding{Note, fmt.Sprintf(format, args...), do}
}

func bad(do, format string, args ...any) Finding {
	return Finding{Bad, fmt.Sprintf(format, args...), do}
}

// Write prints findings, a line each and what to do below.
func Write(w io.Writer, list []Finding) error {
	for _, f := range list {
		text := fold(marks[f.Level], f.Text)
		if f.Do != "" {
			text += fold("   → ", f.Do)
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// width is that of a terminal.
const width = 80

// fold breaks text between words, so that its lines fit behind the head, or as much
// space. A line that fits stays as it is.
func fold(head, text string) string {
	var b strings.Builder
	space := strings.Repeat(" ", utf8.RuneCountInString(head))
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(head)
		at := len(space)
		if at+utf8.RuneCountInString(line) <= width {
			b.WriteString(line)
			line = ""
		}
		for i, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case i == 0:
			case at+1+n > width:
				b.WriteString("\n" + space)
				at = len(space)
			default:
				b.WriteByte(' ')
				at++
			}
			b.WriteString(word)
			at += n
		}
		b.WriteByte('\n')
		head = space
	}
	return b.String()
}

// AnyBad reports whether there is something to be mended.
func AnyBad(list []Finding) bool {
	for _, f := range list {
		if f.Level == Bad {
			return true
		}
	}
	return false
}
