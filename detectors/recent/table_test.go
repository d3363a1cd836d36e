package recent

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is the same table, written the slow and obvious way: keys by recency.
type model struct {
	keys    []uint8
	values  map[uint8]int
	evicted uint64
}

func (m *model) touch(k uint8) {
	m.keys = slices.DeleteFunc(m.keys, func(o uint8) bool { return o == k })
	m.keys = append([]uint8{k}, m.keys...)
}

func TestTableAgainstModel(t *testing.T) {
	const max = 9
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		table := New[uint8, int](max)
		table.clock = math.MaxUint32 - uint32(rnd.IntN(600)) // that it runs out is nothing to see
		m := &model{values: map[uint8]int{}}
		for step := range 300 {
			k := uint8(rnd.IntN(20))
			_, known := m.values[k]
			switch v := table.Get(k); {
			case (v != nil) != known:
				t.Fatalf("step %d: key %d: found %v, want %v", step, k, v != nil, known)
			case known && *v != m.values[k]:
				t.Fatalf("step %d: key %d holds %d, want %d", step, k, *v, m.values[k])
			case known && rnd.IntN(4) == 0:
				table.Delete(k)
				delete(m.values, k)
				m.keys = slices.DeleteFunc(m.keys, func(o uint8) bool { return o == k })
			case known:
				m.touch(k)
			default:
				*table.Insert(k) = step
				if len(m.keys) == max {
					delete(m.values, m.keys[max-1])
					m.keys = m.keys[:max-1]
					m.evicted++
				}
				m.touch(k)
				m.values[k] = step
			}
			var got []uint8
			for k := range table.All {
				got = append(got, k)
			}
			if !slices.Equal(got, m.keys) || table.Len() != len(m.keys) || table.Evicted != m.evicted {
				t.Fatalf("step %d: %v, want %v; evicted %d, want %d", step, got, m.keys, table.Evicted, m.evicted)
			}
			each := 0
			for k, v := range table.Each {
				if each++; *v != m.values[k] {
					t.Fatalf("step %d: key %d holds %d", step, k, *v)
				}
			}
			if each != len(got) {
				t.Fatalf("step %d: %d of %d", step, each, len(got))
			}
			if k, v := table.Oldest(); (v != nil) != (len(m.keys) > 0) || v != nil && k != m.keys[len(m.keys)-1] {
				t.Fatalf("step %d: oldest %d", step, k)
			}
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	table := New[uint32, [4]uint64](100)
	k := uint32(0)
	step := func() {
		if table.Get(k%150) == nil {
			table.Insert(k % 150)
		}
		k += 7
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestGetBytesDoesNotAllocate(t *testing.T) {
	table := New[string, int](4)
	key := []byte("a key that is longer than thirty-two bytes, so that it would be copied to the heap")
	*table.Insert(string(key)) = 5
	if n := testing.AllocsPerRun(100, func() {
		if v := GetBytes(table, key); v == nil || *v != 5 {
			t.Fatal("not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A table that was made smaller has forgotten the oldest, counted them, and stays so.
func TestWithin(t *testing.T) {
	table := New[int, int](8)
	for i := range 8 {
		table.Insert(i)
	}
	table.Within(3)
	table.Within(5)
	table.Insert(8)
	if table.Len() != 3 || table.Evicted != 6 || table.Peek(8) == nil || table.Peek(7) == nil || table.Peek(5) != nil {
		t.Errorf("%d, %d forgotten", table.Len(), table.Evicted)
	}
}
