package main

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hours is a series of five weeks, with 160 in one hour of a night.
func hours(stamp func(time.Time) string, entity string) string {
	var b strings.Builder
	for h := range 35 * 24 {
		t := time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC)
		n := 0
		if t.Hour() >= 8 && t.Hour() < 18 && t.Weekday() != time.Sunday && t.Weekday() != time.Saturday {
			n = 4 + h*7%5
		}
		if h == 31*24+3 {
			n = 160
		}
		fmt.Fprintf(&b, "%s,%s%d\n", stamp(t), entity, n)
	}
	return b.String()
}

func scored(t *testing.T, in string, args ...string) [][]string {
	t.Helper()
	list, err := csv.NewReader(strings.NewReader(good(t, append(append([]string{"baseline", "backtest"}, args...), write(t, "series.csv", []byte(in)))...))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func field(t *testing.T, s string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBacktest(t *testing.T) {
	stamps := map[string]func(time.Time) string{
		"RFC 3339": func(t time.Time) string { return t.Format(time.RFC3339) },
		"plain":    func(t time.Time) string { return t.Format(time.DateTime) },
		"Unix":     func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	}
	for name, stamp := range stamps {
		list := scored(t, "time,messages\n"+hours(stamp, ""))
		if strings.Join(list[0], " ") != "timestamp value expected bound score" || len(list) != 35*24+1 {
			t.Fatalf("%s: %v, %d lines", name, list[0], len(list))
		}
		for i, f := range list[1:] {
			if score := field(t, f[4]); (i == 31*24+3) != (score > 18) {
				t.Errorf("%s: hour %d: %v", name, i, f)
			}
		}
		day := list[1+32*24+10]
		if e, b := field(t, day[2]), field(t, day[3]); e < 4 || e > 9 || b < 9 {
			t.Errorf("%s: %v", name, day)
		}
	}
	gauges := scored(t, hours(stamps["plain"], ""), "--profile", "gauge")
	if len(gauges) != 35*24+1 {
		t.Errorf("%d lines", len(gauges))
	}
	if s := field(t, gauges[1+31*24+3][4]); s < 5 {
		t.Errorf("gauge: the peak scores %.1f", s)
	}
}

// Entities have baselines of their own, in whatever order the lines are.
func TestBacktestEntities(t *testing.T) {
	unix := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	both := scored(t, hours(unix, "a,")+hours(unix, "b,"))
	if strings.Join(both[0], " ") != "timestamp entity value expected bound score" {
		t.Fatal(both[0])
	}
	n := 35 * 24
	for i := range n {
		a, b := both[1+i], both[1+n+i]
		if a[1] != "a" || b[1] != "b" || a[5] != b[5] || a[3] != b[3] {
			t.Fatalf("%v and %v", a, b)
		}
	}
}

func TestBacktestMistakes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-03-02T00:00:00Z,1\n2026-03-02T01:00:00Z,x\n", "line 2"},
		{"time,n\nyesterday,1\n", "line 2"},
		{"1772409600,1\n1772413200,1,1\n", "line 2"},
		{"1772409600,-1\n", "line 1"},
		{"1772409600,NaN\n", "line 1"},
		{"1772409600\n", "line 1"},
		{"1772409600000,5\n", "line 1"},
		{"\"1772409600,5\n", "line 1"},
		{"time,n\n", "no values"},
		{"", "no values"},
	} {
		o := sensor(nil, "baseline", "backtest", write(t, "bad.csv", []byte(c.in)))
		if o.code != 2 || o.out != "" || !strings.Contains(o.err, c.want) {
			t.Errorf("%q: %+v", c.in, o)
		}
	}
	if o := sensor(nil, "baseline", "backtest", "--interval", "7m", "x"); o.code != 2 || !strings.Contains(o.err, "--interval") {
		t.Errorf("%+v", o)
	}
}
