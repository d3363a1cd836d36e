package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mailsensor/capture/decode"
	"mailsensor/capture/filter"
	"mailsensor/capture/live"
	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/sandbox"
	"mailsensor/cmd/internal/sink"
	"mailsensor/protocols/all"
)

type runCmd struct {
	Interface []string `short:"i" required:"" placeholder:"IF" help:"Interface to watch; give it again for several."`
	Filter    []string `arg:"" optional:"" name:"filter" help:"Read only what matches, in the language of tcpdump, as in: tcp port 25 or 143."`

	JSON   bool   `name:"json" help:"Print the summary, at the end and on SIGUSR1, as one JSON document."`
	Events string `placeholder:"FILE" help:"Add one JSON line an event; - is standard output. SIGHUP opens the file anew."`
	Alerts string `placeholder:"FILE" help:"Add one JSON line an alert, when it is raised and when it becomes more severe; - is standard output. SIGHUP opens the file anew."`
	Top    int    `default:"10" help:"Rows of each table of the summary; 0 shows all."`
	Quiet  bool   `short:"q" help:"No summary unless --json asks for it."`

	stateFlags
	StateInterval time.Duration `default:"5m" placeholder:"5m" help:"Event time between snapshots of what was learned."`
	evidenceFlags
	accessFlags
	memoryFlag

	Config         string `placeholder:"FILE" env:"MAILSENSOR_CONFIG" help:"Settings, as in sensor.yaml. SIGHUP reads it anew."`
	Listen         string `default:"127.0.0.1:9425" placeholder:"ADDRESS" help:"Where /metrics, /-/healthy and /-/ready are, 127.0.0.1:9425 by default; none: nowhere. Beyond loopback it needs --token-file or --auth-file."`
	TopSeries      *int   `placeholder:"N" help:"Hosts and accounts that have series of their own in /metrics, the largest; 0: no names in /metrics. Otherwise metrics.top_series of --config, or 50."`
	SnapLength     int    `short:"s" placeholder:"N" help:"Octets to keep of a packet; all by default."`
	RingSize       int    `placeholder:"MIB" help:"Memory of an interface's rings; by default a 64th of the machine's, 32 to 256 MiB."`
	Rings          int    `placeholder:"N" help:"Rings of an interface, between which the kernel divides the flows; by default one for four CPUs."`
	Workers        int    `placeholder:"N" help:"Threads that read streams; one per CPU by default."`
	NoPromiscuous  bool   `short:"p" help:"Do not put the interfaces into promiscuous mode."`
	AttachmentHash string `enum:"sha256,none" default:"sha256" placeholder:"sha256|none" help:"Hash of every attachment; sha256 by default, none is faster."`
	Checksums      bool   `help:"Drop packets with wrong checksums (offloading makes them wrong where they are sent)."`
	VLANAware      bool   `name:"vlan-aware" help:"Take the VLAN for a part of the connection."`
	User           string `placeholder:"NAME" help:"User to become once everything is open, when started as root."`
	NoSandbox      bool   `help:"Keep privileges, files and system calls that are not needed."`
	LogFormat      string `enum:"text,json" default:"text" placeholder:"text|json" help:"Form of the messages on standard error: text or json."`
}

func (runCmd) Help() string {
	return `Examples:

  sensor run -i eth1
  sensor run -i eth1 -i eth2 --events events.jsonl --alerts alerts.jsonl
  sensor run -i eth1 'tcp port 25 or 143 or (vlan and tcp port 25 or 143)'
  sensor run -i eth1 --config /etc/mailsensor/sensor.yaml --user nobody

Signals: INT and TERM end it, with a summary (a second one at once, without);
HUP reads the configuration and opens the output files anew; USR1 prints the
summary so far to standard error. Exit codes: 0 it was ended; 2 wrong usage, or
no capture. 'sensor doctor -i IF' looks at what usually goes wrong.`
}

func (c *runCmd) Run(std *streams) error {
	if err := c.check(); err != nil {
		return err
	}
	conf, err := c.config()
	if err != nil {
		return err
	}
	d, err := newDaemon(c, conf, std)
	if err != nil {
		return err
	}
	defer d.close()
	return d.run()
}

// check finds what the flags contradict one another in.
func (c *runCmd) check() error {
	switch {
	case c.Events == "-" && c.JSON, c.Alerts == "-" && c.JSON, c.Events == "-" && c.Alerts == "-":
		return errors.New("only one of --json, --events - and --alerts - can have standard output")
	case c.StateInterval < time.Second:
		return errors.New("--state-interval cannot be under 1s")
	case c.Workers < 0 || c.Top < 0 || c.RingSize < 0 || c.Rings < 0 || c.SnapLength < 0 || c.TopSeries != nil && *c.TopSeries < 0:
		return errors.New("--workers, --top, --ring-size, --rings, --snap-length and --top-series cannot be negative")
	}
	if _, err := filter.New(c.expr()); err != nil {
		return badFilter(err)
	}
	return c.checkAccess(c.Listen)
}

func (c *runCmd) expr() string { return strings.Join(c.Filter, " ") }

// isLoopback reports whether only this machine can connect to a listener.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address == listenNowhere // what else is wrong with it net.Listen says
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// streams says who has standard output.
func (c *runCmd) streams() []string {
	return stdoutTakers(map[string]bool{"--json": c.JSON, "--events -": c.Events == "-", "--alerts -": c.Alerts == "-"})
}

func (c *runCmd) config() (config.Config, error) {
	if c.Config == "" {
		return config.Default(), nil
	}
	return config.Load(c.Config)
}

func (c *runCmd) logger(std *streams) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(std.err, nil))
	}
	return slog.New(slog.NewTextHandler(std.err, nil))
}

// capture opens the interfaces.
func (c *runCmd) capture() (*live.Source, error) {
	return live.Open(live.Options{
		Interfaces: c.Interface, Filter: c.expr(), SnapLength: c.SnapLength,
		RingBytes: c.RingSize << 20, Rings: c.Rings, NotPromiscuous: c.NoPromiscuous,
		Now: wallClock,
	})
}

func wallClock() int64 { return time.Now().UnixNano() }

// pipeline turns flags into options. The seed makes the order of flows in the
// tables hard to predict for whoever sends them.
func (c *runCmd) pipeline(conf config.Config) pipeline.Options {
	return pipeline.Options{
		Protocols: all.Protocols(all.Config{AttachmentHash: c.AttachmentHash == "sha256", LinkHosts: len(conf.Intel) > 0}),
		Workers:   c.Workers,
		Decode:    decode.Options{Checksums: c.Checksums, VLANAware: c.VLANAware, Seed: rand.Uint64()},
	}
}

// sandbox says what the daemon needs from now on.
func (c *runCmd) sandbox(rings int, conf config.Config) sandbox.Options {
	opt := sandbox.Options{KeepRaw: rings > 1, User: c.User}
	if c.Config != "" { // the folder: editors put a new file in the place of the old one
		opt.Read = append(opt.Read, filepath.Dir(c.Config))
	}
	opt.Read = append(opt.Read, conf.Geo...)
	for _, path := range conf.Intel { // the folder, as above
		opt.Read = append(opt.Read, filepath.Dir(path))
	}
	opt.Read = append(opt.Read, c.folders()...)
	if conf.Metrics.KeyFile != "" {
		opt.Read = append(opt.Read, filepath.Dir(conf.Metrics.KeyFile))
	}
	read, write, ports := sink.Needs(conf.Sinks)
	opt.Read, opt.Write, opt.Connect = append(opt.Read, read...), append(opt.Write, write...), ports
	if c.State != "" {
		opt.Write = append(opt.Write, c.State)
	}
	if c.PcapOut != "" {
		opt.Write = append(opt.Write, c.PcapOut)
	}
	for _, path := range []string{c.Events, c.Alerts} {
		if path != "" && path != "-" {
			opt.Write = append(opt.Write, filepath.Dir(path))
		}
	}
	return opt
}

// topSeries is of how many hosts and accounts there are series.
func (c *runCmd) topSeries(conf config.Config) int {
	if c.TopSeries != nil {
		return *c.TopSeries
	}
	return conf.Metrics.TopSeries
}

// serve opens the listener; it answers later.
func (c *runCmd) serve(r *metrics.Registry, d *daemon) (*server, error) {
	if c.Listen == listenNowhere {
		return nil, nil
	}
	a, err := newAccess(&c.accessFlags, func(path string, err error) {
		d.log.Error("a file of the listener is not good: what it held before stays", "file", path, "error", err)
	})
	if err != nil {
		return nil, err
	}
	return newServer(c.Listen, a, r, d)
}

// untilSignalled returns a context that SIGINT and SIGTERM end, the second of them
// the process.
func untilSignalled() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
