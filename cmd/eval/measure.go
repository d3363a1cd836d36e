package main

import (
	"slices"
	"time"

	"mailsensor/detectors/baseline"
	"mailsensor/detectors/baseline/workload"
)

// alarm is raised for a series at the end of an hour.
type alarm struct {
	series, hour int
	severity     float64
	channel      string
}

// grace is how many hours after an attack's end an alarm still finds it; for a day
// no alarm counts as false: it may be about what is still added up.
const grace = 6

// tally is what a method did on some workloads.
type tally struct {
	planted, found map[string]int
	delays         []int      // hours from an attack's first to the end of the hour of the alarm
	days           [2]float64 // of entities: accounts, hosts
	falseDays      [2]int
	causes         map[string]int
}

// outcome is all methods on some workloads.
type outcome struct {
	ours, poisoned tally
	rivals         [3]tally
	bias           map[string][2]float64 // by group: seen, expected
}

func measure(seed uint64, scale float64) outcome {
	w := workload.New(workload.Options{Seed: seed})
	var o outcome
	alarms, bias := engine(w, scale)
	o.ours, o.bias = judge(w, alarms), bias
	poisoned := workload.New(workload.Options{Seed: seed, Poison: .04})
	alarms, _ = engine(poisoned, scale)
	o.poisoned = judge(poisoned, alarms)
	for i, r := range rivals {
		o.rivals[i] = comparable(w, r.score, &o.ours)
	}
	return o
}

// engine runs the baselines as shipped.
func engine(w *workload.Workload, scale float64) ([]alarm, map[string][2]float64) {
	numbers := map[string]int{}
	for i, s := range w.Series {
		numbers[s.Name] = i
	}
	var alarms []alarm
	e := baseline.New(baseline.Config{Location: w.Location, Thresholds: func(k baseline.Kind, m baseline.Metric) baseline.Thresholds {
		t := baseline.Defaults(k, m)
		t.Hour *= scale
		t.Rise *= scale
		t.Fall *= scale
		t.Day *= scale
		return t
	}}, func(s *baseline.Score) {
		if s.Alert && s.Channel != baseline.Burst { // an hour's counts come at once here
			end := int((s.Until - workload.Start.UnixNano()) / int64(time.Hour))
			alarms = append(alarms, alarm{numbers[s.Entity], end - 1, s.Severity(), s.Channel.String()})
		}
	})
	bias := map[string][2]float64{} // holidays (days 45 and 46) aside
	disturbed := map[[2]int]bool{}  // hours that are not what is usual
	for _, list := range [][]workload.Span{w.Attacks, w.Benign} {
		for _, a := range list {
			for h := a.From; h < a.To; h++ {
				disturbed[[2]int{a.Series, h}] = a.What != "growth"
			}
		}
	}
	for h := range workload.Hours {
		t := workload.Start.Add(time.Duration(h) * time.Hour).UnixNano()
		e.Tick(t)
		for i := range w.Series {
			s := &w.Series[i]
			if h >= workload.FirstDay*24 && h%7 == 0 && h/24 != 45 && h/24 != 46 && !disturbed[[2]int{i, h}] {
				if x, ok := e.Expect(kind(s), s.Name, baseline.MessagesSent); ok {
					b := bias[x.Group]
					bias[x.Group] = [2]float64{b[0] + float64(s.Count[h]), b[1] + x.Mean}
				}
			}
			if s.Count[h] > 0 {
				e.Observe(kind(s), s.Name, baseline.MessagesSent, t, float64(s.Count[h]))
			}
		}
	}
	e.Tick(workload.Start.Add(workload.Hours * time.Hour).UnixNano())
	return alarms, bias
}

func kind(s *workload.Series) baseline.Kind {
	if s.Host {
		return baseline.Host
	}
	return baseline.Account
}

// judge holds alarms against the truth. A false alarm is a day of an entity on which
// there was one.
func judge(w *workload.Workload, alarms []alarm) tally {
	t := tally{planted: map[string]int{}, found: map[string]int{}, causes: map[string]int{}}
	of := map[int][]workload.Span{}
	for _, a := range w.Attacks {
		of[a.Series] = append(of[a.Series], a)
		t.planted[a.What]++
	}
	benign := map[int][]workload.Span{}
	for _, b := range w.Benign {
		benign[b.Series] = append(benign[b.Series], b)
	}
	for _, s := range w.Series {
		t.days[side(s.Host)] += float64(workload.Hours-max(s.Born, workload.FirstDay*24)) / 24
	}
	slices.SortStableFunc(alarms, func(a, b alarm) int { return a.hour - b.hour })
	found := map[int]bool{}
	told := map[[2]int]bool{}
	for _, a := range alarms {
		if a.hour < workload.FirstDay*24 {
			continue
		}
		excused := false
		for _, s := range of[a.series] {
			late := s.To + grace
			if s.What == "host doubles to quadruples" {
				late = min(late, s.From+24)
			}
			excused = excused || a.hour >= s.From && a.hour < s.To+24
			if a.hour >= s.From && a.hour < late && !found[a.series] {
				found[a.series] = true
				t.found[s.What]++
				t.delays = append(t.delays, a.hour-s.From+1)
			}
		}
		if day := [2]int{a.series, a.hour / 24}; !excused && !told[day] {
			told[day] = true
			t.falseDays[side(w.Series[a.series].Host)]++
			t.causes[cause(benign[a.series], a, w.Series[a.series].Habit)+", "+a.channel]++
		}
	}
	return t
}

func cause(benign []workload.Span, a alarm, habit string) string {
	for _, b := range benign {
		if a.hour >= b.From && a.hour < b.To+24 {
			return b.What
		}
	}
	return "chance, " + habit
}

func side(host bool) int {
	if host {
		return 1
	}
	return 0
}

// rate is false alarms per 1,000 entity-days.
func (t *tally) rate(i int) float64 { return 1000 * float64(t.falseDays[i]) / max(1, t.days[i]) }

func (t *tally) rates() float64 {
	return 1000 * float64(t.falseDays[0]+t.falseDays[1]) / (t.days[0] + t.days[1])
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func (t *tally) recall() float64 { return float64(total(t.found)) / float64(max(1, total(t.planted))) }

func (t *tally) precision() float64 {
	n := total(t.found)
	return float64(n) / float64(max(1, n+t.falseDays[0]+t.falseDays[1]))
}

func (t *tally) add(u *tally) {
	if t.planted == nil {
		t.planted, t.found, t.causes = map[string]int{}, map[string]int{}, map[string]int{}
	}
	for k, v := range u.planted {
		t.planted[k] += v
	}
	for k, v := range u.found {
		t.found[k] += v
	}
	for k, v := range u.causes {
		t.causes[k] += v
	}
	t.delays = append(t.delays, u.delays...)
	for i := range t.days {
		t.days[i] += u.days[i]
		t.falseDays[i] += u.falseDays[i]
	}
}

func (o *outcome) add(p *outcome) {
	o.ours.add(&p.ours)
	o.poisoned.add(&p.poisoned)
	for i := range o.rivals {
		o.rivals[i].add(&p.rivals[i])
	}
	if o.bias == nil {
		o.bias = map[string][2]float64{}
	}
	for k, v := range p.bias {
		b := o.bias[k]
		o.bias[k] = [2]float64{b[0] + v[0], b[1] + v[1]}
	}
}
