package sink

import "mailsensor/cmd/internal/metrics"

// Gather writes how the sinks are doing.
func (g *Group) Gather(w *metrics.Writer) {
	for _, s := range g.sinks {
		l := []string{"sink", s.name}
		queued, taken, lost := s.q.state()
		w.Counter("sink_lines_total", s.lines.Load(), l...)
		w.Counter("sink_bytes_total", s.bytes.Load(), l...)
		w.Counter("sink_lost_lines_total", lost+s.lost.Load(), l...)
		w.Counter("sink_rejected_lines_total", s.rejected.Load(), l...)
		w.Counter("sink_errors_total", s.errors.Load(), l...)
		w.Gauge("sink_queue_bytes", float64(queued+taken), l...)
		w.Gauge("sink_queue_limit_bytes", float64(s.q.limit), l...)
		up := 1.0
		if s.failing.Load() {
			up = 0
		}
		w.Gauge("sink_up", up, l...)
		w.Gauge("sink_last_delivery_timestamp_seconds", float64(s.lastDeliveryNanos.Load())/1e9, l...)
		if s.most > 0 {
			w.Gauge("sink_spool_bytes", float64(s.spoolBytes.Load()), l...)
			w.Gauge("sink_spool_lines", float64(s.spoolLines.Load()), l...)
			w.Gauge("sink_spool_limit_bytes", float64(s.most), l...)
			w.Counter("sink_spool_damaged_lines_total", s.damaged.Load(), l...)
			w.Counter("sink_spool_errors_total", s.spoolErrors.Load(), l...)
		}
	}
}
