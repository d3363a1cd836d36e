package metrics

import (
	"strings"
	"sync"
	"time"

	"mailsensor/detectors/baseline"
	"mailsensor/detectors/habits"
)

// Usual shows, of the hosts and accounts that have series, what was counted in the
// hour that goes on, what is expected of it, and the bound that 99.9 % of such hours
// stay under. Update is for the goroutine that events come from.
type Usual struct {
	mail   *Mail
	habits *habits.Tracker
	due    int64

	mu   sync.Mutex
	list []usual
}

// usual is one series in the hour.
type usual struct {
	kind, entity, metric  string
	seen, expected, bound float64
	days                  int
}

// What is shown, and how often it is looked up: a look-up takes some microseconds.
var usualMetrics = []baseline.Metric{
	baseline.MessagesSent, baseline.Recipients, baseline.MessagesDownloaded, baseline.BytesDownloaded, baseline.LoginFailures,
}

const usualEvery = int64(5 * time.Second)

// NewUsual registers the series.
func (r *Registry) NewUsual(m *Mail, h *habits.Tracker) *Usual {
	u := &Usual{mail: m, habits: h}
	r.Gather(u.write)
	return u
}

// Update looks up what is usual now, if it was not done lately. The time is that of
// events.
func (u *Usual) Update(now int64) {
	if now < u.due {
		return
	}
	u.due = now + usualEvery
	list := u.look(nil, baseline.Host, &u.mail.hosts)
	list = u.look(list, baseline.Account, &u.mail.accounts)
	u.mu.Lock()
	u.list = list
	u.mu.Unlock()
}

func (u *Usual) look(list []usual, kind baseline.Kind, of *entities) []usual {
	for _, name := range of.shown() {
		for _, metric := range usualMetrics {
			x, ok := u.habits.Engine().Expect(kind, name, metric)
			if !ok {
				continue
			}
			unit := 1.
			if strings.HasPrefix(metric.String(), "bytes_") { // which the baselines count in KiB
				unit = 1024
			}
			list = append(list, usual{kind.String(), name, metric.String(), unit * x.Seen, unit * x.Expected, unit * x.Bound(), x.Days})
		}
	}
	return list
}

func (u *Usual) write(w *Writer) {
	u.mu.Lock()
	list := u.list // never changed, only replaced
	u.mu.Unlock()
	for _, x := range list {
		l := []string{x.kind, w.name(x.entity), "metric", x.metric}
		w.Gauge(x.kind+"_hour_seen", x.seen, l...)
		w.Gauge(x.kind+"_hour_expected", x.expected, l...)
		w.Gauge(x.kind+"_hour_bound", x.bound, l...)
		w.Gauge(x.kind+"_history_days", float64(x.days), l...)
	}
}
