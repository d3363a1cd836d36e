package baseline

// peak remembers a burst at some hour of the week: a newsletter, a report. When it
// has come in two earlier weeks, it is expected.
type peak struct {
	slot   uint8  // hour of the week, 0 is Monday midnight
	hits   uint8  // weeks it came in; 0 is an empty slot
	last   uint16 // the day it came last, since 1970
	excess float32
}

const (
	peakFrom    = 5   // counts beyond what is expected
	peakSpread  = .12 // its overdispersion
	peakDays    = 15  // after which it is forgotten
	peakApart   = 5   // days between two of its issues, at least
	peakHits    = 2   // issues before it is expected
	peakMuch    = 1.5 // times what is expected of a peak passes for it
	peakRelated = 4   // an issue so many times larger or smaller is another peak
)

// recall is the excess that is expected in a slot of the week.
func (s *series) recall(slot int, today uint16) float64 {
	most := 0.
	for i := range s.peaks {
		p := &s.peaks[i]
		if p.hits >= peakHits && near(int(p.slot), slot) && today-p.last >= peakApart && today-p.last <= peakDays {
			most = max(most, float64(p.excess))
		}
	}
	return most
}

// remember takes note of a burst.
func (s *series) remember(slot int, today uint16, excess float64) {
	if excess < peakFrom {
		return
	}
	oldest := 0
	for i := range s.peaks {
		p := &s.peaks[i]
		if p.hits > 0 && today-p.last > peakDays {
			*p = peak{}
		}
		old := float64(p.excess)
		if p.hits > 0 && near(int(p.slot), slot) && excess < peakRelated*old && old < peakRelated*excess {
			if today-p.last < peakApart { // the same issue
				return
			}
			p.hits = min(p.hits, 254) + 1
			p.last = today
			p.excess = float32(old + float64((excess-old)/float64(min(p.hits, 4))))
			return
		}
		if q := &s.peaks[oldest]; p.hits == 0 && q.hits > 0 || q.hits > 0 && p.last < q.last {
			oldest = i
		}
	}
	s.peaks[oldest] = peak{slot: uint8(slot), hits: 1, last: today, excess: float32(excess)}
}

// near is at most one hour apart.
func near(a, b int) bool {
	d := (a - b + 168) % 168
	return d <= 1 || d == 167
}
