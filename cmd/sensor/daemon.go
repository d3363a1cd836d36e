package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"sync/atomic"
	"syscall"
	"time"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/evidence"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/report"
	"mailsensor/cmd/internal/sandbox"
	"mailsensor/detectors"
	"mailsensor/protocols"
)

// daemon is a sensor on a wire. observe and tick, and all they call, are on the
// goroutine of the pipeline's merge; what other goroutines want of it they leave in
// atomics, and it is done at the next tick.
type daemon struct {
	cmd  *runCmd
	conf config.Config
	std  *streams
	log  *slog.Logger

	source   *live.Source
	opt      pipeline.Options
	progress pipeline.Progress
	server   *server
	mail     *metrics.Mail
	usual    *metrics.Usual
	known    *metrics.Known
	delay    *metrics.Histogram
	*analysis
	events, alerts *lines
	outlets
	keep     *evidence.Keeper              // nil: nothing is kept
	state    *state                        // nil: what is learned ends with the process
	severity map[string]detectors.Severity // of alerts as they were written

	beat   atomic.Int64 // when tick was called last, wall clock
	reload atomic.Pointer[config.Config]
	reopen atomic.Bool
	show   atomic.Bool // print the summary so far
}

// newDaemon opens everything that needs a privilege or can fail.
func newDaemon(c *runCmd, conf config.Config, std *streams) (_ *daemon, err error) {
	d := &daemon{cmd: c, conf: conf, std: std, log: c.logger(std), opt: c.pipeline(conf), severity: map[string]detectors.Severity{}}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	plan := c.plan(&d.opt, true, c.PcapOut != "")
	if plan != nil && c.RingSize == 0 {
		c.RingSize = max(plan.Rings/len(c.Interface)>>20, 16)
	}
	if d.analysis, err = newAnalysisWithin(conf, entities(plan)); err != nil {
		return nil, err
	}
	if d.state, err = openState(c.State, conf, d.analysis); err != nil {
		return nil, err
	}
	d.opt.First = d.state.first()
	d.set.Raised = d.raised
	d.set.Forgot = func(a *detectors.Alert) { delete(d.severity, a.ID) }
	if d.events, err = newLines("--events", c.Events, std.out); err != nil {
		return nil, err
	}
	if d.alerts, err = newLines("--alerts", c.Alerts, std.out); err != nil {
		return nil, err
	}
	if d.sinks, err = openSinks(conf, c.streams(), std, d.log, false); err != nil {
		return nil, err
	}
	if d.keep, err = c.keeper(&d.opt, d.log, packets(plan)); err != nil {
		return nil, err
	}
	if d.source, err = c.capture(); err != nil {
		return nil, err
	}
	d.beat.Store(wallClock())
	r := metrics.New(versionText())
	r.Capture(d.source.Stats)
	r.Pipeline(d.progress.Result)
	gatherEvidence(r, d.keep)
	r.Gather(d.sinks.Gather)
	d.state.gather(r)
	r.HashNames(conf.Metrics.Key)
	d.mail = r.NewMail(d.border, c.topSeries(conf))
	d.usual = r.NewUsual(d.mail, d.habits)
	d.known = r.NewKnown(d.knowledge())
	d.delay = r.NewHistogram("event_delay_seconds", delayBounds, "", "")
	d.server, err = c.serve(r, d)
	return d, err
}

func (d *daemon) close() {
	if d.source != nil {
		d.source.Close()
	}
	if d.server != nil {
		d.server.close()
	}
	d.state.close()
}

// run captures until it is told to end.
func (d *daemon) run() error {
	ctx, stop := untilSignalled()
	defer stop()
	if err := d.confine(); err != nil {
		return err
	}
	if err := d.sinks.Start(); err != nil {
		return err
	}
	defer d.sinks.Close(drainSinks)
	defer d.listen(ctx)()
	d.opt.Source, d.opt.Observe = d.source, d.observe
	d.opt.Live = &pipeline.Live{Now: wallClock, Pressure: d.source.Pressure, Progress: &d.progress, Tick: d.tick}
	for _, i := range d.source.Stats().Interfaces {
		d.log.Info("capturing", "interface", i.Name, "state", i.State.String(), "rings", i.Rings, "ring_mib", i.RingBytes>>20)
	}
	notifyReady()
	res, err := pipeline.Run(ctx, d.opt)
	notifyStopping()
	d.source.Close()
	failed := d.state.finish(&res, d.set)
	if d.keep != nil {
		d.keep.Close()
	}
	err = errors.Join(err, failed, d.events.close(), d.alerts.close())
	d.sinks.Close(drainSinks)
	if d.cmd.JSON || !d.cmd.Quiet {
		out := d.std.out
		if d.cmd.Events == "-" || d.cmd.Alerts == "-" || toStdout(d.conf.Sinks) {
			out = d.std.err
		}
		err = errors.Join(err, d.print(out, res))
	}
	return err
}

// confine gives up what is not needed any more.
func (d *daemon) confine() error {
	if d.cmd.NoSandbox {
		return nil
	}
	report, err := sandbox.Enter(d.cmd.sandbox(d.source.Stats().Interfaces[0].Rings, d.conf))
	if err != nil {
		return fmt.Errorf("%w\nTry --no-sandbox to run without", err)
	}
	d.log.Info("confined", "to", report.String())
	return nil
}

// listen answers signals and questions, keeps an eye on things and the watchdog
// quiet, until the function it returns is called.
func (d *daemon) listen(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1)
	if d.server != nil {
		go d.server.serve(d.log)
	}
	go watchdog(ctx, d.healthy)
	go func() {
		defer signal.Stop(signals)
		mon := newMonitor(wallClock())
		lists := newListWatch(d.conf.Intel)
		every := time.NewTicker(time.Second)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				d.signalled(s, lists)
			case <-every.C:
				d.indicatorsChanged(lists)
				for _, w := range mon.look(wallClock(), d.source.Stats(), d.progress.Result()) {
					d.log.Log(ctx, w.level, w.text, w.args...)
				}
			}
		}
	}()
	return cancel
}

func (d *daemon) signalled(s os.Signal, lists *listWatch) {
	if s == syscall.SIGUSR1 {
		d.show.Store(true)
		return
	}
	d.reopen.Store(true)
	d.sinks.Reopen()
	conf, err := d.cmd.config()
	if err == nil {
		err = d.reloadOutlets(conf, lists)
	}
	if err != nil {
		d.log.Error("the configuration is not good: that of before stays", "error", err)
		return
	}
	d.reload.Store(&conf)
}

// stuckAfter is how long the pipeline may be without a sign of life: it gives one a
// second, however little comes.
const stuckAfter = 30 * time.Second

// healthy reports whether the pipeline goes on.
func (d *daemon) healthy() bool { return wallClock()-d.beat.Load() < int64(stuckAfter) }

// keepAlerts is for how long the summary shows an alert. It was written when it was
// raised.
const keepAlerts = int64(7 * 24 * time.Hour)

// delayBounds are what detectors, and whoever reads alerts, can wait for.
var delayBounds = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// observe takes the next event.
func (d *daemon) observe(ev protocols.Event) {
	d.delay.Observe(wallClock()-ev.Header().Time, "")
	shown := d.analysis.observe(ev)
	d.mail.Observe(ev)
	if shown {
		d.write(ev)
	}
}

// raised writes an alert when it is new or more severe than it was.
func (d *daemon) raised(a *detectors.Alert, fresh bool) {
	evidenceOf(d.keep, a, int64(a.Last))
	if old, known := d.severity[a.ID]; known && a.Severity <= old && !fresh {
		return
	}
	if err := d.state.alert(a); err != nil {
		d.log.Error("an alert cannot be stored", "id", a.ID, "error", err)
	}
	d.severity[a.ID] = a.Severity
	d.mail.Raised(a)
	d.writeAlert(a)
	d.log.Warn("alert", "detector", a.Detector, "severity", a.Severity.String(), "summary", a.Summary, "id", a.ID)
}

// tick is called once a second of event time.
func (d *daemon) tick(now int64) {
	d.beat.Store(wallClock())
	d.set.Advance(now)
	if d.keep != nil {
		d.keep.Tick(now)
	}
	d.usual.Update(now)
	d.known.Update(now)
	d.state.tick(now, d.progress.Result().Packets, d.cmd.StateInterval, d.log)
	d.set.Forget(now - keepAlerts)
	d.events.flush()
	d.alerts.flush()
	for _, l := range []*lines{d.events, d.alerts} {
		if l.err != nil {
			d.log.Error("an output cannot be written", "file", l.path, "error", l.err, "lines_lost", l.lost)
			l.err = nil
		}
	}
	if d.reopen.CompareAndSwap(true, false) {
		for _, l := range []*lines{d.events, d.alerts} {
			if err := l.reopen(); err != nil {
				d.log.Error("an output cannot be opened anew: the old file is gone on with", "file", l.path, "error", err)
			}
		}
	}
	if l := d.lists.Swap(nil); l != nil {
		d.indicators.Use(l)
	}
	if conf := d.reload.Swap(nil); conf != nil {
		d.configure(*conf)
	}
	if d.show.CompareAndSwap(true, false) {
		if err := d.print(d.std.err, d.progress.Result()); err != nil {
			d.log.Error("summary", "error", err)
		}
	}
}

// configure takes over what can change while it runs: what is inside, names of
// accounts, the time zone. The detectors have learned with the rest.
func (d *daemon) configure(conf config.Config) {
	d.border.Configure(insideConfig(conf))
	old := d.conf
	d.conf = conf
	args := []any{}
	if !reflect.DeepEqual(old.Detectors, conf.Detectors) || !reflect.DeepEqual(old.Geo, conf.Geo) ||
		!reflect.DeepEqual(old.Trusted, conf.Trusted) || !reflect.DeepEqual(old.Metrics, conf.Metrics) {
		args = append(args, "after_a_restart", "detectors, geo, metrics, networks.trusted_proxies")
	}
	d.log.Info("configuration read anew", args...)
}

// print writes the summary so far.
func (d *daemon) print(out io.Writer, res pipeline.Result) error {
	doc := d.document()
	fillResult(doc, res)
	fillLive(doc, d.source.Stats(), res)
	if d.cmd.JSON {
		return doc.Write(out)
	}
	return report.Write(out, doc, report.Options{Top: d.cmd.Top, Location: d.conf.Location})
}
