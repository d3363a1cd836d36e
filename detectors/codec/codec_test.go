package codec

import (
	"errors"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mailsensor/detectors/recent"
)

var (
	address = netip.MustParseAddr("2001:db8::1")
	network = netip.MustParsePrefix("192.0.2.0/24")
)

func fill(b []byte) []byte {
	b = U64(b, 1, math.MaxUint64)
	b = F64(b, -.5)
	b = Truth(b, true, false)
	b = Text(b, "text")
	b = Bytes(b, "octets\xff")
	b = Prefix(Addr(Addr(b, address), netip.Addr{}), network)
	return List(b, []string{"a", "b"}, func(b []byte, s *string) []byte { return Text(b, *s) })
}

func TestRoundTrip(t *testing.T) {
	sealed := Seal([]byte("before"), "test", 3, fill)[6:]
	r, err := Open(sealed, "test", 3)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := r.U64(), r.I64(); a != 1 || b != -1 {
		t.Error(a, b)
	}
	if f := r.F64(); f != -.5 {
		t.Error(f)
	}
	if a, b := r.Truth(), r.Truth(); !a || b {
		t.Error(a, b)
	}
	if a, b := r.Text(), string(r.Bytes()); a != "text" || b != "octets\xff" {
		t.Errorf("%q %q", a, b)
	}
	if a, b, c := r.Addr(), r.Addr(), r.Prefix(); a != address || b.IsValid() || c != network {
		t.Error(a, b, c)
	}
	if l := ReadList(r, 2, func(s *string) { *s = r.Text() }); !slices.Equal(l, []string{"a", "b"}) {
		t.Errorf("%q", l)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	sealed := Seal(nil, "test", 3, fill)
	for what, c := range map[string]struct {
		src     []byte
		name    string
		version uint16
		want    error
	}{
		"another's":   {sealed, "tes", 3, ErrDamaged},
		"newer":       {sealed, "test", 2, ErrNewer},
		"older":       {sealed, "test", 4, ErrOlder},
		"cut":         {sealed[:len(sealed)-1], "test", 3, ErrDamaged},
		"longer":      {append(slices.Clone(sealed), 0), "test", 3, ErrDamaged},
		"nothing":     {nil, "test", 3, ErrDamaged},
		"a line only": {[]byte("mailsensor test\n"), "test", 3, ErrDamaged},
	} {
		if _, err := Open(c.src, c.name, c.version); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := OpenSince(sealed, "test", 4, 5); !errors.Is(err, ErrOlder) {
		t.Error(err)
	}
	r, err := OpenSince(sealed, "test", 2, 4)
	if err != nil || r.Version != 3 {
		t.Fatal(err)
	}
	if r.U64(); r.Close() == nil {
		t.Error("what is left over is no error")
	}
}

// What cannot be makes the Reader bad, for good, and all that is read then is zero.
func TestImpossible(t *testing.T) {
	for what, c := range map[string]struct {
		body []byte
		read func(r *Reader) any
	}{
		"not there":       {nil, func(r *Reader) any { return r.U64() }},
		"no number":       {F64(nil, math.NaN()), func(r *Reader) any { return r.F64() }},
		"without end":     {F64(nil, math.Inf(1)), func(r *Reader) any { return r.F64() }},
		"half true":       {[]byte{2}, func(r *Reader) any { return r.Truth() }},
		"text is short":   {[]byte{9, 0, 'x'}, func(r *Reader) any { return r.Text() }},
		"octets":          {U64(nil, 1<<60), func(r *Reader) any { return len(r.Bytes()) }},
		"no address":      {Text(nil, "10.0.0"), func(r *Reader) any { return r.Addr().IsValid() }},
		"no network":      {Text(nil, "10.0.0.0"), func(r *Reader) any { return r.Prefix().IsValid() }},
		"too large":       {U64(nil, 8), func(r *Reader) any { return r.Upto(7) }},
		"many":            {U64(nil, 1<<62), func(r *Reader) any { return r.Count(1) }},
		"more than there": {U64(nil, 2, 3), func(r *Reader) any { return r.Count(8) }},
		"list is long":    {U64(nil, 2, 3, 4), func(r *Reader) any { return len(ReadList(r, 1, func(n *uint64) { *n = r.U64() })) }},
		"list is short":   {U64(nil, 2, 3), func(r *Reader) any { return len(ReadList(r, 9, func(n *uint64) { *n = r.U64() })) }},
	} {
		r, err := Open(Seal(nil, "test", 1, func(b []byte) []byte { return append(b, c.body...) }), "test", 1)
		if err != nil {
			t.Fatal(err)
		}
		if v := c.read(r); !r.Bad || v != any(false) && v != any("") && v != any(0) && v != any(uint64(0)) && v != any(0.) {
			t.Errorf("%s: %v, bad %v", what, v, r.Bad)
		}
		if r.U64() != 0 || !errors.Is(r.Close(), ErrDamaged) {
			t.Errorf("%s: it recovered", what)
		}
	}
}

func TestLongText(t *testing.T) {
	r, err := Open(Seal(nil, "test", 1, func(b []byte) []byte { return Text(b, strings.Repeat("x", 1<<17)) }), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Text(); len(s) != math.MaxUint16 || r.Close() != nil {
		t.Error(len(s))
	}
}

// A table goes on forgetting in its order, also where there is less room than there was,
// and says how many it forgot. No name can be there twice.
func TestTable(t *testing.T) {
	big := recent.New[string, int](3)
	for i, k := range []string{"a", "b", "c", "d"} {
		*big.Insert(k) = i
	}
	big.Get("b")
	write := func(b []byte) []byte {
		return Table(b, big, func(b []byte, k string, v *int) []byte { return U64(Text(b, k), uint64(*v)) })
	}
	for room, want := range map[int]string{3: "bdc", 2: "bd"} {
		r, err := Open(Seal(nil, "test", 1, write), "test", 1)
		if err != nil {
			t.Fatal(err)
		}
		got, order := recent.New[string, int](room), ""
		ReadTable(r, got, r.Text, func(_ string, v *int) { *v += int(r.U64()) })
		for k, v := range got.All {
			if order += k; *v != int(k[0]-'a') {
				t.Error(k, *v)
			}
		}
		if err := r.Close(); err != nil || order != want || got.Evicted != uint64(4-room) {
			t.Error(err, order, got.Evicted)
		}
	}
	twice := Seal(nil, "test", 1, func(b []byte) []byte { return Text(Text(U64(b, 0, 2), "a"), "a") })
	r, err := Open(twice, "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	if ReadTable(r, recent.New[string, int](3), r.Text, func(string, *int) {}); r.Close() == nil {
		t.Error("a name is there twice")
	}
}

func FuzzReader(f *testing.F) {
	f.Add(fill(nil), []byte("\x00\x01\x02\x03\x04\x05\x06\x07"))
	f.Fuzz(func(t *testing.T, body, calls []byte) {
		r, err := Open(Seal(nil, "test", 1, func(b []byte) []byte { return append(b, body...) }), "test", 1)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, c := range calls {
			switch c % 8 {
			case 0:
				r.U64()
			case 1:
				r.F64()
			case 2:
				r.Truth()
			case 3:
				size += len(r.Text())
			case 4:
				size += len(r.Bytes())
			case 5:
				r.Addr()
			case 6:
				r.Prefix()
			case 7:
				size += len(ReadList(r, 1<<20, func(b *bool) { *b = r.Truth() }))
			}
		}
		if size > len(body) {
			t.Errorf("%d octets out of %d", size, len(body))
		}
	})
}
