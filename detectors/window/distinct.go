package window

import (
	"encoding/binary"
	"slices"
)

// Distinct knows which things were seen within about the last span of time: all
// of the last half of it, and none beyond the whole. It holds 32 bits of each
// hash, so that of 1,000 things one in 8,000 times one is taken for another.
type Distinct struct {
	now, before table
	start       int64 // of now
	full        bool
}

// maxThings bounds each half of a Distinct.
const maxThings = 1 << 14

// Add notes a thing at time t and reports whether it was not known. Beyond the
// bound nothing is new: what is counted by it becomes a lower bound.
func (d *Distinct) Add(t, span int64, hash uint64) (fresh bool) {
	switch half := span / 2; {
	case t-d.start >= span:
		d.now.reset()
		d.before.reset()
		d.start, d.full = t, false
	case t-d.start >= half:
		d.now, d.before = d.before, d.now
		d.now.reset()
		d.start += half
	}
	h := uint32(hash>>32) ^ uint32(hash)
	if h == 0 {
		h = 1
	}
	if d.before.has(h) || d.now.has(h) {
		return false
	}
	if d.now.n == maxThings {
		d.full = true
		return false
	}
	d.now.add(h)
	return true
}

// Full reports that the bound was hit.
func (d *Distinct) Full() bool { return d.full }

// table is a set of hashes that are not 0, by open addressing.
type table struct {
	slots []uint32
	n     int
}

func (t *table) reset() {
	if len(t.slots) > 64 {
		t.slots = nil
	}
	clear(t.slots)
	t.n = 0
}

func (t *table) has(h uint32) bool {
	if t.n == 0 {
		return false
	}
	mask := uint32(len(t.slots) - 1)
	for i := h * 2654435769 & mask; t.slots[i] != 0; i = (i + 1) & mask {
		if t.slots[i] == h {
			return true
		}
	}
	return false
}

func (t *table) add(h uint32) {
	if 4*(t.n+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]uint32, max(16, 2*len(old)))
		for _, o := range old {
			if o != 0 {
				t.put(o)
			}
		}
	}
	t.put(h)
	t.n++
}

func (t *table) put(h uint32) {
	mask := uint32(len(t.slots) - 1)
	i := h * 2654435769 & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = h
}

// Append appends the state of the set to dst: the same for the same members.
func (d *Distinct) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(d.start))
	full := byte(0)
	if d.full {
		full = 1
	}
	dst = append(dst, full)
	for _, t := range []*table{&d.now, &d.before} {
		members := make([]uint32, 0, t.n)
		for _, h := range t.slots {
			if h != 0 {
				members = append(members, h)
			}
		}
		slices.Sort(members)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(members)))
		for _, h := range members {
			dst = binary.LittleEndian.AppendUint32(dst, h)
		}
	}
	return dst
}

// Load takes over what Append wrote at the beginning of src, and returns the rest;
// ok is false, and d empty, where src does not begin like that.
func (d *Distinct) Load(src []byte) (rest []byte, ok bool) {
	*d = Distinct{}
	if len(src) < 9 || src[8] > 1 {
		return nil, false
	}
	n := Distinct{start: int64(binary.LittleEndian.Uint64(src)), full: src[8] == 1}
	src = src[9:]
	for _, t := range []*table{&n.now, &n.before} {
		if len(src) < 4 {
			return nil, false
		}
		members := binary.LittleEndian.Uint32(src)
		if src = src[4:]; members > maxThings || int(members) > len(src)/4 {
			return nil, false
		}
		for range members {
			h := binary.LittleEndian.Uint32(src)
			if src = src[4:]; h == 0 || t.has(h) {
				return nil, false
			}
			t.add(h)
		}
	}
	*d = n
	return src, true
}
