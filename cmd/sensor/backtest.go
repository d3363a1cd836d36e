package main

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"mailsensor/cmd/internal/config"
	"mailsensor/detectors/baseline"
	"mailsensor/detectors/baseline/gauge"
)

type backtestCmd struct {
	File string `arg:"" help:"CSV file: timestamp,value or timestamp,entity,value; - is standard input."`

	Profile  string        `enum:"count,gauge" default:"count" placeholder:"count|gauge" help:"What the values are: counts in a window, by default, or a gauge, any real numbers."`
	Interval time.Duration `default:"1h" placeholder:"1h" help:"Length of a window of counts, 5m to 24h; the values in one are added up."`
	Kind     string        `enum:"account,host" default:"account" placeholder:"account|host" help:"What the entities are taken for: the unlearned begin differently."`
	Config   string        `placeholder:"FILE" env:"MAILSENSOR_CONFIG" help:"Settings, as in sensor.yaml: the time zone whose weeks are learned."`
}

func (backtestCmd) Help() string {
	return `Writes timestamp, entity (where given), value, expected, bound (99.9 %) and score as
CSV, one line for each of the file, in its order. Timestamps are RFC 3339,
"2006-01-02 15:04:05" in the configured time zone, or Unix seconds. A first line
of names is skipped. The score of a count is that of its window, in nats: 18 and
more is an alert for an account. That of a gauge is an alert from 6 on.

Examples:

  sensor baseline backtest messages.csv
  sensor baseline backtest --profile gauge queue-length.csv > scored.csv

Exit codes: 0 all was read; 2 wrong usage, or a line that makes no sense.`
}

// row is a line of the file, and what came of it.
type row struct {
	stamp, entity, value string
	t                    int64
	v                    float64
	expected, bound      float64
	score                float64
}

func (c *backtestCmd) Run(std *streams) error {
	if c.Interval < 5*time.Minute || c.Interval > 24*time.Hour || 24*time.Hour%c.Interval != 0 {
		return fmt.Errorf("--interval %v: a day must be a multiple of it, and it must be 5m or more", c.Interval)
	}
	conf := config.Default()
	if c.Config != "" {
		var err error
		if conf, err = config.Load(c.Config); err != nil {
			return err
		}
	}
	in := std.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	rows, entities, err := readSeries(in, conf.Location, c.Profile == "count")
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	order := make([]*row, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortStableFunc(order, func(a, b *row) int { return cmp.Compare(a.t, b.t) })
	if c.Profile == "gauge" {
		scoreGauges(order)
	} else {
		c.scoreCounts(order, conf.Location)
	}
	return writeSeries(std.out, rows, entities)
}

// readSeries reads the file. A mistake is told with its line.
func readSeries(in io.Reader, loc *time.Location, counts bool) (rows []row, entities bool, err error) {
	r := csv.NewReader(bufio.NewReader(in))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	columns := 0
	for {
		fields, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false, err // names the line
		}
		line, _ := r.FieldPos(0)
		first := columns == 0
		if first {
			if columns = len(fields); columns != 2 && columns != 3 {
				return nil, false, fmt.Errorf("line %d: %d columns; there are to be timestamp,value or timestamp,entity,value", line, columns)
			}
		}
		if len(fields) != columns {
			return nil, false, fmt.Errorf("line %d: %d columns, %d before", line, len(fields), columns)
		}
		x := row{stamp: fields[0], value: fields[columns-1]}
		if columns == 3 {
			x.entity = fields[1]
		}
		err = x.parse(loc, counts)
		var number *strconv.NumError
		if first && err != nil && errors.As(err, &number) {
			continue // a line of names
		}
		if err != nil {
			return nil, false, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, x)
	}
	if len(rows) == 0 {
		return nil, false, errors.New("no values")
	}
	return rows, columns == 3, nil
}

func (x *row) parse(loc *time.Location, counts bool) (err error) {
	if x.v, err = strconv.ParseFloat(x.value, 64); err != nil {
		return fmt.Errorf("%q is no number: %w", x.value, err)
	}
	if math.IsNaN(x.v) || math.IsInf(x.v, 0) {
		return fmt.Errorf("%q is no number to count with", x.value)
	}
	if counts && x.v < 0 {
		return fmt.Errorf("%s is no count; --profile gauge takes any number", x.value)
	}
	if seconds, err := strconv.ParseFloat(x.stamp, 64); err == nil {
		if math.Abs(seconds) > 9e9 || math.IsNaN(seconds) {
			return fmt.Errorf("%s is no time in Unix seconds", x.stamp)
		}
		x.t = int64(math.Round(seconds * 1e9))
		return nil
	}
	if x.stamp == "" {
		return errors.New("no timestamp")
	}
	x.t, err = parseTime(x.stamp, loc)
	return err
}

// scoreCounts runs the engine over the rows, which are sorted by time.
func (c *backtestCmd) scoreCounts(order []*row, loc *time.Location) {
	kind, _ := baseline.ParseKind(c.Kind)
	names := map[string]bool{}
	for _, x := range order {
		names[x.entity] = true
	}
	scores := map[string]float64{}
	e := baseline.New(baseline.Config{Location: loc, Interval: c.Interval, MaxEntities: len(names), Every: true},
		func(s *baseline.Score) {
			if s.Channel != baseline.Burst {
				scores[s.Entity] = s.Score
			}
		})
	step := int64(c.Interval)
	end := func(t int64) int64 { return t - ((t%step)+step)%step + step }
	for len(order) > 0 {
		until := end(order[0].t)
		n := 0
		for n < len(order) && order[n].t < until {
			x := order[n]
			e.Observe(kind, x.entity, baseline.Values, x.t, x.v)
			n++
		}
		for _, x := range order[:n] {
			want, _ := e.Expect(kind, x.entity, baseline.Values)
			x.expected, x.bound = want.Expected, want.Bound()
		}
		clear(scores)
		e.Tick(until)
		for _, x := range order[:n] {
			x.score = max(0, scores[x.entity])
		}
		order = order[n:]
	}
}

func scoreGauges(order []*row) {
	engines := map[string]*gauge.Engine{}
	for _, x := range order {
		e := engines[x.entity]
		if e == nil {
			e = gauge.New()
			engines[x.entity] = e
		}
		p := e.Observe(x.v)
		x.expected, x.bound, x.score = p.Expected, p.Bound, p.Score
	}
}

func writeSeries(out io.Writer, rows []row, entities bool) error {
	w := csv.NewWriter(out)
	head := []string{"timestamp", "entity", "value", "expected", "bound", "score"}
	put := func(f []string) {
		if !entities {
			f = slices.Delete(f, 1, 2)
		}
		w.Write(f) // Flush has its error
	}
	put(head)
	for i := range rows {
		x := &rows[i]
		put([]string{x.stamp, x.entity, x.value, digits(x.expected), digits(x.bound), digits(x.score)})
	}
	w.Flush()
	return w.Error()
}

func digits(x float64) string { return strconv.FormatFloat(x, 'g', 5, 64) }
