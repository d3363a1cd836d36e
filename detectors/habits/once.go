package habits

import "mailsensor/detectors/baseline"

// once knows what was counted in the open window: pairs of an entity and a thing. It
// is bounded; beyond that nothing is new, and counts of distinct things are lower
// bounds.
type once struct {
	slots []uint64
	n     int
	full  uint64 // times that there was no room
}

// maxOnce bounds what is known of a window.
const maxOnce = 1 << 18

// add reports whether a thing is new to an entity, by their hashes.
func (o *once) add(entity uint64, m baseline.Metric, thing uint64) bool {
	h := mix(mix(entity+uint64(m)) ^ thing)
	return o.put(max(h, 1))
}

// put takes up a hash that is not 0 and reports whether it was not there.
func (o *once) put(h uint64) bool {
	if h == 0 {
		return false
	}
	if 4*(o.n+1) > 3*len(o.slots) && !o.grow() {
		o.full++
		return false
	}
	i := o.find(h)
	if o.slots[i] == h {
		return false
	}
	o.slots[i] = h
	o.n++
	return true
}

// find returns where h is, or is to be.
func (o *once) find(h uint64) uint64 {
	mask := uint64(len(o.slots) - 1)
	i := h & mask
	for o.slots[i] != 0 && o.slots[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (o *once) grow() bool {
	if len(o.slots) >= 2*maxOnce {
		return false
	}
	old := o.slots
	o.slots = make([]uint64, max(256, 2*len(old)))
	for _, h := range old {
		if h != 0 {
			o.slots[o.find(h)] = h
		}
	}
	return true
}

func (o *once) reset() {
	clear(o.slots)
	o.n = 0
}
