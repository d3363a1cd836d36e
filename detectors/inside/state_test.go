package inside

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"mailsensor/detectors/codec"
)

func saved(t testing.TB, b *Border) []byte {
	t.Helper()
	state, err := b.AppendState(nil)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestStateGoesOn: a Border that loads goes on as the one that saved, and forgets in
// the same order.
func TestStateGoesOn(t *testing.T) {
	whole := New(Config{})
	teach := func(b *Border, from, to int) {
		for i := from; i < to; i++ {
			b.Observe(message("203.0.113.1", "10.0.0.1", "", fmt.Sprintf("x@ours%d.example", i)))
			b.Observe(message("10.0.0.1", "203.0.113.1", "", fmt.Sprintf("x@theirs%d.example", i)))
			b.Domain([]byte("ours7.example")) // is asked for, and stays
		}
	}
	const half, end = maxDomains/2 - 10, maxDomains/2 + 20
	teach(whole, 0, half)
	restored := New(Config{})
	if err := restored.LoadState(saved(t, whole)); err != nil {
		t.Fatal(err)
	}
	teach(whole, half, end)
	teach(restored, half, end)
	if !bytes.Equal(saved(t, whole), saved(t, restored)) {
		t.Error("it goes on differently")
	}
	if whole.learned.Evicted == 0 {
		t.Error("nothing was forgotten: the order is not tested")
	}
	for d, want := range map[string][2]bool{"ours7.example": {true, true}, "ours3.example": {false, false}, "theirs2000.example": {false, true}, "ours2000.example": {true, true}} {
		if in, known := restored.Domain([]byte(d)); in != want[0] || known != want[1] {
			t.Errorf("%s: %v, %v", d, in, known)
		}
	}
}

// FuzzLoadState: whatever a state says, it is refused and nothing has changed, or it is
// stored as it was loaded.
func FuzzLoadState(f *testing.F) {
	b := New(Config{})
	b.Observe(message("203.0.113.1", "10.0.0.1", "", "x@ours.example"))
	b.Observe(message("10.0.0.1", "203.0.113.1", "", "x@theirs.example"))
	good := saved(f, b)
	head := len(codec.Seal(nil, format.Name, format.Version, func(b []byte) []byte { return b })) - 4
	f.Add(good[head : len(good)-4])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		state := codec.Seal(nil, format.Name, format.Version, func(b []byte) []byte { return append(b, body...) })
		n := New(Config{})
		blank := saved(t, n)
		switch err := n.LoadState(state); {
		case err != nil && !errors.Is(err, codec.ErrDamaged):
			t.Fatal(err)
		case err != nil && !bytes.Equal(saved(t, n), blank):
			t.Fatal("what was refused left something behind")
		case err == nil && n.learned.Evicted < 1<<20 && len(body) < 1<<16 && !bytes.Equal(saved(t, n), state):
			t.Fatal("not stored as it was loaded")
		}
	})
}
