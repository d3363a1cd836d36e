package window

import (
	"bytes"
	"testing"
)

func thing(i int) uint64 { return uint64(i) * 0x9e3779b97f4a7c15 }

func TestDistinct(t *testing.T) {
	var d Distinct
	const span = 24 * 60 * minute
	at := int64(1_790_000_000e9)
	n := 0
	for round := range 3 {
		for i := range 1000 {
			if d.Add(at+int64(round)*60*minute+int64(i), span, thing(i)) {
				n++
			}
		}
	}
	if n < 999 || n > 1000 {
		t.Errorf("%d distinct, want 1000", n)
	}
	if !d.Add(at+3*span, span, thing(5)) {
		t.Error("known after three spans")
	}
	if d.Add(at+3*span+span/2+1, span, thing(5)) {
		t.Error("forgotten after half a span")
	}
	for i := range uint64(3 * maxThings) {
		d.Add(at+4*span, span, thing(int(i)+7))
	}
	if !d.Full() {
		t.Error("no bound")
	}
}

func TestDistinctState(t *testing.T) {
	const span = 24 * 60 * minute
	var d, e Distinct
	for i := range 1000 {
		d.Add(int64(i)*span/800, span, thing(i))
	}
	state := d.Append([]byte("x"))[1:]
	rest, ok := e.Load(append(state, 7))
	if !ok || len(rest) != 1 || !bytes.Equal(e.Append(nil), state) {
		t.Fatalf("%v, %d octets left", ok, len(rest))
	}
	for i := range 2000 {
		at := 1000*span/800 + int64(i)
		if d.Add(at, span, thing(i)) != e.Add(at, span, thing(i)) {
			t.Fatalf("differ about %d", i)
		}
	}
	for n := range len(state) {
		if _, ok := e.Load(state[:n]); ok {
			t.Fatalf("%d of %d octets are taken for a state", n, len(state))
		}
	}
}
