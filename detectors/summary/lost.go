package summary

import (
	"fmt"
	"reflect"
	"strings"
)

// Lost says what came on a wire and was not analysed. A capture in files has none.
type Lost struct {
	KernelDrops         uint64  `json:"packets_dropped_by_kernel"` // the ring was full
	CardDrops           uint64  `json:"packets_dropped_by_card"`
	ShedPackets         uint64  `json:"packets_shed"` // of whole flows that were put aside
	ShedMailPackets     uint64  `json:"packets_shed_of_mail"`
	ShedConnections     uint64  `json:"connections_shed"` // that began meanwhile
	ShedMailConnections uint64  `json:"connections_shed_of_mail"`
	Share               float64 `json:"share"` // packets lost, of those that came
	Text                string  `json:"text"`  // the same in words
}

// Lose notes what was lost, if anything was. What may have been in it nobody knows,
// so that no count of the document is more than a lower bound any longer.
func (d *Document) Lose(l Lost) {
	lost := l.KernelDrops + l.CardDrops + l.ShedPackets
	if lost == 0 {
		return
	}
	// What was shed had been handed over, and is in Packets already.
	l.Share = float64(lost) / float64(max(d.Capture.Packets+l.KernelDrops+l.CardDrops, 1))
	var parts []string
	for _, p := range []struct {
		n    uint64
		text string
	}{{l.KernelDrops, "dropped by the kernel"}, {l.CardDrops, "dropped by the card"}, {l.ShedPackets, "put aside"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.text))
		}
	}
	l.Text = fmt.Sprintf("%d packets (%.2g %%) were not analysed: %s", lost, 100*l.Share, strings.Join(parts, ", "))
	d.Capture.Lost = &l
	for _, counts := range []any{&d.Totals, d.Hosts, d.Accounts, d.Other} {
		weaken(reflect.ValueOf(counts))
	}
}

// weaken turns every confidence in v into that of a lower bound. Estimates stay.
func weaken(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			weaken(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			weaken(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				weaken(v.Field(i))
			}
		}
	default:
		if v.Type() == reflect.TypeFor[Confidence]() && v.CanSet() {
			if c := v.Interface().(Confidence); c == Exact || c == UpperBound {
				v.Set(reflect.ValueOf(LowerBound))
			}
		}
	}
}
