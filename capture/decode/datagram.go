package decode

import (
	"bytes"
	"slices"
)

// datagram is one whose fragments are coming in.
type datagram struct {
	key       fragmentKey
	touched   int64
	pieces    []piece // by offset, none overlapping
	bytes     int     // in pieces
	fragments int
	total     int // length; -1 until the last fragment came
	proto     uint8
	ttl       uint8
	whole     []byte // once complete, for telling duplicates; the pieces are gone then
}

// piece is a run of bytes that came, copied out of its frame.
type piece struct {
	offset int
	data   []byte
}

func (p piece) end() int { return p.offset + len(p.data) }

// verdict says how a fragment fits what was there.
type verdict uint8

const (
	fresh verdict = iota
	duplicate
	overlapping
	conflicting
)

func (s *FragmentStats) count(v verdict) {
	switch v {
	case duplicate:
		s.Duplicates++
	case overlapping:
		s.Overlaps++
	case conflicting:
		s.Conflicts++
	}
}

func (d *datagram) cost() int {
	return datagramCost + len(d.whole) + d.bytes + len(d.pieces)*fragmentCost
}

// add takes the packet's bytes as a fragment. Bytes that were there already stay
// as they came first.
func (d *datagram) add(p *packet, offset int, more bool) verdict {
	d.fragments++
	end := offset + len(p.b)
	switch {
	case d.total >= 0 && (end > d.total || !more && end != d.total),
		!more && len(d.pieces) > 0 && d.pieces[len(d.pieces)-1].end() > end:
		return conflicting
	case !more:
		d.total = end
	}
	v := d.insert(offset, p.b)
	if offset == 0 && v != duplicate {
		d.proto, d.ttl = p.proto, p.ttl
	}
	return v
}

// insert copies the parts of data that fill holes.
func (d *datagram) insert(offset int, data []byte) verdict {
	i, _ := slices.BinarySearchFunc(d.pieces, offset, func(p piece, at int) int { return p.end() - at - 1 })
	// d.pieces[i] is the first that ends behind offset.
	if i == len(d.pieces) || d.pieces[i].offset >= offset+len(data) {
		d.put(i, offset, slices.Clone(data))
		return fresh
	}
	own := slices.Clone(data)
	v, filled := overlapping, false
	for len(own) > 0 {
		if i == len(d.pieces) || d.pieces[i].offset >= offset+len(own) {
			d.put(i, offset, own)
			filled = true
			break
		}
		p := d.pieces[i]
		if hole := p.offset - offset; hole > 0 {
			d.put(i, offset, own[:hole:hole])
			filled = true
			i++
			offset, own = p.offset, own[hole:]
		}
		there := p.data[offset-p.offset:]
		n := min(len(there), len(own))
		if !bytes.Equal(there[:n], own[:n]) {
			v = conflicting
		}
		offset, own = offset+n, own[n:]
		i++
	}
	if v == overlapping && !filled {
		return duplicate
	}
	return v
}

func (d *datagram) put(i, offset int, data []byte) {
	d.pieces = slices.Insert(d.pieces, i, piece{offset, data})
	d.bytes += len(data)
}

func (d *datagram) complete() bool { return d.bytes == d.total }

// assemble joins the pieces and returns by how much that changes the cost.
func (d *datagram) assemble() int {
	before := d.cost()
	d.whole = make([]byte, 0, d.total)
	for _, p := range d.pieces {
		d.whole = append(d.whole, p.data...)
	}
	d.pieces, d.bytes = nil, 0
	return d.cost() - before
}

// holds reports whether the whole datagram has these bytes at offset.
func (d *datagram) holds(offset int, b []byte) bool {
	return offset+len(b) <= len(d.whole) && bytes.Equal(d.whole[offset:offset+len(b)], b)
}
