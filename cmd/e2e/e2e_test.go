// Package e2e tests what is in deploy/: that dashboards, rules and files fit the sensor
// and the programs that they are for, which make e2e runs.
package e2e

import (
	"os"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
)

// sensor is the program under test, which make e2e builds.
func sensor(t *testing.T) string {
	t.Helper()
	path := os.Getenv("MAILSENSOR_E2E")
	if path == "" {
		t.Skip("run by make e2e")
	}
	return path
}

// The folders of what is tested, and of the sample captures.
const (
	deploy   = "../../deploy"
	captures = "../../pcaps"
)

// check asks what the dashboards and the rules ask.
func (s server) check(w window, from origin) {
	s.t.Helper()
	asked := 0
	for _, b := range readBoards(s.t) {
		choices := s.choices(w, b)
		for _, q := range b.questions() {
			s.expect(w, q, choices, wanted(q.who, q.expr, from))
			asked++
		}
	}
	for _, r := range readRules(s.t) {
		q := question{"rule: " + r.name(), whatIsCompared(s.t, r.Expr), false, 0}
		s.expect(w, q, nil, max(wanted(q.who, q.expr, from), data))
		asked++
	}
	s.t.Logf("%d questions asked", asked)
}

// choices chooses all in the variables of a board, each of which has to have values.
func (s server) choices(w window, b board) map[string]string {
	s.t.Helper()
	all := map[string]string{}
	for _, v := range b.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			s.t.Errorf("%s: variable %s: %q", b.name, v.Name, v.Definition)
			continue
		}
		all[v.Name] = ".*"
		if values := s.values(w, w.fill(question{expr: m[1]}, all), m[2]); len(values) == 0 {
			s.t.Errorf("%s: nothing to choose for %s", b.name, v.Name)
		}
	}
	return all
}

// expect asks a question and looks at what comes.
func (s server) expect(w window, q question, choices map[string]string, want outcome) {
	s.t.Helper()
	expr := w.fill(q, choices)
	a, err := s.ask(w, expr, q.instant)
	switch {
	case err != nil:
		s.t.Errorf("%s: %v\n%s", q.who, err, expr)
	case a.samples == 0 && want != nothing:
		s.t.Errorf("%s: no data\n%s", q.who, expr)
	case a.nonzero == 0 && want == something:
		s.t.Errorf("%s: nothing but 0\n%s", q.who, expr)
	case a.samples > 0 && want == nothing:
		s.t.Errorf("%s: a replay has this, too\n%s", q.who, expr)
	}
}

// whatIsCompared returns what an alert looks at: the left side of comparisons, and of
// the conditions beside it. The whole is empty as long as nothing is wrong.
func whatIsCompared(t *testing.T, expr string) string {
	t.Helper()
	e, err := metricsql.Parse(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	for {
		b, ok := e.(*metricsql.BinaryOpExpr)
		if !ok || !metricsql.IsBinaryOpCmp(b.Op) && b.Op != "and" && b.Op != "unless" {
			return string(e.AppendString(nil))
		}
		e = b.Left
	}
}
