package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"time"

	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/report"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/summary"
	"mailsensor/protocols"
)

// events returns what to do with each event, and what to do at the end.
func (c *replayCmd) events(std *streams, border *inside.Border, source *pcapfile.Source) (write func(protocols.Event), done func() error, err error) {
	if c.Events == "" {
		return func(protocols.Event) {}, func() error { return nil }, nil
	}
	out, closeOut := std.out, func() error { return nil }
	if c.Events != "-" {
		if err := notAnInput(c.Events, source); err != nil {
			return nil, nil, err
		}
		f, err := os.Create(c.Events)
		if err != nil {
			return nil, nil, fmt.Errorf("--events: %w", err)
		}
		out, closeOut = f, f.Close
	}
	w := bufio.NewWriterSize(out, 64<<10)
	var line []byte
	write = func(ev protocols.Event) {
		line = append(border.AppendJSON(line[:0], ev), '\n')
		w.Write(line) // an error sticks, and Flush reports it
	}
	return write, func() error { return errors.Join(w.Flush(), closeOut()) }, nil
}

// print writes the summary to where it belongs.
func (c *replayCmd) print(std *streams, doc *summary.Document, conf config.Config) error {
	if c.JSON {
		return doc.Write(std.out)
	}
	out := std.out
	if c.Events == "-" || c.Alerts == "-" || c.Sinks && toStdout(conf.Sinks) {
		out = std.err
	}
	return report.Write(out, doc, report.Options{Top: c.Top, Location: conf.Location})
}

// notAnInput keeps a slip on the command line from overwriting a capture.
func notAnInput(path string, source *pcapfile.Source) error {
	target, err := os.Stat(path)
	if err != nil {
		return nil // there is nothing to overwrite
	}
	for _, f := range source.Files() {
		if in, err := os.Stat(f.Name); err == nil && os.SameFile(target, in) {
			return fmt.Errorf("--events: %s is a capture that is to be read: give another file", path)
		}
	}
	return nil
}

// fill adds to the summary what the events do not tell.
func fill(doc *summary.Document, source *pcapfile.Source, res pipeline.Result) {
	fillResult(doc, res)
	doc.Capture.Files = filesRead(source)
	doc.Capture.Truncated = len(source.Truncated()) > 0
}

func fillResult(doc *summary.Document, res pipeline.Result) {
	c := &doc.Capture
	c.Packets, c.Bytes = res.Packets, res.Bytes
	c.First, c.Last = summary.Time(res.First), summary.Time(res.Last)
	c.SpanSeconds = time.Duration(res.Last - res.First).Seconds()
	c.Decode = decodeCounters(res)
	c.TCP = counters(res.TCP)
	c.Parsers = counters(res.Driver)
}

// filesRead names the files of which at least something could be read.
func filesRead(source *pcapfile.Source) []string {
	failed := make(map[string]bool)
	for _, err := range append(source.Warnings(), source.Problems()...) {
		var e *pcapfile.Error
		if errors.As(err, &e) {
			failed[e.Name] = true
		}
	}
	names := []string{}
	for _, f := range source.Files() {
		if f.Packets > 0 || !failed[f.Name] {
			names = append(names, f.Name)
		}
	}
	return names
}
