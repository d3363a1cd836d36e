package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Parse([]byte("metrics: {top_series: 0, hash_names: " + key + "}"))
	if err != nil || c.Metrics.TopSeries != 0 || string(c.Metrics.Key) != "0123456789abcdef" {
		t.Errorf("%+v, %v", c.Metrics, err)
	}
	for _, text := range []string{"metrics: {top_series: -1}", "metrics: {top_series: 1001}", "metrics: {hash_names: /nowhere}"} {
		if _, err := Parse([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "[1:") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestState(t *testing.T) {
	c, err := Parse([]byte("state: {alert_days: 30}"))
	if err != nil || c.State != (State{Alerts: 100_000, AlertDays: 30}) {
		t.Errorf("%+v, %v", c.State, err)
	}
	for _, text := range []string{"state: {alerts: -1}", "state: {alert_days: 40000}", "state: {days: 3}"} {
		if _, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
