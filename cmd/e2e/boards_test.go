package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// board is what a test needs of a dashboard as Grafana reads it.
type board struct {
	name   string
	Panels []struct {
		Title    string
		Interval string // the least that $__interval is
		Targets  []struct {
			Expr    string
			Instant bool
		}
	}
	Templating struct {
		List []struct {
			Type, Name string
			Definition string
		}
	}
	Annotations struct {
		List []struct {
			Name   string
			Target struct{ Expr string }
		}
	}
}

func readBoards(t *testing.T) (boards []board) {
	t.Helper()
	paths, _ := filepath.Glob(deploy + "/grafana/dashboards/*.json")
	if len(paths) == 0 {
		t.Fatal("no dashboards")
	}
	for _, path := range paths {
		b := board{name: strings.TrimSuffix(filepath.Base(path), ".json")}
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &b)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		boards = append(boards, b)
	}
	return boards
}

// question is an expression that somebody asks a server, and who.
type question struct {
	who, expr string
	instant   bool
	interval  time.Duration // the least that $__interval is
}

// questions lists what the panels and the marks of a dashboard ask.
func (b board) questions() (qs []question) {
	for _, p := range b.Panels {
		for i, target := range p.Targets {
			who := b.name + ": " + p.Title
			if len(p.Targets) > 1 {
				who += " " + string(rune('A'+i))
			}
			least, _ := time.ParseDuration(p.Interval) // none is 0
			qs = append(qs, question{who, target.Expr, target.Instant, least})
		}
	}
	for _, a := range b.Annotations.List {
		if a.Target.Expr != "" {
			qs = append(qs, question{b.name + ": marks, " + a.Name, a.Target.Expr, false, 0})
		}
	}
	return qs
}

// labelValues is how a variable of Grafana asks for the values of a label.
var labelValues = regexp.MustCompile(`^label_values\((.*), ([a-z_]+)\)$`)

// rule is one of deploy/prometheus/rules.yml.
type rule struct {
	Record, Alert, Expr string
	For                 string
	Labels, Annotations map[string]string
}

func (r rule) name() string { return r.Record + r.Alert }

func readRules(t *testing.T) (rules []rule) {
	t.Helper()
	var doc struct {
		Groups []struct {
			Name, Interval string
			Rules          []rule
		}
	}
	text, err := os.ReadFile(deploy + "/prometheus/rules.yml")
	if err == nil {
		err = yaml.UnmarshalWithOptions(text, &doc, yaml.Strict())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range doc.Groups {
		rules = append(rules, g.Rules...)
	}
	if len(rules) == 0 {
		t.Fatal("no rules")
	}
	return rules
}

// window is the time range that a dashboard shows.
type window struct {
	from, to time.Time
	step     time.Duration
}

// fill puts values into the variables of an expression, as Grafana does: those that
// it knows itself, and the choices.
func (w window) fill(q question, choices map[string]string) string {
	each := max(w.step, q.interval)
	pairs := []string{
		"$__rate_interval", fmt.Sprintf("%.0fs", max(4*interval, each+interval).Seconds()),
		"$__interval", fmt.Sprintf("%.0fs", each.Seconds()),
		"$__range", fmt.Sprintf("%.0fs", w.to.Sub(w.from).Seconds()),
	}
	for name, value := range choices {
		pairs = append(pairs, "$"+name, value)
	}
	return strings.NewReplacer(pairs...).Replace(q.expr)
}

// interval is the time between two samples, timeInterval of the data source.
const interval = 15 * time.Second
