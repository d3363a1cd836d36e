package habits

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mailsensor/detectors/baseline"
)

// Config holds what can be set. Default gives what is shipped.
type Config struct {
	Entities       int `yaml:"entities"`        // that are known; then the one that was silent longest is forgotten
	SharedAccounts int `yaml:"shared_accounts"` // accounts a day that make a host one that many share, up to 8
	SharedDays     int `yaml:"shared_days"`     // and on how many of the last 30 days
	AlertsPerDay   int `yaml:"alerts_per_day"`  // about what is not usual; beyond that, those more severe than one of today's
	// Thresholds replace those that are shipped, by kind (account, sender, host) or
	// kind and metric (host.messages_sent), which goes first. What is 0 is as shipped.
	Thresholds map[string]baseline.Thresholds `yaml:"thresholds"`
}

// Default returns what is shipped.
func Default() Config {
	return Config{Entities: 100_000, SharedAccounts: 5, SharedDays: 3, AlertsPerDay: 50}
}

// least is how much more than expected has to be seen for a person to care, by metric:
// of what is not here no stories are told.
var least = map[baseline.Metric]float64{
	baseline.MessagesSent:       10,
	baseline.OutsideRecipients:  20,
	baseline.OutsideServers:     3,
	baseline.BytesSent:          10 << 10, // KiB
	baseline.MessagesDownloaded: 20,
	baseline.BytesDownloaded:    50 << 10,
	baseline.TLSBytes:           50 << 10,
	baseline.LoginFailures:      20,
	baseline.Accounts:           8,
	baseline.Hosts:              4,
}

// never is beyond all scores.
const never = 1e9

// toldOf reports that stories are told of a kind and metric.
func toldOf(k baseline.Kind, m baseline.Metric) bool {
	_, ok := least[m]
	return ok && (k == baseline.Account || k == baseline.Sender || k == baseline.Host)
}

// thresholds are those of the engine; none where no stories are told.
func (c *Config) thresholds(k baseline.Kind, m baseline.Metric) baseline.Thresholds {
	if !toldOf(k, m) {
		return baseline.Thresholds{}
	}
	t := baseline.Defaults(k, m)
	t.Least = least[m]
	if m == baseline.LoginFailures || m == baseline.Accounts || m == baseline.Hosts {
		t.Fall = never
	}
	for _, key := range []string{k.String(), k.String() + "." + m.String()} {
		set := c.Thresholds[key]
		for _, v := range []struct {
			to *float64
			v  float64
		}{{&t.Hour, set.Hour}, {&t.Rise, set.Rise}, {&t.Fall, set.Fall}, {&t.Day, set.Day}, {&t.Drift, set.Drift}, {&t.Burst, set.Burst}, {&t.Least, set.Least}} {
			if v.v != 0 {
				*v.to = v.v
			}
		}
	}
	return t
}

// Check finds thresholds of what does not exist, and those below zero.
func (c *Config) Check() error {
	for _, key := range slices.Sorted(maps.Keys(c.Thresholds)) {
		kind, metric, both := strings.Cut(key, ".")
		k, ok := baseline.ParseKind(kind)
		m := baseline.MessagesSent
		if both {
			var known bool
			m, known = baseline.ParseMetric(metric)
			ok = ok && known
		}
		if !ok || !toldOf(k, m) {
			return fmt.Errorf("baseline.thresholds: %q is none of what is told: write account, sender or host, or one of them with a metric, as host.messages_sent", key)
		}
		t := c.Thresholds[key]
		if min(t.Hour, t.Rise, t.Fall, t.Day, t.Drift, t.Burst, t.Least) < 0 {
			return fmt.Errorf("baseline.thresholds.%s: nothing can be below 0", key)
		}
	}
	return nil
}
