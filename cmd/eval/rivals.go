package main

import (
	"math"
	"slices"

	"mailsensor/detectors/baseline/workload"
)

// rival gives each hour of a series a score; below the floor of what is of interest
// it may be 0.
type rival struct {
	name  string
	score func(count []uint32) []float64
}

var rivals = [3]rival{
	{"z by hour of the week", zByHour},
	{"Holt-Winters 168", holtWinters},
	{"Grafana-like bands", bands},
}

// zByHour has a mean and a variance for each hour of the week, of the weeks before
// (half-life of four), with the variance of all hours for a floor.
func zByHour(count []uint32) []float64 {
	const keep = .84
	z := make([]float64, len(count))
	var n, mean, square [168]float64
	var all, allN float64
	for h, c := range count {
		x, i := float64(c), h%168
		if n[i] > 0 {
			m := mean[i] / n[i]
			v := max(square[i]/n[i]-m*m, 0)
			v = (v*n[i] + all/allN + m + .1) / (n[i] + 1)
			z[h] = math.Abs(x-m) / math.Sqrt(v+.1)
			all, allN = all*.999+(x-m)*(x-m), allN*.999+1
		} else {
			all, allN = all+x, allN+1
		}
		n[i], mean[i], square[i] = n[i]*keep+1, mean[i]*keep+x, square[i]*keep+x*x
	}
	return z
}

// holtWinters is the additive method with a season of a week and no trend; its
// residuals are measured by their running deviation.
func holtWinters(count []uint32) []float64 {
	const alpha, gamma, delta = .02, .2, .01
	z := make([]float64, len(count))
	var season [168]float64
	level, variance := 0., 1.
	for h, c := range count {
		x, i := float64(c), h%168
		if h < 168 {
			level += x / 168
			season[i] = x
			if h == 167 {
				for j := range season {
					season[j] -= level
				}
			}
			continue
		}
		r := x - level - season[i]
		z[h] = math.Abs(r) / math.Sqrt(variance+.1)
		variance += delta * (min(r*r, 25*variance+4) - variance)
		level += alpha * r
		season[i] += gamma * (r - alpha*r)
	}
	return z
}

// bands are in the manner of Grafana's rules for Prometheus: the mean of the last
// hour's, day's and of the same hour of last weeks', and the deviation of the last 26
// hours or that of the same hour of last weeks, whichever is wider.
func bands(count []uint32) []float64 {
	z := make([]float64, len(count))
	for h := 168; h < len(count); h++ {
		var sum, squares float64
		for _, c := range count[h-26 : h] {
			sum += float64(c)
			squares += float64(c) * float64(c)
		}
		short := sum / 26
		sd := math.Sqrt(max(squares/26-short*short, 0))
		var seasonal, weeks, seasonalSquares float64
		for back := h - 168; back >= 0 && weeks < 12; back -= 168 {
			for d := max(0, back-1); d <= back+1; d++ {
				x := float64(count[d])
				seasonal += x
				seasonalSquares += x * x
				weeks++
			}
		}
		seasonal /= weeks
		wide := max(sd, math.Sqrt(max(seasonalSquares/weeks-seasonal*seasonal, 0)))
		x := float64(count[h])
		high, low := max(short, seasonal), min(short, seasonal)
		switch {
		case x > high:
			z[h] = (x - high) / (wide + .5)
		case x < low:
			z[h] = (low - x) / (wide + .5)
		}
	}
	return z
}

// comparable finds the rival's best: for accounts and for hosts apart, the lowest
// threshold at which it raises no more false alarms than ours did.
func comparable(w *workload.Workload, score func([]uint32) []float64, ours *tally) tally {
	var sum tally
	for host := range 2 {
		var list []alarm
		for i, s := range w.Series {
			if side(s.Host) != host {
				continue
			}
			z := score(s.Count[s.Born:])
			for h, v := range z {
				if s.Born+h >= workload.FirstDay*24 && v > 1 {
					list = append(list, alarm{series: i, hour: s.Born + h, severity: v})
				}
			}
		}
		slices.SortFunc(list, func(a, b alarm) int {
			if a.severity != b.severity {
				if a.severity > b.severity {
					return -1
				}
				return 1
			}
			if a.series != b.series {
				return a.series - b.series
			}
			return a.hour - b.hour
		})
		low, high := 0, len(list)
		for low < high {
			mid := (low + high + 1) / 2
			t := judge(w, slices.Clone(list[:mid]))
			if t.falseDays[host] <= ours.falseDays[host] {
				low = mid
			} else {
				high = mid - 1
			}
		}
		t := judge(w, slices.Clone(list[:low]))
		if host == 1 { // planted and days are in the first already
			clear(t.planted)
			t.days = [2]float64{}
		}
		sum.add(&t)
	}
	return sum
}
