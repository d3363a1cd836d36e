package evidence

import "mailsensor/capture"

// ring holds the latest segments, within a number of octets. Old ones make room.
type ring struct {
	entries     []entry
	first, n    int // of entries
	slab        []byte
	write       int // octets of payload so far, which is where in slab the next one goes
	overwritten uint64
}

// entry is a segment, its payload in the slab.
type entry struct {
	seg      capture.Segment
	at, size int
}

const entrySize = 144

// newRing makes a ring of about so many octets: a fifth of it for what is not payload.
func newRing(octets int) *ring {
	return &ring{entries: make([]entry, max(octets/5/entrySize, 16)), slab: make([]byte, max(octets/5*4, 1<<16))}
}

// add copies a segment.
func (r *ring) add(s *capture.Segment) {
	size := len(s.Payload)
	if size > len(r.slab) {
		return
	}
	if left := len(r.slab) - r.write%len(r.slab); left < size { // the end of the slab stays unused
		r.write += left
	}
	for r.n == len(r.entries) || r.n > 0 && r.write+size-r.entries[r.first].at > len(r.slab) {
		r.drop()
	}
	e := &r.entries[(r.first+r.n)%len(r.entries)]
	*e = entry{seg: *s, at: r.write}
	e.seg.Payload, e.seg.Key.VLAN = nil, 0
	e.size = copy(r.payload(r.write, size), s.Payload)
	r.write += size
	r.n++
}

func (r *ring) payload(at, size int) []byte {
	at %= len(r.slab)
	return r.slab[at : at+size]
}

func (r *ring) drop() {
	r.first = (r.first + 1) % len(r.entries)
	r.n--
	r.overwritten++
}

// find calls each with the segments of a flow from a packet on, oldest first; they are
// borrowed.
func (r *ring) find(key *capture.Key, from uint64, each func(*capture.Segment)) {
	for i := range r.n {
		e := &r.entries[(r.first+i)%len(r.entries)]
		if e.seg.Key == *key && e.seg.Index >= from {
			s := e.seg
			s.Payload = r.payload(e.at, e.size)
			each(&s)
		}
	}
}
