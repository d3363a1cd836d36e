package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"mailsensor/capture/decode"
	"mailsensor/capture/filter"
	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/report"
	"mailsensor/detectors/inside"
	"mailsensor/detectors/summary"
	"mailsensor/protocols"
	"mailsensor/protocols/all"
)

var errInterrupted = errors.New("interrupted")

type replayCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Capture files or folders; - is standard input."`
	Read  []string `short:"r" placeholder:"FILE" help:"Another way to name a capture file, as in tcpdump."`

	JSON   bool   `name:"json" help:"Print the summary as one JSON document."`
	Events string `placeholder:"FILE" help:"Write one JSON line an event; - is standard output (the summary then goes to standard error)."`
	Top    int    `default:"10" help:"Rows of each table; 0 shows all."`
	Quiet  bool   `short:"q" help:"No progress bar, and no summary unless --json asks for it."`

	Filter         string `placeholder:"EXPR" help:"Read only what matches, in the language of tcpdump: 'tcp port 25 or net 10.0.0.0/8'."`
	From           string `placeholder:"TIME" help:"Read only packets from this time on: 2026-03-01T08:00:00Z, or 2026-03-01 08:00 in the configured time zone."`
	To             string `placeholder:"TIME" help:"Read only packets before this time."`
	AttachmentHash string `enum:"sha256,none" default:"sha256" help:"Hash of every attachment: sha256 or none."`
	Checksums      bool   `help:"Drop packets with wrong checksums (offloading makes them wrong where they are sent)."`
	VLANAware      bool   `name:"vlan-aware" help:"Take the VLAN for a part of the connection."`
	Workers        int    `placeholder:"N" help:"Threads that read streams; one per CPU by default. The output does not depend on it."`
	Config         string `placeholder:"FILE" env:"MAILSENSOR_CONFIG" help:"Settings (sensor.yaml)."`
}

func (replayCmd) Help() string {
	return `Examples:

  sensor replay capture.pcap
  sensor replay --json captures/ | jq .totals
  sensor replay --events - mail.pcapng.gz | jq 'select(.type == "login")'
  tcpdump -r big.pcap -w - port 25 | sensor replay -
  sensor replay --filter 'host 10.0.0.7' --from '2026-03-01 08:00' mail.pcap

Exit codes: 0 all was read; 2 wrong usage, or a file that could not be read (the
others were); 130 interrupted (the summary is of what was read).`
}

func (c *replayCmd) Run(std *streams) error {
	if c.Events == "-" && c.JSON {
		return errors.New("--events - and --json both want standard output: give --events a file")
	}
	files := append(append([]string(nil), c.Read...), c.Files...)
	if len(files) == 0 {
		return errors.New("no capture file given\nTry 'sensor replay --help'")
	}
	if c.Workers < 0 || c.Top < 0 {
		return errors.New("--workers and --top cannot be negative")
	}
	conf := config.Default()
	if c.Config != "" {
		var err error
		if conf, err = config.Load(c.Config); err != nil {
			return err
		}
	}
	opt, err := c.pipeline(conf)
	if err != nil {
		return err
	}
	source, err := pcapfile.Open(files, std.in)
	if err != nil {
		return err
	}
	defer source.Close()
	opt.Source = source

	border := inside.New(insideConfig(conf))
	events, closeEvents, err := c.events(std, border)
	if err != nil {
		return err
	}
	sum := summary.New(border)
	opt.Observe = func(ev protocols.Event) {
		sum.Observe(ev)
		events(ev)
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	before := mallocs()
	bar := newProgress(std.err, source, c.Quiet)
	res, err := pipeline.Run(ctx, opt)
	bar.stop()
	if os.Getenv("MAILSENSOR_DEBUG_MEMSTATS") == "1" {
		fmt.Fprintf(std.err, "mallocs=%d packets=%d\n", mallocs()-before, res.Packets)
	}
	if e := closeEvents(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if c.JSON || !c.Quiet {
		giveBack()
		doc := sum.Document()
		fill(doc, source, res)
		if err := c.print(std, doc, conf); err != nil {
			return err
		}
	}
	return c.verdict(ctx, std, source)
}

// pipeline turns flags into options.
func (c *replayCmd) pipeline(conf config.Config) (pipeline.Options, error) {
	opt := pipeline.Options{
		Protocols: all.Protocols(all.Config{AttachmentHash: c.AttachmentHash == "sha256"}),
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
			return opt, fmt.Errorf("--filter: %w", err)
		}
		opt.Match = f.Match
	}
	return opt, nil
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

// events returns what to do with each event, and what to do at the end.
func (c *replayCmd) events(std *streams, border *inside.Border) (write func(protocols.Event), done func() error, err error) {
	if c.Events == "" {
		return func(protocols.Event) {}, func() error { return nil }, nil
	}
	out, closeOut := std.out, func() error { return nil }
	if c.Events != "-" {
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
	if c.Events == "-" {
		out = std.err
	}
	return report.Write(out, doc, report.Options{Top: c.Top, Location: conf.Location})
}

// verdict says on standard error what could not be read, and ends accordingly.
func (c *replayCmd) verdict(ctx context.Context, std *streams, source *pcapfile.Source) error {
	if w := source.Warnings(); len(w) > 0 && !c.Quiet {
		fmt.Fprintf(std.err, "sensor: files in folders that are no captures were left out: %d, the first: %v\n", len(w), w[0])
	}
	for _, p := range source.Problems() {
		fmt.Fprintf(std.err, "sensor: %v\n", p)
	}
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case len(source.Problems()) > 0:
		return errTold
	}
	return nil
}

func insideConfig(conf config.Config) inside.Config {
	return inside.Config{
		Networks:      conf.Networks,
		Domains:       conf.Domains,
		DefaultDomain: conf.DefaultDomain,
		Aliases:       conf.Aliases,
	}
}

// fill adds to the summary what the events do not tell.
func fill(doc *summary.Document, source *pcapfile.Source, res pipeline.Result) {
	c := &doc.Capture
	c.Files = filesRead(source)
	c.Packets, c.Bytes = res.Packets, res.Bytes
	c.First, c.Last = summary.Time(res.First), summary.Time(res.Last)
	c.SpanSeconds = time.Duration(res.Last - res.First).Seconds()
	c.Truncated = len(source.Truncated()) > 0
	c.Decode = decodeCounters(res)
	c.TCP = counters(res.TCP)
	c.Parsers = counters(res.Driver)
}

// giveBack collects the flow tables of a large replay before the summary, which
// may be large as well, is made in their place.
func giveBack() {
	const large = 128 << 20
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > large {
		runtime.GC()
	}
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

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
