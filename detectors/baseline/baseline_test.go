package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"mailsensor/detectors/baseline/workload"
	"mailsensor/detectors/codec"
)

var (
	berlin   = zone("Europe/Berlin")
	monday   = time.Date(2026, 2, 2, 0, 0, 0, 0, berlin)
	nextYear = monday.AddDate(1, 0, 0)
)

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// office is a small organisation: counts an hour of some accounts that keep office
// hours, and of a busy host.
type office struct {
	*Engine
	alerts []Score
	rng    *rand.Rand
	rates  []float64
	now    time.Time
	extra  func(t time.Time, i int) float64 // counts on top
	factor func(t time.Time) float64
}

func newOffice(c Config) *office {
	o := &office{rng: rand.New(rand.NewPCG(5, 6)), now: monday}
	c.Location = berlin
	o.Engine = New(c, func(s *Score) {
		if s.Alert {
			o.alerts = append(o.alerts, *s)
		}
	})
	for i := range 40 {
		o.rates = append(o.rates, .3+float64(i%7)*.4)
	}
	o.extra = func(time.Time, int) float64 { return 0 }
	o.factor = func(time.Time) float64 { return 1 }
	return o
}

func poisson(r *rand.Rand, m float64) (n float64) {
	for m > 20 {
		n += poisson(r, 20)
		m -= 20
	}
	p, limit := r.Float64(), exp(-m)
	for p > limit {
		p *= r.Float64()
		n++
	}
	return n
}

// run goes on until a time.
func (o *office) run(until time.Time) {
	for ; o.now.Before(until); o.now = o.now.Add(time.Hour) {
		o.Tick(o.now.UnixNano())
		f := o.factor(o.now)
		if h, d := o.now.In(berlin).Hour(), o.now.In(berlin).Weekday(); h < 8 || h > 17 || d == time.Sunday || d == time.Saturday {
			f *= .02
		}
		for i, rate := range o.rates {
			n := poisson(o.rng, f*rate) + o.extra(o.now, i)
			for k := 0.; k < n; k++ {
				at := o.now.Add(time.Duration(k * float64(time.Hour) / (n + 1)))
				o.Observe(Account, fmt.Sprintf("user%02d", i), MessagesSent, at.UnixNano(), 1)
			}
		}
		if n := poisson(o.rng, 200*(.1+f)); n > 0 {
			o.Observe(Host, "10.0.0.25", MessagesSent, o.now.UnixNano(), n)
		}
	}
}

func days(n int) time.Time { return monday.AddDate(0, 0, n) }

func (o *office) only(t *testing.T, entity string) []Score {
	t.Helper()
	for i := range o.alerts {
		if o.alerts[i].Entity != entity {
			t.Errorf("%s: %s (%s)", o.alerts[i].Entity, &o.alerts[i], o.alerts[i].Channel)
		}
	}
	return o.alerts
}

// Eight weeks, over a change of the clocks and a holiday, without a word.
func TestQuiet(t *testing.T) {
	o := newOffice(Config{})
	o.factor = func(at time.Time) float64 {
		if at.In(berlin).YearDay() == days(46).YearDay() {
			return .03
		}
		return 1
	}
	o.run(days(70)) // the clocks go forward on day 55
	o.only(t, "nobody")
	if o.Entities() != 41 || o.Evicted() != 0 || o.Late != 0 {
		t.Errorf("%d entities, %d evicted, %d late", o.Entities(), o.Evicted(), o.Late)
	}
}

func TestAttackAtNight(t *testing.T) {
	o := newOffice(Config{})
	attack := time.Date(2026, 3, 3, 3, 0, 0, 0, berlin)
	o.extra = func(at time.Time, i int) float64 {
		if i == 7 && at.Equal(attack) {
			return 142
		}
		return 0
	}
	o.run(days(36))
	var hour []Score
	for _, s := range o.only(t, "user07") {
		if s.Channel == HourWindow {
			hour = append(hour, s)
		} else if s.Channel != Burst || s.From < attack.UnixNano() {
			t.Errorf("%s: %s", s.Channel, &s)
		}
	}
	if len(hour) != 1 {
		t.Fatalf("%d alerts about the hour", len(hour))
	}
	s := hour[0]
	if s.Kind != Account || s.Metric != MessagesSent || s.From != attack.UnixNano() || s.Until-s.From != int64(time.Hour) {
		t.Errorf("%+v", s)
	}
	if s.Seen != 142 || s.Expected > .1 || s.Bound > 6 || s.Days < 25 || s.Provisional || s.Severity() < 2 ||
		s.Group != "account, office hours" {
		t.Errorf("%+v", s)
	}
	if text := s.String(); !strings.HasPrefix(text, "Tue 03:00, 142 messages, expected 0") || !strings.Contains(text, ", bound ") {
		t.Error(text)
	}
}

// A host that doubles is found within a day, by its day or the sum over hours.
func TestHostDoubles(t *testing.T) {
	o := newOffice(Config{})
	from := days(36).Add(8 * time.Hour)
	plain := o.factor
	o.factor = func(at time.Time) float64 { return plain(at) }
	o.run(from)
	o.only(t, "nobody")
	for h := range 10 {
		o.Observe(Host, "10.0.0.25", MessagesSent, from.Add(time.Duration(h)*time.Hour).UnixNano(), 220)
		o.run(from.Add(time.Duration(h+1) * time.Hour))
	}
	o.run(days(37))
	if len(o.only(t, "10.0.0.25")) == 0 {
		t.Error("not found")
	}
}

// A host that falls silent by day is missed; one that does so with everyone on a
// holiday is not.
func TestGoneQuiet(t *testing.T) {
	o := newOffice(Config{})
	o.rates = append(o.rates, 30)
	o.run(days(35))
	o.only(t, "nobody")
	o.rates[40] = 0
	o.run(days(39))
	for _, s := range o.only(t, "user40") {
		if s.Channel != Fall || s.Seen > 10 || s.Seen >= s.Bound || s.Bound >= s.Expected {
			t.Errorf("%s: %+v", &s, s)
		}
	}
	if len(o.alerts) == 0 {
		t.Error("not missed")
	}
}

// A newsletter is an alert twice, and then expected.
func TestNewsletter(t *testing.T) {
	o := newOffice(Config{})
	o.extra = func(at time.Time, i int) float64 {
		if at = at.In(berlin); i == 3 && at.Weekday() == time.Thursday && at.Hour() == 10 && at.After(days(14)) {
			return 130 + float64(at.Day())
		}
		return 0
	}
	o.run(days(31))
	if n := len(o.only(t, "user03")); n == 0 {
		t.Error("the first issues are no alert")
	}
	o.alerts = nil
	o.run(days(69)) // the clocks change in between
	o.only(t, "nobody")
	// An issue ten times as large is none.
	plain := o.extra
	o.extra = func(at time.Time, i int) float64 { return 10 * plain(at, i) }
	o.run(days(76))
	if len(o.only(t, "user03")) == 0 {
		t.Error("the large issue is no alert")
	}
}

// What is an alert teaches little: the second night of an attack is one, too.
func TestGuard(t *testing.T) {
	o := newOffice(Config{})
	nights := map[int]bool{}
	o.extra = func(at time.Time, i int) float64 {
		if at = at.In(berlin); i == 11 && !at.Before(days(30)) && at.Hour() == 2 {
			return 40
		}
		return 0
	}
	o.run(days(30))
	before, _ := o.Expect(Account, "user11", MessagesSent)
	o.run(days(34))
	for _, s := range o.only(t, "user11") {
		if s.Channel != Burst {
			nights[time.Unix(0, s.From).In(berlin).Day()] = true
		}
	}
	if len(nights) != 4 {
		t.Errorf("%d of 4 nights", len(nights))
	}
	after, _ := o.Expect(Account, "user11", MessagesSent)
	if after.Level > 1.3*before.Level {
		t.Errorf("four nights took the level from %.3f to %.3f", before.Level, after.Level)
	}
}

// Where the clocks change, work begins an hour earlier in UTC, and that is usual.
func TestLocalWeek(t *testing.T) {
	o := newOffice(Config{})
	o.run(days(60).Add(7*time.Hour + time.Minute))
	seven, _ := o.Expect(Account, "user06", MessagesSent)
	o.run(days(60).Add(9*time.Hour + time.Minute))
	nine, _ := o.Expect(Account, "user06", MessagesSent)
	if nine.Expected < 1.8 || nine.Expected > 3.6 || seven.Expected > .6 {
		t.Errorf("expected %.2f at 7, %.2f at 9", seven.Expected, nine.Expected)
	}
	week, ok := o.Week(Account, "user06", MessagesSent)
	if !ok || week[10] < 1.5 || week[3] > .3 || week[6*24+10] > .3 {
		t.Errorf("week: %.2f on Monday at 10, %.2f at 3, %.2f on Sunday", week[10], week[3], week[6*24+10])
	}
}

// A new account is scored at once, and the score says that it is provisional.
func TestFirstDays(t *testing.T) {
	o := newOffice(Config{})
	o.run(days(30))
	at := days(30).Add(11 * time.Hour)
	o.run(at)
	o.Observe(Account, "fresh", MessagesSent, at.UnixNano(), 150)
	o.run(days(31))
	if list := o.only(t, "fresh"); len(list) == 0 || !list[0].Provisional || list[0].Days != 0 {
		t.Errorf("%+v", list)
	}
}

// Fourteen runs teach what one teaches, whatever the hour at which they are cut.
func TestRestart(t *testing.T) {
	whole := newOffice(Config{})
	whole.run(days(35).Add(137 * time.Minute))
	cut := newOffice(Config{})
	for i := range 14 {
		cut.run(days(i * 5 / 2).Add(time.Duration(i) * 83 * time.Minute))
		state := cut.AppendState(nil)
		next := newOffice(Config{})
		if err := next.LoadState(state); err != nil {
			t.Fatal(err)
		}
		if again := next.AppendState(nil); !bytes.Equal(state, again) {
			t.Fatalf("run %d: what was loaded is stored otherwise", i)
		}
		cut.Engine, next.Engine = next.Engine, nil
		cut.raise = func(s *Score) {
			if s.Alert {
				cut.alerts = append(cut.alerts, *s)
			}
		}
	}
	cut.run(days(35).Add(137 * time.Minute))
	if !bytes.Equal(whole.AppendState(nil), cut.AppendState(nil)) {
		t.Error("the states differ")
	}
	if len(whole.alerts) != len(cut.alerts) {
		t.Errorf("%d and %d alerts", len(whole.alerts), len(cut.alerts))
	}
}

// A state that is damaged, newer or of another clock is refused, and changes nothing.
func TestStateRefused(t *testing.T) {
	o := newOffice(Config{})
	o.run(days(9))
	state := o.AppendState(nil)
	for i := 0; i < len(state); i += 1 + i/7 {
		bad := bytes.Clone(state)
		bad[i] ^= 4
		if err := o.LoadState(bad); err == nil {
			t.Fatalf("octet %d of %d may be anything", i, len(state))
		}
		if err := o.LoadState(state[:i]); !errors.Is(err, codec.ErrDamaged) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if !bytes.Equal(state, o.AppendState(nil)) {
		t.Error("a refused state changed something")
	}
	if err := New(Config{}, nil).LoadState(state); !errors.Is(err, ErrOther) {
		t.Errorf("another time zone: %v", err)
	}
	newer := record(bytes.Clone(magic), recordHead, func(b []byte) []byte { return append(b, 2, 0) })
	if err := o.LoadState(newer); !errors.Is(err, codec.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
}

// Whatever was stored by whomever: an error or a state, no panic.
func FuzzLoadState(f *testing.F) {
	o := newOffice(Config{})
	o.rates = o.rates[:3]
	o.run(days(8))
	state := o.AppendState(nil)
	f.Add(state)
	f.Fuzz(func(t *testing.T, b []byte) {
		e := New(Config{Location: berlin, MaxEntities: 10}, func(*Score) {})
		if e.LoadState(fix(b)) == nil {
			e.Tick(e.next)
			e.AppendState(nil)
		}
	})
}

// fix makes the checksums right, for the fuzzer to come behind them.
func fix(b []byte) []byte {
	out := append([]byte(nil), b[:min(len(b), len(magic))]...)
	for r := codec.NewReader("", b[len(out):]); r.Len() > 0 && !r.Bad; {
		kind, n := r.U8(), r.U32()
		payload := r.Take(min(uint64(n), uint64(r.Len())))
		r.Take(uint64(min(4, r.Len())))
		out = record(out, kind, func(b []byte) []byte { return append(b, payload...) })
	}
	return out
}

// The number of entities is bounded, and who was silent longest goes.
func TestEviction(t *testing.T) {
	e := New(Config{MaxEntities: 3}, func(*Score) {})
	for i, name := range strings.Fields("a b c a d a e") {
		e.Observe(Account, name, MessagesSent, int64(i), 1)
	}
	if e.Entities() != 3 || e.Evicted() != 2 {
		t.Errorf("%d entities, %d evicted", e.Entities(), e.Evicted())
	}
	if _, ok := e.Expect(Account, "b", MessagesSent); ok {
		t.Error("b is there")
	}
	if x, ok := e.Expect(Account, "a", MessagesSent); !ok || x.Seen != 3 {
		t.Errorf("a: %+v", x)
	}
	if !e.Forget(Account, "a") || e.Forget(Account, "a") || e.Entities() != 2 {
		t.Error("a is not forgotten once")
	}
	e.Tick(5 * hour)
	n := 0
	for x := range e.All {
		if n++; x.Level <= 0 {
			t.Errorf("%+v", x)
		}
	}
	if n != 2 || e.series.next != 2 {
		t.Errorf("%d series, room for %d", n, e.series.next)
	}
}

// A day without any traffic at all is one on which the sensor was not there.
func TestBlind(t *testing.T) {
	o := newOffice(Config{})
	o.run(days(20))
	before, _ := o.Expect(Host, "10.0.0.25", MessagesSent)
	o.Tick(days(200).UnixNano())
	o.now = days(200)
	after, _ := o.Expect(Host, "10.0.0.25", MessagesSent)
	if after.Level < .85*before.Level {
		t.Errorf("the level fell from %.1f to %.1f", before.Level, after.Level)
	}
	o.only(t, "nobody")
	start := time.Now()
	o.Tick(nextYear.AddDate(30, 0, 0).UnixNano())
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("a jump of thirty years takes %v", d)
	}
}

// An hour's profile of names does not matter: same counts, other order.
func TestOrder(t *testing.T) {
	state := func(order []int) (out string) {
		e := New(Config{}, func(s *Score) { out += s.Entity + s.String() })
		r := rand.New(rand.NewPCG(1, 1))
		for h := range 24 * 30 {
			counts := make([]float64, 20)
			for i := range counts {
				counts[i] = poisson(r, 1)
			}
			if h == 24*29 {
				counts[3], counts[8] = 90, 80
			}
			for _, i := range order {
				if counts[i] > 0 {
					e.Observe(Sender, fmt.Sprint(i), Recipients, int64(h)*hour, counts[i])
				}
			}
		}
		for x := range e.All {
			out += fmt.Sprintf("%s %v\n", x.Entity, x.Expected)
		}
		return out
	}
	order := make([]int, 20)
	for i := range order {
		order[i] = i
	}
	want := state(order)
	rand.New(rand.NewPCG(2, 2)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if got := state(order); got != want || !strings.HasPrefix(want, "3") {
		t.Errorf("order matters:\n%.300s\n%.300s", want, got)
	}
}

// Neither clipping nor weights make the expectation of any group wrong.
func TestBias(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	w := workload.New(workload.Options{Seed: 3})
	e := New(Config{Location: w.Location}, func(*Score) {})
	skip := map[[2]int]bool{}
	for _, list := range [][]workload.Span{w.Attacks, w.Benign} {
		for _, s := range list {
			for h := s.From; h < s.To; h++ {
				skip[[2]int{s.Series, h}] = s.What != "growth"
			}
		}
	}
	sum := map[string][2]float64{}
	for h := range workload.Hours {
		at := workload.Start.Add(time.Duration(h) * time.Hour).UnixNano()
		e.Tick(at)
		for i := range w.Series {
			s, k := &w.Series[i], Account
			if s.Host {
				k = Host
			}
			if x, ok := e.Expect(k, s.Name, MessagesSent); ok && h >= workload.FirstDay*24 && h%5 == 0 && !skip[[2]int{i, h}] && h/24 != 45 && h/24 != 46 {
				b := sum[x.Group]
				sum[x.Group] = [2]float64{b[0] + float64(s.Count[h]), b[1] + x.Mean}
			}
			if s.Count[h] > 0 {
				e.Observe(k, s.Name, MessagesSent, at, float64(s.Count[h]))
			}
		}
	}
	if len(sum) < 4 {
		t.Errorf("only %d groups", len(sum))
	}
	for g, b := range sum {
		if ratio := b[0] / b[1]; ratio < .9 || ratio > 1.1 {
			t.Errorf("%s: %.3f of what was expected", g, ratio)
		}
	}
}

// Nothing, less than nothing and no number at all count as nothing; much is bounded.
func TestOddCounts(t *testing.T) {
	e := New(Config{}, func(*Score) {})
	for i, n := range []float64{0, -5, math.NaN(), math.Inf(-1), math.Inf(1), 1e300, 3} {
		e.Observe(Account, "a", MessagesSent, int64(i), n)
	}
	if x, _ := e.Expect(Account, "a", MessagesSent); x.Seen < 1.99e12 || x.Seen > 2.1e12 {
		t.Errorf("%v", x.Seen)
	}
	for h := range int64(40 * 24) {
		e.Observe(Account, "a", MessagesSent, h*hour, 1e12)
	}
	if x, _ := e.Expect(Account, "a", MessagesSent); math.IsNaN(x.Expected) || math.IsInf(x.Bound(), 0) || math.IsNaN(x.Bound()) {
		t.Errorf("%+v", x)
	}
}

func TestObserveAllocates(t *testing.T) {
	e := New(Config{}, func(*Score) {})
	name := []byte("a@example.org")
	e.Observe(Account, string(name), MessagesSent, 1, 1)
	e.Tick(fiveMinutes + 1)
	if n := testing.AllocsPerRun(1000, func() { e.Entity(Account, name, fiveMinutes+2).Add(MessagesSent, 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// 100,000 entities with six metrics each, all with a shape.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds and a quarter of a gigabyte")
	}
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	e := New(Config{}, func(*Score) {})
	for i := range 100_000 {
		name := fmt.Sprintf("user%06d@example.org", i)
		for m := range Metric(6) {
			e.Observe(Account, name, m, 1, 3)
		}
	}
	e.settleAll()
	for _, ent := range e.entities.All {
		for _, i := range e.of(ent) {
			if i != 0 {
				e.series.at(i).shape = e.shapes.take()
			}
		}
	}
	e.Tick(3 * fiveMinutes)
	got := used() - before
	t.Logf("%.1f MB, %d octets a series", float64(got)/1e6, got/600_000)
	if got > 250e6 {
		t.Errorf("%d octets", got)
	}
	runtime.KeepAlive(e)
}

func TestBudget(t *testing.T) {
	b := Budget{PerDay: 3}
	var passed []float64
	for _, s := range []float64{1, 2, 1.5, 1.2, 1.2, 5, 1.4, 1.6, 1.1} {
		if b.Admit(1, s) {
			passed = append(passed, s)
		}
	}
	if fmt.Sprint(passed) != "[1 2 1.5 1.2 5 1.6]" || b.Held != 3 {
		t.Errorf("%v passed, %d held", passed, b.Held)
	}
	if !b.Admit(2, 1) {
		t.Error("the next day begins full")
	}
}

func BenchmarkObserve(b *testing.B) {
	e := New(Config{}, func(*Score) {})
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("user%06d@example.org", i)
		e.Observe(Account, names[i], MessagesSent, 1, 1)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Observe(Account, names[i*7919%len(names)], MessagesSent, 2, 1)
	}
}

// What an hour's end costs, per series.
func BenchmarkClose(b *testing.B) {
	o := newOffice(Config{})
	o.run(days(20))
	t := o.now.UnixNano()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		o.Observe(Account, "user01", MessagesSent, t+int64(i)*hour, 1)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/41, "ns/series")
}
