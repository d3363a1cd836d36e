package sink

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is a sink as sensor.yaml has it. One of File to Elastic is given.
type Config struct {
	// Name of the sink in logs and metrics.
	Name string `yaml:"name"`
	// Send says what goes there: events, alerts. Default: both.
	Send []string `yaml:"send"`
	// QueueMiB bounds what waits in memory. Default 8.
	QueueMiB int `yaml:"queue_mib"`
	// Spool is where on the disk the rest waits. Default: nowhere.
	Spool *SpoolConfig `yaml:"spool"`

	File    *FileConfig    `yaml:"file"`
	Stdout  *StdoutConfig  `yaml:"stdout"`
	Syslog  *SyslogConfig  `yaml:"syslog"`
	Webhook *WebhookConfig `yaml:"webhook"`
	Elastic *ElasticConfig `yaml:"elastic"`
}

// SpoolConfig is the disk spool of a sink.
type SpoolConfig struct {
	Folder string `yaml:"folder"` // of this sink alone; made if missing
	MiB    int    `yaml:"mib"`    // bound. Default 256
}

// FileConfig is a file of JSON lines.
type FileConfig struct {
	Path      string        `yaml:"path"`
	RotateMiB int           `yaml:"rotate_mib"` // begin anew beyond. Default 100
	RotateAge time.Duration `yaml:"rotate_age"` // begin anew when it is so old. Default 24h
	Keep      int           `yaml:"keep"`       // old files that stay: PATH.1, PATH.2 … Default 7
	Fsync     string        `yaml:"fsync"`      // batch: after every batch; close: when a file is closed (the default)
}

// StdoutConfig is standard output, in JSON lines.
type StdoutConfig struct{}

// SyslogConfig is a receiver of RFC 5424 over TCP or TLS.
type SyslogConfig struct {
	Address  string     `yaml:"address"`  // host:port
	TLS      *TLSConfig `yaml:"tls"`      // RFC 5425. Default: TCP without
	Format   string     `yaml:"format"`   // cef or json. Default cef
	Facility int        `yaml:"facility"` // 1 to 23. Default 16, local0
}

// WebhookConfig is a receiver of JSON over HTTP.
type WebhookConfig struct {
	URL       string     `yaml:"url"`
	KeyFile   string     `yaml:"key_file"`   // key of the signature
	TokenFile string     `yaml:"token_file"` // bearer token, where one is asked for
	TLS       *TLSConfig `yaml:"tls"`
}

// ElasticConfig is the bulk API of Elasticsearch.
type ElasticConfig struct {
	URL          string     `yaml:"url"`
	Namespace    string     `yaml:"namespace"`     // of the data streams. Default: default
	APIKeyFile   string     `yaml:"api_key_file"`  // file with the API key, as Kibana shows it encoded
	User         string     `yaml:"user"`          // or a user
	PasswordFile string     `yaml:"password_file"` // and the file with the password
	TLS          *TLSConfig `yaml:"tls"`
}

// TLSConfig is whom to believe and who to be.
type TLSConfig struct {
	CA          string `yaml:"ca"`          // file of certificates to trust instead of the system's
	ServerName  string `yaml:"server_name"` // in the certificate. Default: the host of the address
	Certificate string `yaml:"certificate"` // file with our own, where the server asks for one
	Key         string `yaml:"key"`         // file with its key
}

// FieldError says which member of a Config is wrong.
type FieldError struct {
	Field string // path within the sink, as in file.path; "" the sink
	Text  string
}

func (e *FieldError) Error() string { return strings.TrimPrefix(e.Field+": "+e.Text, ": ") }

func bad(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)

// Check finds what cannot be meant, and puts defaults where nothing is given. Its
// errors are FieldErrors.
func (c *Config) Check() error {
	if !nameForm.MatchString(c.Name) {
		return bad("name", "%q is no name: up to 63 letters, digits, - _ and .", c.Name)
	}
	if len(c.Send) == 0 {
		c.Send = []string{"events", "alerts"}
	}
	for i, s := range c.Send {
		if s != "events" && s != "alerts" {
			return bad(fmt.Sprintf("send[%d]", i), "%q is not sent: write events or alerts", s)
		}
	}
	if err := bounded("queue_mib", &c.QueueMiB, 8, 1, 4096); err != nil {
		return err
	}
	if s := c.Spool; s != nil {
		if !filepath.IsAbs(s.Folder) {
			return bad("spool.folder", "%q is no absolute path", s.Folder)
		}
		if err := bounded("spool.mib", &s.MiB, 256, 1, 1<<20); err != nil {
			return err
		}
	}
	return c.checkType()
}

func (c *Config) checkType() error {
	n := 0
	var err error
	for _, t := range [...]struct {
		given bool
		check func() error
	}{
		{c.File != nil, func() error { return c.File.check() }},
		{c.Stdout != nil, func() error { return nil }},
		{c.Syslog != nil, func() error { return c.Syslog.check() }},
		{c.Webhook != nil, func() error { return c.Webhook.check() }},
		{c.Elastic != nil, func() error { return c.Elastic.check() }},
	} {
		if t.given {
			n++
			err = t.check()
		}
	}
	if n != 1 {
		return bad("", "a sink is one of file, stdout, syslog, webhook, elastic, and this is %d of them", n)
	}
	if c.Spool != nil && (c.File != nil || c.Stdout != nil) {
		return bad("spool.folder", "a spool is for sinks on the network")
	}
	return err
}

func (c *FileConfig) check() error {
	if !filepath.IsAbs(c.Path) {
		return bad("file.path", "%q is no absolute path", c.Path)
	}
	if c.RotateAge == 0 {
		c.RotateAge = 24 * time.Hour
	}
	if c.RotateAge < time.Minute {
		return bad("file.rotate_age", "less than a minute")
	}
	if c.Fsync == "" {
		c.Fsync = "close"
	}
	if c.Fsync != "batch" && c.Fsync != "close" {
		return bad("file.fsync", "%q is not known: write batch or close", c.Fsync)
	}
	if err := bounded("file.rotate_mib", &c.RotateMiB, 100, 1, 1<<20); err != nil {
		return err
	}
	return bounded("file.keep", &c.Keep, 7, 1, 1000)
}

func (c *SyslogConfig) check() error {
	host, port, err := net.SplitHostPort(c.Address)
	if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n == 0 || host == "" {
		return bad("syslog.address", "%q is no address: write it like siem.corp.example:6514", c.Address)
	}
	if c.Format == "" {
		c.Format = "cef"
	}
	if c.Format != "cef" && c.Format != "json" {
		return bad("syslog.format", "%q is not known: write cef or json", c.Format)
	}
	if err := bounded("syslog.facility", &c.Facility, 16, 1, 23); err != nil {
		return err
	}
	return c.TLS.check("syslog.tls")
}

func (c *WebhookConfig) check() error {
	if err := checkURL("webhook.url", c.URL, c.TokenFile != ""); err != nil {
		return err
	}
	if c.KeyFile == "" {
		return bad("webhook.url", "key_file is missing: the key by which the receiver knows that it is us")
	}
	return c.TLS.check("webhook.tls")
}

var namespaceForm = regexp.MustCompile(`^[a-z0-9_.]{1,100}$`)

func (c *ElasticConfig) check() error {
	if err := checkURL("elastic.url", c.URL, c.APIKeyFile != "" || c.User != ""); err != nil {
		return err
	}
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	if !namespaceForm.MatchString(c.Namespace) {
		return bad("elastic.namespace", "%q is no namespace of a data stream: small letters, digits, _ and .", c.Namespace)
	}
	if c.APIKeyFile != "" && c.User != "" {
		return bad("elastic.user", "give an api_key_file, or a user and a password_file")
	}
	if (c.User == "") != (c.PasswordFile == "") {
		return bad("elastic.url", "user and password_file belong together")
	}
	return c.TLS.check("elastic.tls")
}

func (c *TLSConfig) check(field string) error {
	if c != nil && (c.Certificate == "") != (c.Key == "") {
		return bad(field, "certificate and key belong together")
	}
	return nil
}

// checkURL wants http or https without user and password, and https where a secret
// is sent to another machine.
func checkURL(field, s string, secret bool) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return bad(field, "no URL: write it like https://siem.corp.example/path") // never shown: it may hold a password
	case u.User != nil:
		return bad(field, "user and password do not belong into the URL but into a file")
	case u.Scheme == "http" && secret && !loopback(u.Hostname()):
		return bad(field, "http would show the secret to whoever listens: write https")
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func bounded(field string, n *int, otherwise, low, high int) error {
	if *n == 0 {
		*n = otherwise
	}
	if *n < low || *n > high {
		return bad(field, "%d is not between %d and %d", *n, low, high)
	}
	return nil
}

// CheckAll checks a list of sinks. On an error, i is which of them it is about.
func CheckAll(list []Config) (i int, err error) {
	names, places := []string{}, []string{}
	for i := range list {
		c := &list[i]
		if err := c.Check(); err != nil {
			return i, err
		}
		if slices.Contains(names, c.Name) {
			return i, bad("name", "%q is the name of another sink", c.Name)
		}
		names = append(names, c.Name)
		field, place := "", ""
		switch {
		case c.Spool != nil:
			field, place = "spool.folder", filepath.Clean(c.Spool.Folder)
		case c.File != nil:
			field, place = "file.path", filepath.Clean(c.File.Path)
		case c.Stdout != nil:
			field, place = "", "-"
		default:
			continue
		}
		if slices.Contains(places, place) {
			return i, bad(field, "another sink writes there")
		}
		places = append(places, place)
	}
	return 0, nil
}
