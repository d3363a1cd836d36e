package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// lossShare is how much of the truth must be found in a capture that a
// thousandth of the segments is missing from.
const lossShare = 0.97

// counts compares what the sensor counted with what pcapgen wrote: equal where
// the capture is whole, else nearly all of the messages and bodies.
func counts(r *result) check {
	c := check{text: r.name() + ": counts"}
	var doc struct {
		Totals struct {
			SMTP map[string]any `json:"smtp"`
			IMAP map[string]any `json:"imap"`
		} `json:"totals"`
	}
	out := r.sensor[len(r.sensor)-1].stdout
	if c.err = json.Unmarshal(out, &doc); c.err != nil {
		return c
	}
	wrong := differences("smtp", r.truth.SMTP, doc.Totals.SMTP, r.lossy)
	wrong = append(wrong, differences("imap", r.truth.IMAP, doc.Totals.IMAP, r.lossy)...)
	switch {
	case len(wrong) > 0:
		c.text += ": " + strings.Join(wrong, ", ")
	case r.lossy:
		c.ok, c.text = true, c.text+" of messages and bodies within the losses"
	default:
		c.ok, c.text = true, c.text+" equal to the truth"
	}
	return c
}

func differences(protocol string, want map[string]float64, got map[string]any, lossy bool) []string {
	var wrong []string
	for name, w := range want {
		if name == "file_bytes" || lossy && name != "messages_accepted" && name != "body_items" {
			continue
		}
		g, _ := got[name].(float64) // absent counts as none
		if lossy && g <= w && g >= w*lossShare || g == w {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s.%s is %.0f of %.0f", protocol, name, g, w))
	}
	slices.Sort(wrong)
	return wrong
}

// extraChecks are the bars that need more than one row, or a run of their own.
func (b *bench) extraChecks(results []result) []check {
	checks := linearity(results)
	if r := find(results, mail1); r != nil {
		checks = append(checks, b.mallocs(r), b.detectors(r))
	}
	return checks
}

func find(results []result, s spec) *result {
	i := slices.IndexFunc(results, func(r result) bool { return r.err == nil && r.capture.name == s.name })
	if i < 0 {
		return nil
	}
	return &results[i]
}

// tolerance is how much longer a byte of a larger file may take.
const tolerance = 1.2

// linearity compares the time a byte takes in captures of one mix and of
// growing size.
func linearity(results []result) []check {
	var checks []check
	var before *result
	for _, s := range []spec{mail100, mail1, mail4} {
		r := find(results, s)
		if r == nil {
			continue
		}
		if before != nil {
			growth := perByte(r) / perByte(before)
			checks = append(checks, check{
				text: fmt.Sprintf("%s: a byte takes %.2f times as long as in %s, at most %g", s.name, growth, before.capture.name, tolerance),
				ok:   growth <= tolerance,
			})
		}
		before = r
	}
	return checks
}

func perByte(r *result) float64 { return float64(best(r.sensor)) / float64(r.size) }

const mallocsBar = 0.02 // a packet

// mallocs asks the sensor for its own count of allocations.
func (b *bench) mallocs(r *result) check {
	c := check{text: r.name() + ": mallocs a packet"}
	s, err := measure(memstats, b.opt.Sensor, r.sensorArgs()...)
	if err != nil {
		c.err = err
		return c
	}
	mallocs, packets, err := parseMallocs(string(s.stderr))
	if err != nil {
		c.err = err
		return c
	}
	share := mallocs / packets
	c.text, c.ok = fmt.Sprintf("%s: %.4f mallocs a packet, under %g", r.name(), share, mallocsBar), share < mallocsBar
	return c
}

var errNoMallocs = errors.New("the sensor does not say mallocs=N packets=N")

func parseMallocs(text string) (mallocs, packets float64, err error) {
	for line := range strings.Lines(text) {
		if n, _ := fmt.Sscanf(line, "mallocs=%g packets=%g", &mallocs, &packets); n == 2 && packets > 0 {
			return mallocs, packets, nil
		}
	}
	return 0, 0, errNoMallocs
}

const detectorsBar = 1.2 // times the processor time of a replay without them

// detectors has the sensor run with and without its detectors, in turns, as it is by
// default: with hashes of attachments.
func (b *bench) detectors(r *result) check {
	plain := *r
	plain.flags = nil
	r = &plain
	c := check{text: r.name() + ": detectors"}
	with, without := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for range b.opt.Runs {
		s, err := measure(nil, b.opt.Sensor, r.sensorArgs()...)
		if err != nil {
			c.err = err
			return c
		}
		with = min(with, s.cpu)
		if s, err = measure([]string{"MAILSENSOR_DEBUG_DETECTORS=off"}, b.opt.Sensor, r.sensorArgs()...); err != nil {
			c.err = err
			return c
		}
		without = min(without, s.cpu)
	}
	times := float64(with) / float64(max(without, 1))
	c.text = fmt.Sprintf("%s: with detectors %.2f times the processor time without, at most %g", r.name(), times, detectorsBar)
	c.ok = times <= detectorsBar
	return c
}
