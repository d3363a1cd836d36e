package baseline

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// 100,000 entities with six metrics each, for 30 days: everything that a month of them
// allocates stays within the bound. Every hour all 600,000 series are closed, which
// takes minutes.
func TestMonth(t *testing.T) {
	if os.Getenv("MAILSENSOR_SLOW") == "" {
		t.Skip("MAILSENSOR_SLOW is not set")
	}
	const entities, metrics, bound = 100_000, 6, 250e6
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	alerts := 0
	e := New(Config{}, func(*Score) { alerts++ })
	name := make([]byte, 0, 64)
	start := time.Now()
	for h := range int64(30 * 24) {
		e.Tick(h * hour)
		for i := range entities {
			if at := h % 24; at != int64(8+i%5) && at != int64(13+i%7) { // twice a day
				continue
			}
			name = fmt.Appendf(name[:0], "user%06d@example.org", i)
			x := e.Entity(Account, name, h*hour+int64(i))
			for m := range Metric(metrics) {
				x.Add(m, float64(1+(i+int(h/24))%4)*m.unit())
			}
		}
	}
	e.Tick(30 * 24 * hour)
	got := heap() - before
	t.Logf("%.1f MB, %d alerts, %v", float64(got)/1e6, alerts, time.Since(start).Round(time.Second))
	if got > bound {
		t.Errorf("%.1f MB, at most %.0f", float64(got)/1e6, bound/1e6)
	}
	if e.Entities() != entities || e.Evicted() != 0 || e.series.used() != entities*metrics || e.shapes.used() != entities*metrics {
		t.Errorf("%d entities, %d evicted, %d series, %d shapes", e.Entities(), e.Evicted(), e.series.used(), e.shapes.used())
	}
}
