// Package doctor looks at what usually goes wrong where a sensor is put on a wire,
// and says in words what to do about it: rights, the state and the offloads of an
// interface, the clock, and in a sample of packets what a mirror port was set up to
// send.
package doctor

import (
	"fmt"
	"io"
	"strings"
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
		if _, err := fmt.Fprintf(w, "%s%s\n", marks[f.Level], f.Text); err != nil {
			return err
		}
		if f.Do != "" {
			if _, err := fmt.Fprintf(w, "     → %s\n", strings.ReplaceAll(f.Do, "\n", "\n       ")); err != nil {
				return err
			}
		}
	}
	return nil
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
