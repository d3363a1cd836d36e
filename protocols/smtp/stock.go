package smtp

import (
	"sync"
	"unsafe"

	"mailsensor/protocols/mime"
)

// stock is where parsers take from what they need only at times, so that an idle
// connection holds none of it. Those of all workers share it: two short visits a
// message are no reason for one stock a worker.
type stock struct {
	mime mime.Options // what is wanted of contents

	mu           sync.Mutex
	parsers      shelf[parser] // the driver keeps the used ones
	transactions shelf[transaction]
	logins       shelf[login]
}

func (s *stock) parser() *parser {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.parsers.take()
	p.stock = s
	return p
}

func (s *stock) transaction() *transaction {
	s.mu.Lock()
	tx := s.transactions.take()
	s.mu.Unlock()
	if tx.rcpts == nil { // a new one
		tx.clear()
	}
	return tx
}

// putTransaction takes back tx, without what large mail made it grow by.
func (s *stock) putTransaction(tx *transaction) {
	tx.clear()
	tx.facts.Reset(mime.Options{})
	s.mu.Lock()
	s.transactions.put(tx)
	s.mu.Unlock()
}

func (s *stock) login() *login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logins.take()
}

func (s *stock) putLogin(l *login) {
	l.lost = false
	l.exchange.Reset()
	s.mu.Lock()
	s.logins.put(l)
	s.mu.Unlock()
}

// Values of a shelf are allocated some at a time; how many unused ones it keeps
// is what a wave of traffic may leave behind.
const (
	shelfBytes = 20 << 10
	maxUnused  = 1024
)

// reuse empties s. One that is missing, or too much larger than its room to be
// kept, is replaced.
func reuse[T any](s, room []T) []T {
	if cap(s) == 0 || cap(s) > 16*len(room) {
		return room[:0]
	}
	return s[:0]
}

// shelf holds values that are used again. It keeps them when the collector runs,
// as a sync.Pool does not.
type shelf[T any] struct {
	unused []*T
	fresh  []T // never used
}

func (s *shelf[T]) take() *T {
	if n := len(s.unused); n > 0 {
		x := s.unused[n-1]
		s.unused[n-1] = nil
		s.unused = s.unused[:n-1]
		return x
	}
	if len(s.fresh) == 0 {
		s.fresh = make([]T, max(1, shelfBytes/unsafe.Sizeof(*new(T))))
		clear(s.fresh) // memory that is read before it is written costs two page faults
	}
	x := &s.fresh[0]
	s.fresh = s.fresh[1:]
	return x
}

func (s *shelf[T]) put(x *T) {
	if len(s.unused) < maxUnused {
		s.unused = append(s.unused, x)
	}
}
