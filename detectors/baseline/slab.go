package baseline

// slab hands out values by number. They live in chunks that do not move; 0 is
// nobody's number.
type slab[T any] struct {
	chunks [][]T
	free   []uint32
	next   uint32
}

// chunk is large enough for what the allocator rounds up not to matter.
const chunk = 1 << 10

func (s *slab[T]) at(i uint32) *T { return &s.chunks[i/chunk][i%chunk] }

// take returns the number of a zero value.
func (s *slab[T]) take() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	s.next++
	if int(s.next/chunk) == len(s.chunks) {
		s.chunks = append(s.chunks, make([]T, chunk))
	}
	return s.next
}

// used is how many values were taken and not given back.
func (s *slab[T]) used() int { return int(s.next) - len(s.free) }

func (s *slab[T]) give(i uint32) {
	if i == 0 {
		return
	}
	var zero T
	*s.at(i) = zero
	s.free = append(s.free, i)
}
