package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"mailsensor/cmd/internal/config"
	"mailsensor/detectors"
	"mailsensor/detectors/all"
	"mailsensor/detectors/geo"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/intel"
	"mailsensor/detectors/summary"
)

// errFound ends the program with code 1: something was found, and --fail-on asked
// to be told so.
var errFound = errors.New("found")

// watch returns the detectors as the configuration wants them, and what is usual, which
// they share, and the one that has lists. An error names the file that it is about.
func watch(conf config.Config, border *inside.Border) (*detectors.Set, *habits.Tracker, *intel.Detector, error) {
	around := all.Around{Border: border, Location: conf.Location}
	var networks habits.Places // nil where there is no file
	if len(conf.Geo) > 0 {
		places, err := geo.Open(conf.Geo...)
		if err != nil {
			return nil, nil, nil, err
		}
		around.Places, networks = places, places
	}
	if len(conf.Intel) > 0 {
		lists, err := intel.Load(conf.Intel...)
		if err != nil {
			return nil, nil, nil, err
		}
		around.Bad = lists
	}
	around.Habits = habits.New(conf.Detectors.Baseline, border, conf.Location, networks)
	list := all.Detectors(conf.Detectors, around)
	var indicators *intel.Detector
	for _, d := range list {
		if d, ok := d.(*intel.Detector); ok {
			indicators = d
		}
	}
	return detectors.NewSet(list), around.Habits, indicators, nil
}

// writeAlerts writes the alerts of the summary where --alerts says.
func (c *replayCmd) writeAlerts(std *streams, doc *summary.Document) error {
	if c.Alerts == "" {
		return nil
	}
	out, closeOut := std.out, func() error { return nil }
	if c.Alerts != "-" {
		f, err := os.Create(c.Alerts)
		if err != nil {
			return fmt.Errorf("--alerts: %w", err)
		}
		out, closeOut = f, f.Close
	}
	w := bufio.NewWriter(out)
	var line []byte
	for _, a := range doc.Alerts {
		line = append(a.AppendJSON(line[:0]), '\n')
		w.Write(line) // an error sticks, and Flush reports it
	}
	return errors.Join(w.Flush(), closeOut())
}

// failed is errFound if an alert is as severe as --fail-on says.
func (c *replayCmd) failed(doc *summary.Document) error {
	if c.FailOn == "" {
		return nil
	}
	var least detectors.Severity
	if err := least.UnmarshalText([]byte(c.FailOn)); err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	for _, a := range doc.Alerts {
		if a.Severity >= least {
			return errFound
		}
	}
	return nil
}
