package metrics

import "time"

// Prometheus takes the first value of a series for what it always had, and would not see
// what an account downloaded in its first burst. So a series is 0 when a scraper sees it
// first: one that came into being since that scraper was here last. Whoever is here for
// the first time gets 0 of what is younger than newcomer, and may be a scraper that was
// here before the sensor was started anew.
const newcomer = 5 * time.Minute

// maxScrapers bounds how many are known; the one that was not here for longest goes.
const maxScrapers = 64

// visit notes that a scraper is here, and returns since when series are new to it.
func (r *Registry) visit(scraper string) (since time.Time) {
	now := r.now()
	since, known := r.scrapers[scraper]
	if !known {
		since = now.Add(-newcomer)
		for len(r.scrapers) >= maxScrapers {
			oldest := scraper
			for s, last := range r.scrapers {
				if oldest == scraper || last.Before(r.scrapers[oldest]) {
					oldest = s
				}
			}
			delete(r.scrapers, oldest)
		}
	}
	r.scrapers[scraper] = now
	return since
}

// counted is the value of a series, and when it came into being.
type counted struct {
	n    uint64
	born time.Time
}

// of is what a scraper is shown of a series.
func (w *Writer) of(c counted) uint64 {
	if !w.raw && !c.born.Before(w.since) {
		return 0
	}
	return c.n
}
