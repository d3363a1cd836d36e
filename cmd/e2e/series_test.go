package e2e

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metricsql"

	"mailsensor/capture/live"
	"mailsensor/cmd/internal/metrics"
	"mailsensor/cmd/internal/pipeline"
	"mailsensor/cmd/internal/sink"
	"mailsensor/detectors"
	"mailsensor/detectors/habits"
	"mailsensor/detectors/inside"
	"mailsensor/protocols"
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
	r.State(func() metrics.State { return metrics.State{} })
	mail(r)
	r.NewHistogram("event_delay_seconds", []float64{1}, "", "")
	var text bytes.Buffer
	r.Write(&text, "test")

	series := map[string][]string{
		"up":                                {"instance", "job"}, // every scrape has it
		"mailsensor_evidence_packets_total": {"instance", "job"}, // the program adds those
	}
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

// mail registers the series of mail, of a host and an account that the baselines know.
func mail(r *metrics.Registry) {
	border := inside.New(inside.Config{Domains: []string{"corp.example"}})
	known := habits.New(habits.Default(), border, time.UTC, nil)
	m := r.NewMail(border, 5)
	read := &protocols.MailboxRead{Items: []protocols.ReadItem{{Kind: protocols.ReadWhole, Items: 1, Bytes: 1}}}
	read.Protocol, read.Account, read.Time = "imap", []byte("ann@corp.example"), 1_800_000_000e9
	read.Conn.Client, read.Conn.Server = netip.MustParseAddrPort("10.0.0.7:1"), netip.MustParseAddrPort("10.0.0.1:143")
	known.Observe(read, nil)
	m.Observe(read)
	login := &protocols.Login{Head: read.Head, User: read.Account, Outcome: protocols.Accepted}
	m.Observe(login)
	login.Outcome = protocols.Rejected
	m.Observe(login)
	m.Observe(&protocols.Message{Head: read.Head, Outcome: protocols.Accepted, RecipientsAccepted: 1})
	m.Observe(&protocols.ConnEnd{Head: read.Head})
	use := &protocols.TLSUse{Head: read.Head, Service: "imap"}
	m.Observe(use)
	for _, kind := range []detectors.Kind{detectors.Host, detectors.Account} {
		m.Raised(&detectors.Alert{Entity: detectors.Entity{Kind: kind, Name: "x"}})
	}
	r.NewUsual(m, known).Update(read.Time)
	r.NewKnown(metrics.Knowledge{Downloaded: func() (imap, pop3, http uint64) { return }, InForce: func(func(source, target string)) {}}).Update(read.Time)
}

// docs/metrics.md lists what is exported, each by its name or as one of a family, and
// nothing else.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		if cell, ok := strings.CutPrefix(line, "| `"); ok {
			cell, _, _ = strings.Cut(cell, " |")
			for _, name := range strings.Split("`"+cell, ", ") {
				names["mailsensor_"+strings.Trim(name, "`")] = false
			}
		}
	}
	for name := range exported(t) {
		found := !strings.HasPrefix(name, "mailsensor_") // those of process and scrape
		for documented := range names {
			family, isFamily := strings.CutSuffix(documented, "…")
			if documented == name || isFamily && strings.HasPrefix(name, family) {
				names[documented], found = true, true
			}
		}
		if !found {
			t.Errorf("docs/metrics.md does not have %s", name)
		}
	}
	for name, used := range names {
		if !used {
			t.Errorf("docs/metrics.md has %s, which is not exported", name)
		}
	}
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
		checkLabels(t, "rule "+r.name(), r.Annotations["summary"]+r.Annotations["description"]+r.Annotations["dashboard"], r.Expr, series)
	}
	w := window{step: interval}
	for _, b := range readBoards(t) {
		for _, q := range b.questions() {
			checkSeries(t, q.who, w.fill(q, nil), series)
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
				labels, ok := named(filters[0], series)
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

// named returns the labels of the series of a name, or of an expression for names.
func named(f metricsql.LabelFilter, series map[string][]string) (labels []string, ok bool) {
	if !f.IsRegexp {
		labels, ok = series[f.Value]
		return labels, ok
	}
	for name, l := range series {
		if regexp.MustCompile("^(?:" + f.Value + ")$").MatchString(name) {
			labels, ok = append(labels, l...), true
		}
	}
	return labels, ok
}

// labelsOf lists the labels of the series in an expression.
func labelsOf(e metricsql.Expr, series map[string][]string) (labels []string) {
	metricsql.VisitAll(e, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			for _, filters := range m.LabelFilterss {
				l, _ := named(filters[0], series)
				labels = append(labels, l...)
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
