package e2e

import (
	"testing"
)

// Prometheus takes the rules, and each alert is raised when it should be and not
// before, as rules_test.yml has it.
func TestEndToEndPromtool(t *testing.T) {
	sensor(t)
	promtool := need(t, "promtool")
	run(t, promtool, "check", "config", deploy+"/prometheus/prometheus.yml")
	run(t, promtool, "check", "rules", "--lint=all", "--lint-fatal", deploy+"/prometheus/rules.yml")
	run(t, promtool, "test", "rules", deploy+"/prometheus/rules_test.yml")
}

// VictoriaMetrics and vmalert take the same files.
func TestEndToEndVMAlert(t *testing.T) {
	sensor(t)
	run(t, need(t, "vmalert"), "-dryRun", "-rule="+deploy+"/prometheus/rules.yml", "-datasource.url=http://127.0.0.1:1")
	run(t, need(t, "victoria-metrics"), "-dryRun", "-promscrape.config="+deploy+"/prometheus/prometheus.yml", "-promscrape.config.strictParse=false")
}
