package e2e

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/sink"
)

// exported returns the labels of every series that the sensor exports, by its name.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	r := metrics.New("test")
	r.Capture(func() live.Stats { return live.Stats{Interfaces: []live.InterfaceStats{{Name: "eth1"}}} })
	r.Pipeline(func() pipeline.Result { return pipeline.Result{} })
	sinks, err := sink.Open([]sink.Config{{Name: "x", Spool: &sink.SpoolConfig{Folder: t.TempDir(), MiB: 1}, File: &sink.FileConfig{Path: filepath.Join(t.TempDir(), "x")}}}, sink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Gather(sinks.Gather)
	var text bytes.Buffer
	r.Write(&text)

	series := map[string][]string{"up": {"instance", "job"}} // which every scrape has
	sample := regexp.MustCompile(`(?m)^([a-z_0-9]+)(?:\{(.*)\})? [^ ]+$`)
	label := regexp.MustCompile(`([a-z_]+)="`)
	for _, m := range sample.FindAllStringSubmatch(text.String(), -1) {
		labels := []string{"instance", "job"}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, l[1])
		}
		series[m[1]] = labels
	}
	return series
}

// Dashboards and rules ask for series and labels that the sensor exports, or that the
// rules record, and for nothing else.
func TestSeries(t *testing.T) {
	series := exported(t)
	rules := readRules(t)
	for range 2 { // a rule may stand on another
		for _, r := range rules {
			if r.Record != "" {
				series[r.Record] = []string{"instance", "job", "interface"}
			}
		}
	}
	for _, r := range rules {
		checkSeries(t, "rule "+r.name(), r.Expr, series)
		checkLabels(t, "rule "+r.name(), r.Annotations["summary"]+r.Annotations["description"], r.Expr, series)
	}
	w := window{step: interval}
	for _, b := range readBoards(t) {
		for _, q := range b.questions() {
			checkSeries(t, q.who, w.fill(q.expr, nil), series)
		}
		for _, v := range b.Templating.List {
			if m := labelValues.FindStringSubmatch(v.Definition); m != nil {
				checkSeries(t, b.name+": variable "+v.Name, m[1], series)
				checkSeries(t, b.name+": variable "+v.Name, "sum by ("+m[2]+") ("+m[1]+")", series)
			}
		}
	}
}

// checkSeries parses an expression and looks for what it names.
func checkSeries(t *testing.T, who, expr string, series map[string][]string) {
	t.Helper()
	e, err := metricsql.Parse(expr)
	if err != nil {
		t.Errorf("%s: %v: %s", who, err, expr)
		return
	}
	for _, problem := range unknown(e, series) {
		t.Errorf("%s: %s: %s", who, problem, expr)
	}
}

// unknown lists what an expression names and no series has.
func unknown(e metricsql.Expr, series map[string][]string) (problems []string) {
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		switch e := e.(type) {
		case *metricsql.MetricExpr:
			for _, filters := range e.LabelFilterss {
				name := filters[0].Value
				labels, ok := series[name]
				if filters[0].Label != "__name__" || !ok {
					problems = append(problems, "there is no series "+name)
					continue
				}
				for _, f := range filters[1:] {
					if !slices.Contains(labels, f.Label) {
						problems = append(problems, name+" has no label "+f.Label)
					}
				}
			}
		case *metricsql.AggrFuncExpr:
			for _, label := range e.Modifier.Args {
				if have := labelsOf(e, series); strings.EqualFold(e.Modifier.Op, "by") && !slices.Contains(have, label) {
					problems = append(problems, "nothing has the label "+label)
				}
			}
		}
	})
	return problems
}

// labelsOf lists the labels of the series in an expression.
func labelsOf(e metricsql.Expr, series map[string][]string) (labels []string) {
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			for _, filters := range m.LabelFilterss {
				labels = append(labels, series[filters[0].Value]...)
			}
		}
	})
	return labels
}

// checkLabels looks for the labels of which a text speaks.
func checkLabels(t *testing.T, who, text, expr string, series map[string][]string) {
	t.Helper()
	e, err := metricsql.Parse(expr)
	if err != nil {
		return
	}
	have := labelsOf(e, series)
	for _, m := range regexp.MustCompile(`\$labels\.([a-z_]+)`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(have, m[1]) {
			t.Errorf("%s: no label %s in %s", who, m[1], expr)
		}
	}
}

// The test above finds what is wrong.
func TestUnknown(t *testing.T) {
	series := map[string][]string{"mailsensor_x_total": {"instance", "protocol"}}
	for expr, want := range map[string]int{
		`sum by (protocol) (rate(mailsensor_x_total{instance=~".*"}[5m]))`: 0,
		`sum by (protocols) (rate(mailsensor_x_total[5m]))`:                1,
		`rate(mailsensor_x_total{detector="bulk"}[5m])`:                    1,
		`rate(mailsensor_y_total[5m])`:                                     1,
		`{instance="a"}`:                                                   1,
	} {
		e, err := metricsql.Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		if have := unknown(e, series); len(have) != want {
			t.Errorf("%s: %q", expr, have)
		}
	}
}
