package imap

import "slices"

// Bounds of what is remembered of a selected mailbox.
const (
	maxSpans   = 256
	maxLinks   = 1024
	firstLinks = 4 // within the sequence; then eight times as many
)

// span is a run of numbers, both ends included.
type span struct{ first, last uint32 }

// spans is a set of numbers as sorted runs that do not touch.
type spans []span

// search returns the index of the first run that ends at n or behind it.
func (s spans) search(n uint32) int {
	lo, hi := 0, len(s)
	for lo < hi {
		if mid := (lo + hi) / 2; s[mid].last < n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (s spans) has(n uint32) bool {
	i := s.search(n)
	return i < len(s) && s[i].first <= n
}

// add puts first to last into the set, unless that needs a run too many.
func (s *spans) add(first, last uint32) bool {
	i := s.search(first)
	if i > 0 && (*s)[i-1].last+1 == first {
		i--
	}
	j := i
	for j < len(*s) && ((*s)[j].first <= last || (*s)[j].first == last+1) {
		first, last = min(first, (*s)[j].first), max(last, (*s)[j].last)
		j++
	}
	if i == j && len(*s) >= maxSpans {
		return false
	}
	*s = slices.Replace(*s, i, j, span{first, last})
	return true
}

// link says that the messages at n positions from pos on have UIDs from uid on.
type link struct{ pos, uid, n uint32 }

// sequence follows which message a sequence number means. A position is the
// sequence number that a message had, or would have had, without the EXPUNGEs of
// this selection (RFC 9051, section 7.5.1).
type sequence struct {
	gone  spans  // positions that were expunged
	links []link // by position
	vague bool   // expunges were missed, or there were too many: positions may be wrong
	room  [firstLinks]link
}

func (s *sequence) reset() {
	s.gone, s.links, s.vague = s.gone[:0], s.links[:0], false
	if n := cap(s.links); n < firstLinks || n > 64 {
		s.links = s.room[:0]
	}
	if cap(s.gone) > 64 {
		s.gone = nil
	}
}

// lose says that responses are missing: sequence numbers may have moved.
func (s *sequence) lose() {
	s.links, s.vague = s.links[:0], true
}

func (s *sequence) position(seq uint32) uint32 {
	pos := uint64(seq)
	for _, g := range s.gone {
		if uint64(g.first) > pos {
			break
		}
		pos += uint64(g.last-g.first) + 1
	}
	return uint32(min(pos, 1<<32-1))
}

func (s *sequence) expunge(seq uint32) {
	if pos := s.position(seq); !s.gone.add(pos, pos) {
		s.vague = true
	}
}

// vanish takes out the messages with the UIDs first to last (RFC 7162, section
// 3.2.10). Those whose position is not known make the positions vague.
func (s *sequence) vanish(first, last uint32) {
	found := uint64(0)
	for _, l := range s.links {
		lo, hi := max(first, l.uid), min(last, l.uid+l.n-1)
		if lo > hi || hi < l.uid {
			continue
		}
		if !s.gone.add(l.pos+lo-l.uid, l.pos+hi-l.uid) {
			s.vague = true
		}
		found += uint64(hi-lo) + 1
	}
	if found <= uint64(last-first) {
		s.vague = true
	}
}

// search returns the index of the first link behind pos.
func (s *sequence) search(pos uint32) int {
	lo, hi := 0, len(s.links)
	if hi > 0 && s.links[hi-1].pos <= pos {
		return hi
	}
	for lo < hi {
		if mid := (lo + hi) / 2; s.links[mid].pos <= pos {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// uid returns the UID of the message at pos; 0: not known.
func (s *sequence) uid(pos uint32) uint32 {
	if i := s.search(pos); i > 0 {
		if l := s.links[i-1]; pos-l.pos < l.n {
			return l.uid + pos - l.pos
		}
	}
	return 0
}

// learn notes the UID of the message at pos, and what follows from it: UIDs
// ascend with positions from 1 on (RFC 9051, section 2.3.1), so that two messages
// as far apart in one as in the other leave no choice to those between them. It
// returns the run of positions whose UIDs were not known before; empty: none.
func (s *sequence) learn(pos, uid uint32) (fresh span) {
	switch s.uid(pos) {
	case uid:
		return span{1, 0}
	case 0:
	default: // the count of messages went wrong somewhere
		s.lose()
	}
	i := s.search(pos)
	var before link // ends with the last message in front of pos that is known
	if i > 0 {
		before = s.links[i-1]
	}
	end := span{before.pos + before.n - 1, before.uid + before.n - 1}
	if i == 0 {
		end = span{0, 0}
	}
	fresh = span{pos, pos}
	if !s.vague && pos-end.first == uid-end.last {
		fresh.first = end.first + 1
	}
	if i < len(s.links) && !s.vague {
		if next := s.links[i]; next.uid > uid && next.pos-pos == next.uid-uid {
			fresh.last = next.pos - 1
		}
	}
	s.insert(i, link{fresh.first, uid - (pos - fresh.first), fresh.last - fresh.first + 1})
	return fresh
}

// insert puts l between the links i-1 and i, and joins what touches.
func (s *sequence) insert(i int, l link) {
	j := i
	if i > 0 {
		if b := s.links[i-1]; b.pos+b.n == l.pos && b.uid+b.n == l.uid {
			l = link{b.pos, b.uid, b.n + l.n}
			i--
		}
	}
	if j < len(s.links) {
		if a := s.links[j]; l.pos+l.n == a.pos && l.uid+l.n == a.uid {
			l.n += a.n
			j++
		}
	}
	if i < j || len(s.links) < maxLinks {
		if n := len(s.links); i == j && n == cap(s.links) {
			s.links = slices.Grow(s.links, max(firstLinks, 7*n))
		}
		s.links = slices.Replace(s.links, i, j, l)
	}
}
