package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"mailsensor/capture"
	"mailsensor/capture/filter"
	"mailsensor/capture/live"
	"mailsensor/capture/pcapfile"
	"mailsensor/cmd/internal/doctor"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/protocols/all"
)

type doctorCmd struct {
	Interface []string `short:"i" placeholder:"IF" help:"Interface to look at; give it again for several."`
	Read      []string `short:"r" sep:"none" placeholder:"FILE" help:"A capture of the mirror port, in the place of packets from the interface."`
	Seconds   int      `default:"10" placeholder:"N" help:"How long packets are looked at, 10 by default; 0: not at all."`
	Filter    string   `placeholder:"EXPR" help:"Look at packets that match only, in the language of tcpdump."`
}

func (doctorCmd) Help() string {
	return `Examples:

  sensor doctor
  sensor doctor -i eth1
  sensor doctor -r mirror.pcap

Looks at what usually goes wrong: rights, clock, offloads, rings, and whether the
mirror port sends both directions, once, and whole. Exit codes: 0 nothing has to
be mended; 1 something has; 2 wrong usage.`
}

func (c *doctorCmd) Run(std *streams) error {
	if c.Seconds < 0 {
		return errors.New("--seconds cannot be negative")
	}
	if _, err := filter.New(c.Filter); err != nil {
		return badFilter(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var findings []doctor.Finding
	show := func(list []doctor.Finding) error {
		findings = append(findings, list...)
		return doctor.Write(std.out, list)
	}
	if len(c.Read) == 0 {
		if err := show(doctor.Host()); err != nil {
			return err
		}
	}
	for _, name := range c.Interface {
		fmt.Fprintf(std.out, "\n%s\n", name)
		if err := show(c.link(ctx, name)); err != nil {
			return err
		}
	}
	if len(c.Read) > 0 {
		list, err := c.files(ctx)
		if err != nil {
			return err
		}
		if err := show(list); err != nil {
			return err
		}
	}
	if doctor.AnyBad(findings) {
		return errFound
	}
	return nil
}

// link looks at an interface, and at its packets where that is allowed.
func (c *doctorCmd) link(ctx context.Context, name string) []doctor.Finding {
	list := doctor.Link(name)
	if c.Seconds == 0 {
		return list
	}
	source, err := live.Open(live.Options{Interfaces: []string{name}, Filter: c.Filter, Now: wallClock})
	if err != nil {
		return append(list, doctor.Finding{Level: doctor.Bad, Text: err.Error()})
	}
	defer source.Close()
	ctx, stop := context.WithTimeout(ctx, time.Duration(c.Seconds)*time.Second)
	defer stop()
	opt := c.pipeline(source)
	opt.Live = &pipeline.Live{Now: wallClock}
	seen, err := doctor.Sample(ctx, opt, c.Seconds)
	if err != nil {
		return append(list, doctor.Finding{Level: doctor.Bad, Text: err.Error()})
	}
	for _, i := range source.Stats().Interfaces {
		if i.Drops() > 0 {
			seen = append(seen, doctor.Finding{Level: doctor.Bad, Text: fmt.Sprintf("%d packets were dropped meanwhile", i.Drops()),
				Do: "More memory (--ring-size), more CPUs, or a filter."})
		}
	}
	return append(list, seen...)
}

func (c *doctorCmd) files(ctx context.Context) ([]doctor.Finding, error) {
	source, err := pcapfile.Open(c.Read, nil)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	opt := c.pipeline(source)
	if f, err := filter.New(c.Filter); err == nil && c.Filter != "" {
		opt.Match = f.Match
	}
	return doctor.Sample(ctx, opt, 0)
}

func (c *doctorCmd) pipeline(source capture.Source) pipeline.Options {
	return pipeline.Options{Source: source, Protocols: all.Protocols(all.Config{})}
}
