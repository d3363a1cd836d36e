package main

import (
	"reflect"
	"strings"
	"unicode"

	"mailsensor/capture/decode"
	"mailsensor/cmd/internal/pipeline"
)

// counters turns a struct of counters into the map of the summary: snake_case
// names, structs within by their fields, what is 0 left out.
func counters(v any) map[string]uint64 {
	out := make(map[string]uint64)
	collect(out, reflect.ValueOf(v))
	return out
}

func collect(out map[string]uint64, v reflect.Value) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Uint64:
			if n := f.Uint(); n > 0 {
				out[snake(v.Type().Field(i).Name)] = n
			}
		case reflect.Struct:
			collect(out, f)
		}
	}
}

// decodeCounters names the frames by what they were, and adds what else the
// reader counted.
func decodeCounters(res pipeline.Result) map[string]uint64 {
	out := make(map[string]uint64)
	for name, n := range counters(res.Decode.Fragments) {
		if name != "fragments" {
			name = "fragments_" + name
		}
		out[name] = n
	}
	for r, n := range res.Decode.Frames {
		if n > 0 {
			out[decode.Result(r).String()] = n
		}
	}
	for e, n := range res.Decode.Carried {
		if n > 0 {
			out["encapsulated_"+decode.Encapsulation(e).String()] = n
		}
	}
	for name, n := range map[string]uint64{
		"filtered":        res.Filtered,
		"snap_length_cut": res.Cut,
		"time_backward":   res.Clock.Backward,
		"time_jump":       res.Clock.Jumps,
		"shed":            res.Shed.Packets,
		"shed_of_mail":    res.Shed.MailPackets,
	} {
		if n > 0 {
			out[name] = n
		}
	}
	return out
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
