package main

import (
	"fmt"
	"log/slog"
	"time"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/pipeline"
)

// warning is something that the operator of a sensor should know.
type warning struct {
	level slog.Level
	text  string
	args  []any
}

// monitor finds what is wrong in the books of a capture. What happened to an
// interface it tells at once; of what is counted, once every judgeEvery what came
// since.
type monitor struct {
	judged int64 // when counts were looked at last
	stats  live.Stats
	res    pipeline.Result
	states map[string]live.State
	since  int64
	silent map[string]bool
}

// When and from which share on something is worth a word.
const (
	firstJudge   = 10 * time.Second
	judgeEvery   = time.Minute
	silentAfter  = time.Minute
	oneSidedMost = 0.2 // of connections
	twiceMost    = 0.1 // of segments
	gapMost      = 0.01
	enough       = 100 // connections, or segments times ten, that a share is made of
)

func newMonitor(now int64) *monitor {
	return &monitor{judged: now - int64(judgeEvery-firstJudge), since: now, states: map[string]live.State{}, silent: map[string]bool{}}
}

// look compares the books with those of before.
func (m *monitor) look(now int64, stats live.Stats, res pipeline.Result) (out []warning) {
	for _, i := range stats.Interfaces {
		out = append(out, m.state(i)...)
		out = append(out, m.silence(now, i)...)
	}
	if now-m.judged < int64(judgeEvery) {
		return out
	}
	m.judged = now
	for _, i := range stats.Interfaces {
		out = append(out, m.drops(i)...)
	}
	out = append(out, m.pipeline(&res)...)
	m.stats, m.res = stats, res
	return out
}

func (m *monitor) state(i live.InterfaceStats) []warning {
	old := m.states[i.Name] // up, where nothing else was said
	m.states[i.Name] = i.State
	switch {
	case old == i.State:
		return nil
	case i.State == live.Up:
		return []warning{{slog.LevelInfo, "the interface is up again", []any{"interface", i.Name}}}
	}
	return []warning{{slog.LevelWarn, "the interface cannot be captured from: it is waited for", []any{"interface", i.Name, "state", i.State.String()}}}
}

func (m *monitor) silence(now int64, i live.InterfaceStats) []warning {
	last := max(i.Last, m.since)
	quiet := i.State == live.Up && now-last > int64(silentAfter)
	if was := m.silent[i.Name]; was == quiet {
		return nil
	}
	m.silent[i.Name] = quiet
	if !quiet {
		return nil
	}
	return []warning{{slog.LevelWarn, "no packet comes: is the mirror configured, and does the filter let anything pass?",
		[]any{"interface", i.Name, "seconds", (now - last) / 1e9}}}
}

func (m *monitor) before(name string) live.InterfaceStats {
	for _, i := range m.stats.Interfaces {
		if i.Name == name {
			return i
		}
	}
	return live.InterfaceStats{}
}

func (m *monitor) drops(i live.InterfaceStats) (out []warning) {
	old := m.before(i.Name)
	seen := i.Packets - old.Packets
	if n := i.KernelDrops - old.KernelDrops; n > 0 {
		out = append(out, warning{slog.LevelWarn, "packets were dropped because the ring was full, counts are lower bounds: give it memory (--ring-size), or a filter",
			[]any{"interface", i.Name, "dropped", n, "share", share(n, seen+n)}})
	}
	if n := i.NICDrops - old.NICDrops; n > 0 {
		out = append(out, warning{slog.LevelWarn, "the network card dropped packets, counts are lower bounds: enlarge its ring (ethtool -G)",
			[]any{"interface", i.Name, "dropped", n, "share", share(n, seen+n)}})
	}
	if n := i.NICErrors - old.NICErrors; n > 0 {
		out = append(out, warning{slog.LevelWarn, "damaged packets came: look at cable and port", []any{"interface", i.Name, "errors", n}})
	}
	return out
}

func (m *monitor) pipeline(res *pipeline.Result) (out []warning) {
	warn := func(text string, args ...any) { out = append(out, warning{slog.LevelWarn, text, args}) }
	old := &m.res
	if n := res.Shed.Packets - old.Shed.Packets; n > 0 {
		warn("the sensor cannot keep up: whole connections are left out, mail last", "packets", n,
			"of_mail", res.Shed.MailPackets-old.Shed.MailPackets, "connections", res.Shed.Connections-old.Shed.Connections)
	}
	conns := res.TCP.Connections - old.TCP.Connections
	if n := res.TCP.OneSided - old.TCP.OneSided; conns >= enough && float64(n) > oneSidedMost*float64(conns) {
		warn("of many connections one direction is missing: mirror both directions of the port (rx and tx)", "connections", n, "share", share(n, conns))
	}
	segments := res.TCP.Segments - old.TCP.Segments
	if n := res.TCP.Duplicates - old.TCP.Duplicates; segments >= 10*enough && float64(n) > twiceMost*float64(segments) {
		warn("many packets come twice: mirror each of them in one place only", "packets", n, "share", share(n, segments))
	}
	if n := res.TCP.Gaps - old.TCP.Gaps; segments >= 10*enough && float64(n) > gapMost*float64(segments) {
		warn("many octets of streams are missing: the mirror port may be too slow for what it is sent", "gaps", n,
			"octets", res.TCP.GapBytes-old.TCP.GapBytes)
	}
	if n := res.Driver.Panics - old.Driver.Panics; n > 0 {
		warn("a parser failed: those connections are only counted; please report it", "connections", n)
	}
	if n := res.Clock.Jumps - old.Clock.Jumps; n > 0 {
		warn("the clock was set: times of events may be wrong", "jumps", n)
	}
	return out
}

func share(n, of uint64) string { return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(of, 1))) }
