package metrics

// State is what --state keeps on disk, and how that goes.
type State struct {
	Errors          uint64
	AlertsForgotten uint64
	Saved           int64 // event time of the last snapshot, Unix nanoseconds; 0: none
}

// State adds the series of what is kept on disk.
func (r *Registry) State(of func() State) {
	r.Gather(func(w *Writer) {
		s := of()
		w.Counter("state_errors_total", s.Errors)
		w.Counter("state_alerts_forgotten_total", s.AlertsForgotten)
		w.Gauge("state_saved_timestamp_seconds", float64(s.Saved)/1e9)
	})
}
