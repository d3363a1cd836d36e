// Package config reads sensor.yaml. It is strict: a key that is not known is an
// error that shows its line, because a misspelt key that is silently ignored is
// a setting that silently does nothing. Everything works without the file.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"
	_ "time/tzdata" // the sensor is one static binary; the host may have no zone files

	"mailsensor/cmd/internal/sink"
	"mailsensor/detectors/all"

	"github.com/goccy/go-yaml"
)

// File is sensor.yaml.
type File struct {
	Networks Networks `yaml:"networks"`
	Domains  Domains  `yaml:"domains"`
	Accounts Accounts `yaml:"accounts"`
	// Timezone is the IANA name of the zone in which days and weeks are
	// counted and in which times without a zone are read. Default UTC.
	Timezone string `yaml:"timezone"`
	// Geo names MMDB files that say where addresses are: City or Country, and ASN.
	Geo []string `yaml:"geo"`
	// Intel names files of indicators: plain lists, CSV, STIX 2.1, MISP.
	Intel []string `yaml:"intel"`
	// Detectors holds the thresholds, field by field; what is not given is as shipped.
	Detectors all.Config `yaml:"detectors"`
	// Metrics says which names /metrics shows, and how.
	Metrics Metrics `yaml:"metrics"`
	// State says how much --state keeps.
	State State `yaml:"state"`
	// SensorName is what the sinks call this sensor. Default: the name of the host.
	SensorName string `yaml:"sensor_name"`
	// Sinks say where events and alerts are sent.
	Sinks []sink.Config `yaml:"sinks"`
}

// Networks says which addresses are ours.
type Networks struct {
	// Internal prefixes. Default: the private and link-local ranges.
	Internal []string `yaml:"internal"`
	// TrustedProxies are the peers that are believed when they name the real
	// client: load balancers, webmail, relays. Default: none.
	TrustedProxies []string `yaml:"trusted_proxies"`
}

// Domains says which mail domains are ours.
type Domains struct {
	// Internal domains. Default: learned from the direction of recipients.
	Internal []string `yaml:"internal"`
}

// Accounts says how user names are made one.
type Accounts struct {
	// DefaultDomain is added to a user name without one.
	DefaultDomain string `yaml:"default_domain"`
	// Aliases maps other names of an account to its own.
	Aliases map[string]string `yaml:"aliases"`
}

// Metrics says what is shown of hosts and accounts.
type Metrics struct {
	// TopSeries is how many hosts and accounts have series of their own. Default 50.
	TopSeries *int `yaml:"top_series"`
	// HashNames names a file with a secret of at least 16 characters. Names are then
	// shown as the first 16 hex digits of their HMAC-SHA-256.
	HashNames string `yaml:"hash_names"`
}

// State says how many alerts --state keeps, and for how long. 0 is as shipped.
type State struct {
	Alerts    int `yaml:"alerts"`     // those raised last longest ago go first
	AlertDays int `yaml:"alert_days"` // of event time, since an alert was raised last
}

// Config is a checked File.
type Config struct {
	Networks      []netip.Prefix // empty: the default
	Trusted       []netip.Prefix // peers that are believed when they name the real client
	Domains       []string       // lower case; empty: learned
	DefaultDomain string
	Aliases       map[string]string // lower case
	Location      *time.Location
	Detectors     all.Config
	Geo, Intel    []string // files
	SensorName    string   // "": that of the host
	Sinks         []sink.Config
	Metrics       MetricsConfig
	State         State
}

// MetricsConfig is a checked Metrics.
type MetricsConfig struct {
	TopSeries int
	Key       []byte // of names that are hashed; nil: they are not
	KeyFile   string // where it is from
}

// maxTopSeries bounds the series of what comes from traffic: there are some 40 of each.
const maxTopSeries = 1000

// Default is the configuration without a file.
func Default() Config {
	return Config{Location: time.UTC, Detectors: all.Default(), Metrics: MetricsConfig{TopSeries: 50}, State: State{Alerts: 100_000, AlertDays: 400}}
}

// Load reads the file at path. Its errors name the file, and the line where
// there is one.
func Load(path string) (Config, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	c, err := Parse(b)
	if err != nil {
		return Config{}, fmt.Errorf("config: %s: %w", path, err)
	}
	return c, nil
}

// Parse reads the text of a sensor.yaml.
func Parse(b []byte) (Config, error) {
	f := File{Detectors: all.Default()}
	err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict(), yaml.DisallowUnknownField()).Decode(&f)
	if err != nil && !errors.Is(err, io.EOF) { // EOF: an empty file
		return Config{}, errors.New(strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	if errors.Is(err, io.EOF) || f.Detectors.Empty() { // an empty file, or an empty section, empties what was there
		f.Detectors = all.Default()
	}
	return f.check(b)
}

func (f *File) check(text []byte) (Config, error) {
	c := Default()
	c.Detectors, c.Geo, c.Intel = f.Detectors, f.Geo, f.Intel
	if err := f.Detectors.Check(); err != nil {
		return c, fmt.Errorf("detectors: %w", err)
	}
	for i, s := range f.Networks.Internal {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return c, at(text, fmt.Sprintf("$.networks.internal[%d]", i), "%q is no network: write it like 10.0.0.0/8 or 2001:db8::/32", s)
		}
		c.Networks = append(c.Networks, p.Masked())
	}
	for i, s := range f.Networks.TrustedProxies {
		p, err := prefix(s)
		if err != nil {
			return c, at(text, fmt.Sprintf("$.networks.trusted_proxies[%d]", i), "%q is no address or network: write it like 10.0.0.7 or 10.0.0.0/8", s)
		}
		c.Trusted = append(c.Trusted, p)
	}
	for i, s := range f.Domains.Internal {
		if !isDomain(s) {
			return c, at(text, fmt.Sprintf("$.domains.internal[%d]", i), "%q is no domain: write it like corp.example", s)
		}
		c.Domains = append(c.Domains, strings.ToLower(s))
	}
	if s := f.Accounts.DefaultDomain; s != "" {
		if !isDomain(s) {
			return c, at(text, "$.accounts.default_domain", "%q is no domain: write it like corp.example", s)
		}
		c.DefaultDomain = strings.ToLower(s)
	}
	for alias, account := range f.Accounts.Aliases {
		if alias == "" || account == "" {
			return c, at(text, "$.accounts.aliases", "an alias and its account cannot be empty")
		}
		if c.Aliases == nil {
			c.Aliases = make(map[string]string)
		}
		c.Aliases[strings.ToLower(alias)] = strings.ToLower(account)
	}
	if f.Timezone != "" {
		loc, err := time.LoadLocation(f.Timezone)
		if err != nil || f.Timezone == "Local" { // Local would differ from machine to machine
			return c, at(text, "$.timezone", "%q is no time zone: write an IANA name like Europe/Berlin", f.Timezone)
		}
		c.Location = loc
	}
	if n := f.Metrics.TopSeries; n != nil {
		if *n < 0 || *n > maxTopSeries {
			return c, at(text, "$.metrics.top_series", "give 0 to %d", maxTopSeries)
		}
		c.Metrics.TopSeries = *n
	}
	if path := f.Metrics.HashNames; path != "" {
		c.Metrics.KeyFile = path
		key, err := os.ReadFile(path)
		if err != nil {
			return c, at(text, "$.metrics.hash_names", "%v", err)
		}
		if c.Metrics.Key = bytes.TrimSpace(key); len(c.Metrics.Key) < 16 {
			return c, at(text, "$.metrics.hash_names", "the secret in %s has fewer than 16 characters: openssl rand -hex 16 makes one", path)
		}
	}
	for _, n := range []struct {
		name string
		v    int
		to   *int
		most int
	}{{"alerts", f.State.Alerts, &c.State.Alerts, 10_000_000}, {"alert_days", f.State.AlertDays, &c.State.AlertDays, 36_500}} {
		if n.v < 0 || n.v > n.most {
			return c, at(text, "$.state."+n.name, "give 1 to %d", n.most)
		}
		if n.v > 0 {
			*n.to = n.v
		}
	}
	c.SensorName, c.Sinks = f.SensorName, f.Sinks
	if i, err := sink.CheckAll(c.Sinks); err != nil {
		path := fmt.Sprintf("$.sinks[%d]", i)
		var field *sink.FieldError
		if errors.As(err, &field) && field.Field != "" {
			path += "." + field.Field
		}
		return c, at(text, path, "%v", err)
	}
	return c, nil
}

// prefix reads a network, or an address as the network of itself.
func prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func isDomain(s string) bool {
	return s != "" && len(s) <= 253 && !strings.ContainsAny(s, "@ \t/:") && !strings.HasPrefix(s, ".") && !strings.HasSuffix(s, ".")
}

// at makes an error that names the line of the value at path.
func at(text []byte, path, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	p, err := yaml.PathString(path)
	if err != nil {
		return errors.New(msg)
	}
	node, err := p.ReadNode(bytes.NewReader(text))
	if err != nil {
		return errors.New(msg)
	}
	pos := node.GetToken().Position
	return fmt.Errorf("[%d:%d] %s", pos.Line, pos.Column, msg)
}
