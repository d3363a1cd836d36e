package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"mailsensor/capture/decode"
	"mailsensor/capture/filter"
	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/detectors"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
	"mailsensor/protocols/all"
)

var errInterrupted = errors.New("interrupted")

type replayCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Capture files or folders; - is standard input."`
	Read  []string `short:"r" sep:"none" placeholder:"FILE" help:"A capture file, as in tcpdump."`

	JSON   bool   `name:"json" help:"Print the summary as one JSON document, all rows and exact counts."`
	Events string `placeholder:"FILE" help:"Write one JSON line an event; - is standard output (the summary then goes to standard error)."`
	Alerts string `placeholder:"FILE" help:"Write one JSON line an alert, most severe first; - is standard output (the summary then goes to standard error)."`
	FailOn string `enum:",info,low,medium,high,critical" default:"" placeholder:"SEVERITY" help:"Exit with code 1 when there is an alert as severe: info, low, medium, high or critical."`
	Top    int    `default:"10" help:"Rows of each table; 0 shows all."`
	Quiet  bool   `short:"q" help:"No progress bar, and no summary unless --json asks for it."`

	Filter         string `placeholder:"EXPR" help:"Read only what matches, in the language of tcpdump: 'tcp port 25 or net 10.0.0.0/8'. Of encapsulated packets it sees the outer headers."`
	From           string `placeholder:"TIME" help:"Read only packets from this time on: 2026-03-01T08:00:00Z, or 2026-03-01 08:00 in the configured time zone."`
	To             string `placeholder:"TIME" help:"Read only packets before this time."`
	AttachmentHash string `enum:"sha256,none" default:"sha256" placeholder:"sha256|none" help:"Hash of every attachment; sha256 by default, none is faster."`
	Checksums      bool   `help:"Drop packets with wrong checksums (offloading makes them wrong where they are sent)."`
	VLANAware      bool   `name:"vlan-aware" help:"Take the VLAN for a part of the connection."`
	Workers        int    `placeholder:"N" help:"Threads that read streams; one per CPU by default. The output does not depend on it."`
	Config         string `placeholder:"FILE" env:"MAILSENSOR_CONFIG" help:"Settings, as in sensor.yaml: what is ours, time zone, account names."`
	evidenceFlags
	memoryFlag
	historyFlags
	stateFlags
	Learn bool `help:"Learn what is usual and raise no alerts; needs --state."`
	Sinks bool `help:"Send events and alerts to the sinks of --config as well; waits for those that are slow."`
}

func (replayCmd) Help() string {
	return `Examples:

  sensor replay capture.pcap
  sensor replay --json captures/ | jq .totals
  sensor replay --events - mail.pcapng.gz | jq 'select(.type == "login")'
  tcpdump -r big.pcap -w - port 25 | sensor replay -
  sensor replay --push http://127.0.0.1:8428 --capture-name may may.pcap
  sensor replay --openmetrics may.om may.pcap
  sensor replay --state /var/lib/mailsensor --learn last-month/
  sensor replay --state /var/lib/mailsensor today.pcap
  sensor replay --filter 'host 10.0.0.7' --from '2026-03-01 08:00' mail.pcap

Exit codes: 0 all was read; 1 --fail-on found an alert; 2 wrong usage, or a file that could not be read (the
others were); 130 interrupted (the summary is of what was read; a second signal
ends at once, without one).`
}

func (c *replayCmd) Run(std *streams) (failed error) {
	if err := c.check(); err != nil {
		return err
	}
	conf, err := c.config()
	if err != nil {
		return err
	}
	opt, err := c.pipeline(conf)
	if err != nil {
		return err
	}
	source, err := pcapfile.Open(slices.Concat(c.Read, c.Files), std.in)
	if err != nil {
		return tell(std, err)
	}
	defer source.Close()
	opt.Source = source

	plan := c.plan(&opt, false, c.PcapOut != "")
	a, err := newAnalysisWithin(conf, entities(plan))
	if err != nil {
		return err
	}
	a.set.Mute = c.Learn
	st, err := openState(c.State, conf, a)
	if err != nil {
		return err
	}
	defer st.close()
	opt.First = st.first()
	if os.Getenv("MAILSENSOR_DEBUG_DETECTORS") == "off" { // to measure what they cost
		a.set = detectors.NewSet(nil)
	}
	events, closeEvents, err := c.events(std, a.border, source)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	profiled, err := profile(os.Getenv("MAILSENSOR_DEBUG_CPUPROFILE"))
	if err != nil {
		return err
	}
	defer profiled()
	out, err := c.outlets(ctx, conf, std)
	if err != nil {
		return err
	}
	defer out.sinks.Close(drainSinks)
	keep, err := c.keeper(&opt, slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn})), packets(plan))
	if err != nil {
		return err
	}
	if keep != nil {
		a.set.Raised = func(alert *detectors.Alert, _ bool) { keep.Alert(alert, int64(alert.Last)) }
	}
	hist, err := c.series(ctx, a, conf, source)
	if err != nil {
		return err
	}
	opt.Observe = func(ev protocols.Event) {
		hist.advance(ev)
		if keep != nil {
			keep.Tick(ev.Header().Time)
		}
		shown := a.observe(ev)
		hist.observe(ev)
		if shown {
			events(ev)
			out.event(a.border, ev)
		}
	}
	context.AfterFunc(ctx, stop) // a second signal ends at once: a pipe that stays quiet cannot be left otherwise
	before := mallocs()
	bar := newProgress(std.err, source, c.Quiet)
	res, err := pipeline.Run(ctx, opt)
	bar.stop()
	allocated := mallocs() - before
	if e := closeEvents(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	giveBack()
	if err := st.finish(&res, a.set); err != nil { // before anyone is told of an alert
		fmt.Fprintln(std.err, "sensor:", err)
		defer func() { failed = errors.Join(failed, errTold) }()
	}
	if keep != nil {
		keep.Close()
	}
	doc := a.document()
	fill(doc, source, res)
	if err := c.writeAlerts(std, doc); err != nil {
		return err
	}
	if err := out.finish(doc); err != nil {
		return err
	}
	if c.JSON || !c.Quiet {
		if err := c.print(std, doc, conf); err != nil {
			return err
		}
	}
	if err := hist.finish(ctx, std, c.Quiet); err != nil {
		return err
	}
	if os.Getenv("MAILSENSOR_DEBUG_MEMSTATS") == "1" {
		fmt.Fprintf(std.err, "mallocs=%d packets=%d peak_rss_kib=%d\n", allocated, res.Packets, peakRSS())
	}
	if err := c.verdict(ctx, std, source); err != nil {
		return err
	}
	return c.failed(doc)
}

// check finds what the flags contradict one another in.
func (c *replayCmd) check() error {
	switch {
	case c.Learn && c.State == "":
		return errors.New("--learn needs --state DIR: where what was learned is to be kept")
	case c.Events == "-" && c.JSON:
		return errors.New("--events - and --json both want standard output: give --events a file")
	case c.Alerts == "-" && (c.JSON || c.Events == "-"):
		return errors.New("--alerts - wants standard output for itself: give it or the others a file")
	case len(c.Read)+len(c.Files) == 0:
		return errors.New("no capture file given\nTry 'sensor replay --help'")
	case c.Workers < 0 || c.Top < 0:
		return errors.New("--workers and --top cannot be negative")
	}
	return c.checkHistory()
}

func (c *replayCmd) config() (config.Config, error) {
	if c.Config == "" {
		return config.Default(), nil
	}
	return config.Load(c.Config)
}

// pipeline turns flags into options.
func (c *replayCmd) pipeline(conf config.Config) (pipeline.Options, error) {
	opt := pipeline.Options{
		Protocols: all.Protocols(all.Config{AttachmentHash: c.AttachmentHash == "sha256", LinkHosts: len(conf.Intel) > 0}),
		Workers:   c.Workers,
		Decode:    decode.Options{Checksums: c.Checksums, VLANAware: c.VLANAware},
	}
	var err error
	if opt.From, err = parseTime(c.From, conf.Location); err != nil {
		return opt, fmt.Errorf("--from: %w", err)
	}
	if opt.To, err = parseTime(c.To, conf.Location); err != nil {
		return opt, fmt.Errorf("--to: %w", err)
	}
	if opt.To != 0 && opt.From >= opt.To {
		return opt, errors.New("--from is not before --to: nothing would be read")
	}
	if c.Filter != "" {
		f, err := filter.New(c.Filter)
		if err != nil {
			return opt, badFilter(err)
		}
		opt.Match = f.Match
	}
	return opt, nil
}

// badFilter says where in the expression the mistake is.
func badFilter(err error) error {
	var e *filter.Error
	if errors.As(err, &e) {
		return fmt.Errorf("--filter: at character %d: %s", e.Pos+1, e.Text)
	}
	return fmt.Errorf("--filter: %w", err)
}

// parseTime reads RFC 3339, or a date with an optional time in loc. "" is 0.
func parseTime(s string, loc *time.Location) (int64, error) {
	if s == "" {
		return 0, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UnixNano(), nil
	}
	for _, layout := range [...]string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t.UnixNano(), nil
		}
	}
	return 0, fmt.Errorf("%q is no time: write 2026-03-01T08:00:00Z, or 2026-03-01 08:00", s)
}

// maxTold is how many problems with files are told one by one.
const maxTold = 20

// tell prints what is wrong with the files, a line each.
func tell(std *streams, err error) error {
	problems := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		problems = joined.Unwrap()
	}
	for i, p := range problems {
		if i == maxTold {
			fmt.Fprintf(std.err, "sensor: and %d more of that kind\n", len(problems)-i)
			break
		}
		fmt.Fprintf(std.err, "sensor: %v\n", p)
	}
	return errTold
}

// verdict says on standard error what could not be read, and ends accordingly.
func (c *replayCmd) verdict(ctx context.Context, std *streams, source *pcapfile.Source) error {
	if w := source.Warnings(); len(w) > 0 && !c.Quiet {
		fmt.Fprintf(std.err, "sensor: files in folders that are no captures were left out: %d, the first: %v\n", len(w), w[0])
	}
	var err error
	if problems := source.Problems(); len(problems) > 0 {
		err = tell(std, errors.Join(problems...))
	}
	if ctx.Err() != nil {
		fmt.Fprintln(std.err, "sensor: interrupted: this is of what was read until then")
		return errInterrupted
	}
	return err
}

func insideConfig(conf config.Config) inside.Config {
	return inside.Config{
		Networks:      conf.Networks,
		Domains:       conf.Domains,
		DefaultDomain: conf.DefaultDomain,
		Aliases:       conf.Aliases,
	}
}
