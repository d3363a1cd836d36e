package metrics

import (
	"reflect"
	"strings"
	"unicode"

	"mailsensor/capture/decode"
	"mailsensor/capture/live"
	"mailsensor/cmd/internal/pipeline"
)

// Capture exposes how the interfaces are doing.
func (r *Registry) Capture(stats func() live.Stats) {
	r.Gather(func(w *Writer) {
		for _, i := range stats().Interfaces {
			l := []string{"interface", i.Name}
			w.Counter("capture_packets_total", i.Packets, l...)
			w.Counter("capture_bytes_total", i.Bytes, l...)
			w.Counter("capture_kernel_drops_total", i.KernelDrops, l...)
			w.Counter("capture_ring_full_total", i.Freezes, l...)
			w.Counter("capture_nic_drops_total", i.NICDrops, l...)
			w.Counter("capture_nic_errors_total", i.NICErrors, l...)
			w.Counter("capture_interface_returns_total", i.Returns, l...)
			w.Gauge("capture_ring_used_ratio", i.Used, l...)
			w.Gauge("capture_ring_bytes", float64(i.RingBytes), l...)
			w.Gauge("capture_last_packet_timestamp_seconds", float64(i.Last)/1e9, l...)
			up := 0.0
			if i.State == live.Up {
				up = 1
			}
			w.Gauge("capture_interface_up", up, l...)
		}
	})
}

// Pipeline exposes decoding, reassembly and the parsers.
func (r *Registry) Pipeline(progress func() pipeline.Result) {
	r.Gather(func(w *Writer) {
		res := progress()
		for i, n := range res.Decode.Frames {
			w.Counter("decode_frames_total", n, "result", decode.Result(i).String())
		}
		w.Counter("decode_cut_frames_total", res.Cut)
		w.Counter("clock_backward_total", res.Clock.Backward)
		w.Counter("clock_jumps_total", res.Clock.Jumps)
		w.Gauge("last_packet_timestamp_seconds", float64(res.Last)/1e9)
		counters(w, "fragments_", res.Decode.Fragments)
		counters(w, "shed_", res.Shed)
		counters(w, "tcp_", res.TCP)
		counters(w, "parser_", res.Driver)
	})
}

// counters writes a struct of counters; one that says the most of something is no
// counter.
func counters(w *Writer, group string, v any) {
	val := reflect.ValueOf(v)
	for i := range val.NumField() {
		f, name := val.Field(i), snake(val.Type().Field(i).Name)
		switch {
		case f.Kind() != reflect.Uint64:
		case name+"_" == group:
			w.Counter(group+"total", f.Uint())
		case strings.HasPrefix(name, "peak_"):
			w.Gauge(group+name, float64(f.Uint()))
		default:
			w.Counter(group+name+"_total", f.Uint())
		}
	}
}

// snake turns StrangeRST into strange_rst.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		lower := i > 0 && unicode.IsLower(runes[i-1])
		word := i > 0 && i+1 < len(runes) && unicode.IsUpper(r) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (lower || word) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
