package recent

// index finds the numbers of entries by a hash of their keys: open addressing, with the
// hash beside the number, so that other entries are rarely looked at.
type index struct {
	slots []uint64 // hash in the upper half, number+1 in the lower; 0 is free
	n     int
}

const fewSlots = 8

func (x *index) insert(hash, number uint32) {
	if 4*(x.n+1) > 3*len(x.slots) {
		old := x.slots
		x.slots = make([]uint64, max(fewSlots, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				x.place(s)
			}
		}
	}
	x.place(uint64(hash)<<32 | uint64(number+1))
	x.n++
}

func (x *index) place(s uint64) {
	mask := uint32(len(x.slots) - 1)
	at := uint32(s>>32) & mask
	for x.slots[at] != 0 {
		at = (at + 1) & mask
	}
	x.slots[at] = s
}

// remove takes out a number that is there; what stands behind it moves up.
func (x *index) remove(hash, number uint32) {
	mask := uint32(len(x.slots) - 1)
	at := hash & mask
	for x.slots[at] != uint64(hash)<<32|uint64(number+1) {
		at = (at + 1) & mask
	}
	x.n--
	for next := (at + 1) & mask; x.slots[next] != 0; next = (next + 1) & mask {
		home := uint32(x.slots[next]>>32) & mask
		if (next-home)&mask >= (next-at)&mask { // it may stand at the gap
			x.slots[at] = x.slots[next]
			at = next
		}
	}
	x.slots[at] = 0
}
