package synth

import (
	"slices"

	"mailsensor/capture"
)

// Turn is what one side says before the other answers.
type Turn struct {
	Dir   capture.Dir
	Time  int64 // when it is said; 0: right after the turn before
	Bytes []byte
	Gap   int // octets that follow Bytes and that the tap does not see
}

// turnPause is the time between two turns that have none of their own.
const turnPause = 1_000_000

// FromDialogue makes the capture of a whole connection, opened at start and
// closed after the last turn.
func FromDialogue(cfg Config, start int64, turns []Turn) []Frame {
	var frames List
	c := New(cfg, frames.Add)
	t := c.Open(start)
	for _, turn := range turns {
		t = max(t+turnPause, turn.Time)
		t = c.Send(turn.Dir, t, turn.Bytes)
		if turn.Gap > 0 {
			c.Skip(turn.Dir, turn.Gap)
		}
	}
	c.Close(t + turnPause)
	return frames
}

// Merge puts captures together in the order of time; frames of the same time
// keep the order of the captures.
func Merge(captures ...[]Frame) []Frame {
	captures = slices.Clone(captures)
	total := 0
	for _, c := range captures {
		total += len(c)
	}
	out := make([]Frame, 0, total)
	for len(out) < total {
		first := -1
		for i, c := range captures {
			if len(c) > 0 && (first < 0 || c[0].Time < captures[first][0].Time) {
				first = i
			}
		}
		out = append(out, captures[first][0])
		captures[first] = captures[first][1:]
	}
	return out
}
