package main

import (
	"maps"
	"testing"

	"mailsensor/capture/decode"
	"mailsensor/cmd/internal/pipeline"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Packets": "packets", "StrangeRST": "strange_rst", "AfterFIN": "after_fin", "OutOfOrder": "out_of_order", "RSTSeen": "rst_seen", "": "",
	} {
		if got := snake(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// No counter hides another of the same name, and none that is 0 is told.
func TestDecodeCounters(t *testing.T) {
	var res pipeline.Result
	if got := decodeCounters(res); len(got) != 0 {
		t.Errorf("%v", got)
	}
	res.Filtered, res.Cut = 1, 2
	res.Clock = pipeline.ClockStats{Backward: 3, Jumps: 4}
	res.Decode.Frames[decode.Malformed] = 5
	res.Decode.Fragments = decode.FragmentStats{Fragments: 6, Malformed: 7, TimedOut: 8}
	want := map[string]uint64{"filtered": 1, "snap_length_cut": 2, "time_backward": 3, "time_jump": 4, "malformed": 5,
		"fragments": 6, "fragments_malformed": 7, "fragments_timed_out": 8}
	if got := decodeCounters(res); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
