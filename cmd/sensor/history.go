package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/history"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/detectors"
	"mailsensor/protocols"
)

// historyFlags are what makes series of a replay.
type historyFlags struct {
	Push          string        `placeholder:"URL" help:"Send metrics at the time of the packets to VictoriaMetrics, as in http://127.0.0.1:8428."`
	PushInterval  time.Duration `default:"15s" placeholder:"TIME" help:"Time of the capture between two samples, of --openmetrics too; 15s by default, as the dashboards expect it."`
	PushTokenFile string        `placeholder:"FILE" help:"File with the bearer token to show to --push."`
	OpenMetrics   string        `name:"openmetrics" placeholder:"FILE" help:"Write metrics at the time of the packets, for: promtool tsdb create-blocks-from openmetrics."`
	CaptureName   string        `placeholder:"NAME" help:"What the labels capture and instance of these metrics say; the name of the first file by default."`
}

// prometheusKeeps is the default of --storage.tsdb.retention.time.
const prometheusKeeps = 15 * 24 * time.Hour

// series are the metrics of a replay; nil where none are wanted.
type series struct {
	flags    *historyFlags
	pusher   *history.Pusher
	recorder *history.Recorder
	mail     *metrics.Mail
	severity map[string]detectors.Severity
	labels   []history.Label
}

func (c *historyFlags) checkHistory() error {
	switch {
	case c.OpenMetrics == "-":
		return errors.New("--openmetrics needs a file: standard output has the summary")
	case c.PushTokenFile != "" && c.Push == "":
		return errors.New("--push-token-file is of no use without --push")
	case c.PushInterval < time.Millisecond:
		return errors.New("--push-interval: give at least 1ms")
	}
	return nil
}

// series asks the receiver, so that nothing is read in vain, and has alerts counted.
func (c *historyFlags) series(ctx context.Context, a *analysis, conf config.Config, source *pcapfile.Source) (*series, error) {
	if c.Push == "" && c.OpenMetrics == "" {
		return nil, nil
	}
	s := &series{flags: c, severity: map[string]detectors.Severity{}}
	if c.Push != "" {
		var token string
		if c.PushTokenFile != "" {
			b, err := os.ReadFile(c.PushTokenFile)
			if err != nil {
				return nil, fmt.Errorf("--push-token-file: %w", err)
			}
			token = strings.TrimSpace(string(b))
		}
		var err error
		if s.pusher, err = history.NewPusher(ctx, c.Push, token); err != nil {
			return nil, fmt.Errorf("--push: %w", err)
		}
	}
	if err := notAnInput(c.OpenMetrics, source); err != nil {
		return nil, fmt.Errorf("--openmetrics: %w", err)
	}
	name := c.CaptureName
	if files := source.Files(); name == "" && len(files) > 0 {
		name = filepath.Base(files[0].Name)
	}
	s.labels = []history.Label{{Name: "job", Value: "mailsensor"}, {Name: "instance", Value: name}, {Name: "capture", Value: name}}
	r := metrics.New(versionText())
	r.HashNames(conf.Metrics.Key)
	s.mail = r.NewMail(a.border, conf.Metrics.TopSeries)
	usual, known := r.NewUsual(s.mail, a.habits), r.NewKnown(a.knowledge())
	s.recorder = history.New(r, c.PushInterval)
	s.recorder.Before = func(at int64) {
		usual.Update(at)
		known.Look() // at the end, too, however little time passed
	}
	before := a.set.Raised
	a.set.Raised = func(alert *detectors.Alert, fresh bool) {
		if before != nil {
			before(alert, fresh)
		}
		if old, known := s.severity[alert.ID]; !known || alert.Severity > old {
			s.severity[alert.ID] = alert.Severity
			s.mail.Raised(alert)
		}
	}
	return s, nil
}

// advance is told of an event before anything counts it, observe afterwards.
func (s *series) advance(ev protocols.Event) {
	if s != nil {
		s.recorder.Advance(ev.Header().Time)
	}
}

func (s *series) observe(ev protocols.Event) {
	if s != nil {
		s.mail.Observe(ev)
	}
}

// finish writes and sends what there is.
func (s *series) finish(ctx context.Context, std *streams, quiet bool) error {
	if s == nil {
		return nil
	}
	s.recorder.Finish()
	if i := s.recorder.Interval(); i != max(s.flags.PushInterval, time.Millisecond) {
		fmt.Fprintf(std.err, "sensor: so many samples do not fit into memory: they are %v apart; set timeInterval of the data source in Grafana to that\n", i)
	}
	if n := s.recorder.SeriesDropped; n > 0 {
		fmt.Fprintf(std.err, "sensor: there are too many series: %d samples were left out\n", n)
	}
	if s.flags.OpenMetrics != "" {
		if err := s.write(); err != nil {
			return fmt.Errorf("--openmetrics: %w", err)
		}
	}
	first, last := s.recorder.Span()
	if age := time.Since(time.Unix(0, first)); s.flags.OpenMetrics != "" && last != 0 && age > prometheusKeeps && !quiet {
		fmt.Fprintf(std.err, "sensor: --openmetrics: samples go back %d days: Prometheus deletes those from before its --storage.tsdb.retention.time, which is 15d unless it was told otherwise\n",
			int(age.Hours()/24))
	}
	if s.pusher == nil || last == 0 {
		return nil
	}
	if err := s.pusher.Check(first, last, time.Now()); err != nil {
		return fmt.Errorf("--push: %w", err)
	}
	sent, checked, err := s.pusher.Push(ctx, s.recorder, s.labels)
	if err != nil {
		return fmt.Errorf("--push: %w", err)
	}
	if !checked {
		fmt.Fprintf(std.err, "sensor: --push: %d samples were sent; the receiver answers no queries, so whether it kept them is not known\n", sent)
	} else if !quiet {
		fmt.Fprintf(std.err, "sensor: --push: the receiver has the %d samples\n", sent)
	}
	return nil
}

func (s *series) write() error {
	f, err := os.Create(s.flags.OpenMetrics)
	if err != nil {
		return err
	}
	return errors.Join(s.recorder.WriteOpenMetrics(f, s.labels), f.Close())
}
