package detectortest

import (
	"bytes"
	"reflect"
	"testing"
)

// Memory is what outlives the process: a detectors.Learner, or what stands beside them.
type Memory interface {
	AppendState(dst []byte) ([]byte, error)
	LoadState(src []byte) error
}

// Reload lets other take over the state of m, and checks that it stores the same.
func Reload(t testing.TB, m, other Memory) {
	t.Helper()
	state, err := m.AppendState(nil)
	if err == nil {
		err = other.LoadState(state)
	}
	if err != nil {
		t.Fatal(err)
	}
	if again, err := other.AppendState(nil); err != nil || !bytes.Equal(again, state) {
		t.Error("what was loaded is stored differently", err)
	}
}

// Same compares what was kept, of which no field may be zero but those named: a new field
// is not forgotten in the state.
func Same[T any](t testing.TB, got *T, want T, zero ...string) {
	t.Helper()
	if got == nil {
		t.Fatal("it was forgotten")
	}
	v := reflect.ValueOf(want)
	for i := range v.NumField() {
		name, without := v.Type().Field(i).Name, false
		for _, z := range zero {
			without = without || z == name
		}
		if v.Field(i).IsZero() != without {
			t.Errorf("%s of %T: zero is %v", name, want, !without)
		}
	}
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("%+v\nwant %+v", *got, want)
	}
}
