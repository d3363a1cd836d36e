// Package sink brings events and alerts to where others work with them: files,
// standard output, syslog, webhooks, Elasticsearch.
//
// A sink never stops the capture. Lines are copied into a bounded queue; a
// goroutine of the sink's own sends them from there, and where that does not go
// moves them to a bounded spool on the disk. What has room in neither is lost, and
// counted. Delivery is at least once and in order: what an output did not confirm is
// sent again.
//
// Nothing is connected to that is not configured, and secrets are read from files
// only.
package sink

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Options are what sinks need to know beside their configuration.
type Options struct {
	Sensor  string // name of this sensor; default: of the host
	Version string
	Stdout  io.Writer
	Log     *slog.Logger
	// Wait has Event and Alert wait for room instead of losing lines: for captures
	// that are files.
	Wait bool
}

// Group is all sinks. Event, Alert and Wants are for one goroutine, the others for
// any.
type Group struct {
	opt   Options
	sinks []*sink
	ports []uint16   // that the sandbox was told of
	mu    sync.Mutex // reload, Close
	going bool       // started, and not closed
}

// Open gets ready what needs rights: secrets are read, folders made. The
// configurations were checked. No connection is made.
func Open(list []Config, opt Options) (*Group, error) {
	if opt.Sensor == "" {
		opt.Sensor, _ = os.Hostname() // it is a name, nothing depends on it
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	g := &Group{opt: opt}
	_, _, g.ports = Needs(list)
	for _, c := range list {
		s, err := g.newSink(c)
		if err != nil {
			return nil, fmt.Errorf("sink %s: %w", c.Name, err)
		}
		g.sinks = append(g.sinks, s)
	}
	return g, nil
}

func (g *Group) newSink(c Config) (*sink, error) {
	s := newSink(c, nil, g.opt.Log, g.opt.Wait)
	var err error
	s.out, err = g.output(c, &s.counters)
	if err == nil && c.Spool != nil {
		err = os.MkdirAll(c.Spool.Folder, 0o700)
	}
	return s, err
}

// output makes the output of a sink.
func (g *Group) output(c Config, n *counters) (output, error) {
	switch {
	case c.File != nil:
		return newFile(*c.File, n)
	case c.Stdout != nil:
		return &stream{w: g.opt.Stdout, counters: n}, nil
	case c.Syslog != nil:
		return newSyslog(*c.Syslog, g.opt, n)
	case c.Webhook != nil:
		return newWebhook(*c.Webhook, g.opt, n)
	case c.Elastic != nil:
		return newElastic(*c.Elastic, g.opt, n)
	}
	return nil, errors.New("of no type that is known")
}

// Start sets off; to be called once rights were given up, so that what cannot be
// written shows now.
func (g *Group) Start() error {
	for i, s := range g.sinks {
		err := s.out.reopen()
		if err == nil {
			err = s.start()
		}
		if err != nil {
			for _, s := range g.sinks[:i] {
				s.end(time.Now())
			}
			return fmt.Errorf("sink %s: %w", s.name, err)
		}
	}
	g.going = true
	return nil
}

// WantsEvents reports whether a sink takes events.
func (g *Group) WantsEvents() bool {
	for _, s := range g.sinks {
		if s.events.Load() {
			return true
		}
	}
	return false
}

// Event hands over the JSON text of an event, which is copied.
func (g *Group) Event(line []byte) {
	for _, s := range g.sinks {
		if s.events.Load() {
			s.q.add(kindEvent, line, s.wait)
		}
	}
}

// Alert hands over the JSON text of an alert, which is copied.
func (g *Group) Alert(line []byte) {
	for _, s := range g.sinks {
		if s.alerts.Load() {
			s.q.add(kindAlert, line, s.wait)
		}
	}
}

// Reopen opens files anew, which may have been renamed.
func (g *Group) Reopen() {
	for _, s := range g.sinks {
		s.anew.Store(true)
		s.wake()
	}
}

func (s *sink) wake() {
	select {
	case s.poke <- struct{}{}:
	default:
	}
}

// Reload gets ready what another configuration says of the sinks that there are:
// where they send and with which secrets. Nothing has changed before apply is
// called, nor when there is an error. Sinks that are new or gone, other bounds, spools
// and ports are left for the next start: restart reports that there are some.
func (g *Group) Reload(list []Config) (apply func(), restart bool, err error) {
	type change struct {
		s   *sink
		c   Config
		out output
	}
	var changes []change
	restart = len(list) != len(g.sinks)
	for _, c := range list {
		s := g.find(c.Name)
		if s == nil || !g.reachable(c) || c.QueueMiB != s.config.QueueMiB || !reflect.DeepEqual(c.Spool, s.config.Spool) {
			restart = true
			continue
		}
		if c.Stdout != nil && s.config.Stdout != nil {
			changes = append(changes, change{s, c, nil})
			continue
		}
		out, err := g.output(c, &s.counters)
		if err == nil {
			err = out.reopen()
		}
		if err != nil {
			for _, ch := range changes {
				if ch.out != nil {
					ch.out.close()
				}
			}
			return nil, false, fmt.Errorf("sink %s: %w", c.Name, err)
		}
		changes = append(changes, change{s, c, out})
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, ch := range changes {
			ch.s.config = ch.c
			ch.s.choose(ch.c)
			if ch.out != nil {
				if old := ch.s.swap.Swap(&ch.out); old != nil {
					(*old).close()
				}
				ch.s.wake()
			}
		}
	}, restart, nil
}

// reachable reports whether the sandbox knows the port of a sink, if it has one.
func (g *Group) reachable(c Config) bool {
	_, _, ports := Needs([]Config{c})
	return len(ports) == 0 || slices.Contains(g.ports, ports[0])
}

func (g *Group) find(name string) *sink {
	for _, s := range g.sinks {
		if s.name == name {
			return s
		}
	}
	return nil
}

// Close has the sinks deliver what they have, for so long at most, and says in the
// log what stays in the spools.
func (g *Group) Close(timeout time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.going {
		return
	}
	g.going = false
	deadline := time.Now().Add(timeout)
	var all sync.WaitGroup
	for _, s := range g.sinks {
		all.Go(func() { s.end(deadline) })
	}
	all.Wait()
}

// Lost is how many lines were lost so far.
func (g *Group) Lost() (n uint64) {
	for _, s := range g.sinks {
		_, _, lost := s.q.state()
		n += lost + s.lost.Load()
	}
	return n
}

// Needs says what the sinks use once rights are given up: files to read, folders to
// write in, and TCP ports to connect to.
func Needs(list []Config) (read, write []string, ports []uint16) {
	tls := func(t *TLSConfig) {
		if t != nil {
			read = append(read, t.CA, t.Certificate, t.Key)
		}
	}
	for _, c := range list {
		if c.Spool != nil {
			write = append(write, c.Spool.Folder)
		}
		switch {
		case c.File != nil:
			write = append(write, filepath.Dir(c.File.Path))
		case c.Syslog != nil:
			tls(c.Syslog.TLS)
			ports = append(ports, portOf("tcp://"+c.Syslog.Address))
		case c.Webhook != nil:
			tls(c.Webhook.TLS)
			read = append(read, c.Webhook.KeyFile, c.Webhook.TokenFile)
			ports = append(ports, portOf(c.Webhook.URL))
		case c.Elastic != nil:
			tls(c.Elastic.TLS)
			read = append(read, c.Elastic.APIKeyFile, c.Elastic.PasswordFile)
			ports = append(ports, portOf(c.Elastic.URL))
		}
	}
	folders := read[:0]
	for _, path := range read { // the folder: whoever changes a file puts a new one in its place
		if path != "" {
			folders = append(folders, filepath.Dir(path))
		}
	}
	return folders, write, ports
}

func port(s string) uint16 {
	n, _ := strconv.ParseUint(s, 10, 16) // was checked
	return uint16(n)
}
