package window

import "testing"

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
