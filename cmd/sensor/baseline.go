package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"mailsensor/cmd/internal/config"
	"mailsensor/cmd/internal/report"
	"mailsensor/detectors"
	"mailsensor/detectors/baseline"
)

// baselineCmd is the command group of what is learned.
type baselineCmd struct {
	Show     baselineShowCmd   `cmd:"" help:"Show what is usual for an entity, with its week as a chart."`
	List     baselineListCmd   `cmd:"" help:"List what is learned: entities, metrics, levels."`
	Export   baselineExportCmd `cmd:"" help:"Write all that was learned as JSON lines."`
	Import   baselineImportCmd `cmd:"" help:"Take over what export wrote, in the place of what was learned."`
	Forget   baselineForgetCmd `cmd:"" help:"Forget what was learned of an entity."`
	Backtest backtestCmd       `cmd:"" help:"Score a series from a CSV file, to see what the baselines make of it."`
}

// learnedFlags say where what was learned is.
type learnedFlags struct {
	State  string `required:"" placeholder:"DIR" help:"The folder that run or replay keep their state in."`
	Config string `placeholder:"FILE" env:"MAILSENSOR_CONFIG" help:"Settings, as in sensor.yaml: the time zone whose weeks were learned."`

	zone string
}

// open opens a state that is there already.
func (c *learnedFlags) open() (*state, *analysis, error) {
	if _, err := os.Stat(c.State); err != nil {
		return nil, nil, fmt.Errorf("--state: %w; 'sensor replay --state DIR' and 'sensor run --state DIR' make one", err)
	}
	conf := config.Default()
	if c.Config != "" {
		var err error
		if conf, err = config.Load(c.Config); err != nil {
			return nil, nil, err
		}
	}
	c.zone = conf.Location.String()
	a, err := newAnalysis(conf)
	if err != nil {
		return nil, nil, err
	}
	st, err := openState(c.State, conf, a)
	return st, a, err
}

// with runs f on what was learned, and saves it where f asks for it.
func (c *learnedFlags) with(f func(st *state, a *analysis) (changed bool, err error)) error {
	st, a, err := c.open()
	if err != nil {
		return err
	}
	changed, err := f(st, a)
	if err == nil && changed {
		err = st.save()
	}
	return errors.Join(err, st.close())
}

type baselineListCmd struct {
	Kind string `enum:",host,account,sender,domain,server,network" default:"" placeholder:"KIND" help:"Only host, account, sender, domain, server or network."`
	learnedFlags
}

func (baselineListCmd) Help() string {
	return `One line an entity and metric: the level is what is expected of an hour, over the
week; days are of history.

Examples:

  sensor baseline list --state /var/lib/mailsensor
  sensor baseline list --state /var/lib/mailsensor --kind account`
}

func (c *baselineListCmd) Run(std *streams) error {
	return c.with(func(st *state, a *analysis) (bool, error) {
		w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "KIND\tENTITY\tMETRIC\tLEVEL\tDAYS\tGROUP")
		for x := range a.habits.Engine().All {
			if c.Kind == "" || c.Kind == x.Kind.String() {
				fmt.Fprintf(w, "%s\t%s\t%s\t%.3g\t%d\t%s\n", x.Kind, report.Safe(x.Entity), x.Metric, x.Level, x.Days, x.Group)
			}
		}
		return false, w.Flush()
	})
}

type baselineShowCmd struct {
	Entity string `arg:"" help:"An address, account, sender, domain or network, as list shows it."`
	learnedFlags
}

func (baselineShowCmd) Help() string {
	return `Of every metric: what was seen in the hour that was under way when the state was
saved, what is expected of it, the 99.9 % bound, and the week as it was learned, a
row a day and a column an hour, in the configured time zone. Of an account besides:
the networks and countries it logged in from, its programs, rules and hashes of its
scripts, each with when it was seen first and last.

Example:

  sensor baseline show --state /var/lib/mailsensor alice@corp.example`
}

func (c *baselineShowCmd) Run(std *streams) error {
	return c.with(func(st *state, a *analysis) (bool, error) {
		n, e := 0, a.habits.Engine()
		for x := range e.All {
			if x.Entity != c.Entity {
				continue
			}
			n++
			fmt.Fprintf(std.out, "%s %s, %s: seen %.4g, expected %.3g, bound %.4g; %d days of history; peers: %s\n",
				x.Kind, report.Safe(x.Entity), x.Metric, x.Seen, x.Expected, x.Bound(), x.Days, x.Group)
			if week, ok := e.Week(x.Kind, x.Entity, x.Metric); ok {
				chart(std.out, week)
			}
		}
		seen, err := showTraits(std.out, st, c.Entity)
		if err == nil && n+seen == 0 {
			err = fmt.Errorf("nothing was learned of %q: 'sensor baseline list' shows of whom", c.Entity)
		}
		return false, err
	})
}

// showTraits prints what an account was seen with, and returns how much that is.
func showTraits(out io.Writer, st *state, account string) (n int, err error) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	err = st.store.Traits(account, func(t detectors.Trait) bool {
		if n++; n == 1 {
			fmt.Fprintln(w, "SEEN WITH\t\tFIRST\tLAST")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Kind, report.Safe(t.Value), seconds(t.First), seconds(t.Last))
		return true
	})
	return n, errors.Join(err, w.Flush())
}

func seconds(t int64) string { return time.Unix(0, t).UTC().Format(time.RFC3339) }

// chart draws a week, a row a day.
func chart(out io.Writer, week [168]float64) {
	const bars = " ▁▂▃▄▅▆▇█"
	steps := []rune(bars)
	top := 0.
	for _, v := range week {
		top = max(top, v)
	}
	fmt.Fprintf(out, "       0     6     12    18      highest: %.3g an hour\n", top)
	for day, name := range [...]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} {
		var b strings.Builder
		sum := 0.
		for _, v := range week[24*day : 24*day+24] {
			sum += v
			i := 0
			if top > 0 {
				i = min(int(v/top*float64(len(steps)-1)+.5), len(steps)-1)
			}
			b.WriteRune(steps[i])
		}
		fmt.Fprintf(out, "  %s  %s  %.3g\n", name, b.String(), sum)
	}
}

type baselineExportCmd struct {
	learnedFlags
}

func (baselineExportCmd) Help() string {
	return `Writes to standard output: a line that says what it is, a line a series (kind,
entity, metric, level, days, group, and the week, expected of each hour from Monday
midnight on), and last the state itself, which is what import reads. The same state
gives the same octets.

Example:

  sensor baseline export --state /var/lib/mailsensor > baseline.jsonl`
}

// Lines of an export.
type (
	exportHead struct {
		Schema   string `json:"schema"`
		Timezone string `json:"timezone"`
	}
	exportSeries struct {
		Kind   string       `json:"kind"`
		Entity string       `json:"entity"`
		Metric string       `json:"metric"`
		Level  float64      `json:"level"`
		Days   int          `json:"days"`
		Group  string       `json:"group"`
		Week   [168]float64 `json:"week"`
	}
	exportState struct {
		State []byte `json:"state"`
	}
)

const exportSchema = "mailsensor/baseline/v1"

func (c *baselineExportCmd) Run(std *streams) error {
	return c.with(func(st *state, a *analysis) (bool, error) {
		w := bufio.NewWriter(std.out)
		line := json.NewEncoder(w)
		e := a.habits.Engine()
		line.Encode(exportHead{exportSchema, c.zone}) // an error of w sticks, and Flush reports it
		for x := range e.All {
			s := exportSeries{Kind: x.Kind.String(), Entity: x.Entity, Metric: x.Metric.String(), Level: x.Level, Days: x.Days, Group: x.Group}
			s.Week, _ = e.Week(x.Kind, x.Entity, x.Metric)
			if err := line.Encode(s); err != nil {
				return false, err
			}
		}
		b, err := a.habits.AppendState(nil)
		if err != nil {
			return false, err
		}
		line.Encode(exportState{b})
		return false, w.Flush()
	})
}

type baselineImportCmd struct {
	File string `arg:"" help:"What export wrote; - is standard input."`
	learnedFlags
}

func (baselineImportCmd) Help() string {
	return `Example:

  sensor baseline import --state /var/lib/mailsensor baseline.jsonl`
}

func (c *baselineImportCmd) Run(std *streams) error {
	in := std.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	learned, err := readExport(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := os.MkdirAll(c.State, 0o700); err != nil {
		return err
	}
	return c.with(func(st *state, a *analysis) (bool, error) {
		if err := a.habits.LoadState(learned); err != nil {
			return false, fmt.Errorf("%s: %w", c.File, err)
		}
		return true, nil
	})
}

// readExport finds the state in an export.
func readExport(in io.Reader) ([]byte, error) {
	const what = "this is no export of 'sensor baseline export'"
	d := json.NewDecoder(in)
	var head exportHead
	if err := d.Decode(&head); err != nil || head.Schema != exportSchema {
		return nil, errors.New(what)
	}
	for {
		var last exportState
		if err := d.Decode(&last); errors.Is(err, io.EOF) {
			return nil, errors.New(what + ", or its end is missing")
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if last.State != nil {
			return last.State, nil
		}
	}
}

type baselineForgetCmd struct {
	Entity string `arg:"" help:"An address, account, sender, domain or network, as list shows it."`
	learnedFlags
}

func (baselineForgetCmd) Help() string {
	return `It is learned anew from then on, as an entity that was never seen.

Example:

  sensor baseline forget --state /var/lib/mailsensor alice@corp.example`
}

func (c *baselineForgetCmd) Run(std *streams) error {
	return c.with(func(st *state, a *analysis) (bool, error) {
		n := 0
		for k := baseline.Host; k <= baseline.Network; k++ {
			if a.habits.Engine().Forget(k, c.Entity) {
				n++
				fmt.Fprintf(std.out, "forgot the %s %s\n", k, report.Safe(c.Entity))
			}
		}
		for l := range a.set.Learners {
			if l, ok := l.(interface{ Forget(account string) bool }); ok && l.Forget(c.Entity) {
				n++
				fmt.Fprintf(std.out, "forgot the habits of %s\n", report.Safe(c.Entity))
			}
		}
		if n == 0 {
			return false, fmt.Errorf("nothing was learned of %q: 'sensor baseline list' shows of whom", c.Entity)
		}
		return true, st.store.Forget(c.Entity)
	})
}
