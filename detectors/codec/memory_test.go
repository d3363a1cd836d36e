package codec

import (
	"errors"
	"testing"

	"mailsensor/detectors/recent"
)

type memory struct {
	Tables
	table *recent.Table[string, uint64]
}

func newMemory() *memory {
	m := &memory{table: recent.New[string, uint64](10)}
	m.Tables = Bounded(m.table)
	return m
}

// What is loaded is as large as the bound that was lowered allows, and a state that is
// refused leaves all as it was.
func TestLoad(t *testing.T) {
	f := Format{Name: "test", Version: 3, Oldest: 2}
	write := func(v uint16, names ...string) []byte {
		from := newMemory()
		for _, n := range names {
			*from.table.Insert(n) = 7
		}
		f := f
		f.Version = v
		state, err := f.Seal(nil, func(b []byte) []byte {
			return Table(b, from.table, func(b []byte, k string, v *uint64) []byte { return U64(Text(b, k), *v) })
		})
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	m := newMemory()
	load := func(f Format, src []byte) error {
		n := newMemory()
		return Load(m, n, f, src, func(r *Reader) {
			ReadTable(r, n.table, r.Text, func(_ string, v *uint64) { *v = r.U64() })
		})
	}
	m.Within(2)
	m.Within(4) // never raises it
	for version := uint16(2); version <= 3; version++ {
		if err := load(f, write(version, "a", "b", "c")); err != nil || m.table.Len() != 2 || m.table.Evicted != 1 || m.table.Peek("c") == nil {
			t.Fatal(err, m.table.Len(), m.table.Evicted)
		}
	}
	one := Format{Name: "test", Version: 3}
	for what, c := range map[string]struct {
		format Format
		state  []byte
		want   error
	}{
		"newer":                {f, write(4), ErrNewer},
		"older":                {f, write(1), ErrOlder},
		"only one can be read": {one, write(2), ErrOlder},
		"cut":                  {f, write(3)[:9], ErrDamaged},
		"left over":            {f, Seal(nil, "test", 3, func(b []byte) []byte { return U64(b, 0, 0, 0) }), ErrDamaged},
	} {
		if err := load(c.format, c.state); !errors.Is(err, c.want) || m.table.Len() != 2 || m.table.Peek("c") == nil {
			t.Error(what, err, m.table.Len())
		}
	}
}

// Narrow numbers are read as they are written, and what is not there is zero.
func TestNarrow(t *testing.T) {
	r := NewReader("test", []byte{1, 2, 0, 3, 0, 0, 0, 0, 0, 128, 63, 9})
	if a, b, c, d := r.U8(), r.U16(), r.U32(), r.F32(); a != 1 || b != 2 || c != 3 || d != 1 || r.Len() != 1 || r.Bad {
		t.Error(a, b, c, d, r.Len())
	}
	if r.Take(1<<40) != nil || !r.Bad || r.U8() != 0 || r.U16() != 0 || r.F32() != 0 {
		t.Error("octets that are not there")
	}
}
