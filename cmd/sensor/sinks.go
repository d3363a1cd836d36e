package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/sink"
	"mailsensor/detectors"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/intel"
	"mailsensor/detectors/summary"
	"mailsensor/protocols"
)

// drainSinks is how long sinks may take at the end to deliver what they have.
const drainSinks = 10 * time.Second

// outlets are the sinks of the configuration, and what a reload brings.
type outlets struct {
	sinks *sink.Group
	line  []byte
	lists atomic.Pointer[intel.Lists] // indicators that were read anew, to be used from the next tick on
}

// openSinks opens the sinks of the configuration; taken is who has standard output
// already.
func openSinks(conf config.Config, taken []string, std *streams, log *slog.Logger, wait bool) (*sink.Group, error) {
	if len(taken) > 0 && toStdout(conf.Sinks) {
		return nil, fmt.Errorf("a sink of --config and %s both want standard output: leave one of them out", strings.Join(taken, ", "))
	}
	return sink.Open(conf.Sinks, sink.Options{Sensor: conf.SensorName, Version: versionText(), Stdout: std.out, Log: log, Wait: wait})
}

// toStdout reports whether a sink writes to standard output.
func toStdout(list []sink.Config) bool {
	return slices.ContainsFunc(list, func(c sink.Config) bool { return c.Stdout != nil })
}

func stdoutTakers(flags map[string]bool) (taken []string) {
	for flag, given := range flags {
		if given {
			taken = append(taken, flag)
		}
	}
	slices.Sort(taken)
	return taken
}

// write adds an event to --events and to the sinks.
func (d *daemon) write(ev protocols.Event) {
	if !d.sinks.WantsEvents() {
		d.events.write(func(dst []byte) []byte { return d.border.AppendJSON(dst, ev) })
		return
	}
	d.event(d.border, ev)
	d.events.write(func(dst []byte) []byte { return append(dst, d.line...) })
}

// writeAlert adds an alert to --alerts and to the sinks.
func (d *daemon) writeAlert(a *detectors.Alert) {
	d.alerts.write(a.AppendJSON)
	d.alert(a)
}

func (o *outlets) event(border *inside.Border, ev protocols.Event) {
	if o.sinks.WantsEvents() {
		o.line = border.AppendJSON(o.line[:0], ev)
		o.sinks.Event(o.line)
	}
}

func (o *outlets) alert(a *detectors.Alert) {
	o.line = a.AppendJSON(o.line[:0])
	o.sinks.Alert(o.line)
}

// reloadOutlets takes over sinks and lists of indicators, both or none.
func (d *daemon) reloadOutlets(conf config.Config, lists *listWatch) error {
	apply, restart, err := d.sinks.Reload(conf.Sinks)
	if err != nil {
		return err
	}
	bad, err := intel.Load(conf.Intel...)
	if err != nil {
		return err
	}
	apply()
	lists.follow(conf.Intel)
	d.lists.Store(bad)
	if restart {
		d.log.Warn("sinks that are new or gone, other queues, spools and ports count from the next start")
	}
	return nil
}

// outlets are the sinks of a replay, where --sinks asks for them.
func (c *replayCmd) outlets(ctx context.Context, conf config.Config, std *streams) (*outlets, error) {
	if !c.Sinks {
		conf.Sinks = nil
	}
	taken := stdoutTakers(map[string]bool{"--json": c.JSON, "--events -": c.Events == "-", "--alerts -": c.Alerts == "-"})
	g, err := openSinks(conf, taken, std, slog.New(slog.NewTextHandler(std.err, nil)), true)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { g.Close(drainSinks) }) // whoever waits for room is to wait no longer
	return &outlets{sinks: g}, g.Start()
}

// finish sends the alerts and waits until all was delivered.
func (o *outlets) finish(doc *summary.Document) error {
	for _, a := range doc.Alerts {
		o.alert(a)
	}
	o.sinks.Close(drainSinks)
	if n := o.sinks.Lost(); n > 0 {
		return fmt.Errorf("sinks: %d lines could not be delivered", n)
	}
	return nil
}
