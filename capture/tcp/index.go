package tcp

import "mailsensor/capture"

// slot of the hash table: 32 bits of the hash beside the flow's number, so that
// a probe rarely touches a flow that is not the one, and growing touches none.
type slot struct {
	tag  uint32
	flow uint32 // 0: free
}

// index finds flows by key: open addressing, linear probing, deletion by
// shifting back, at most half full. What it finds does not depend on its
// layout.
type index struct {
	slots []slot
	mask  uint32
	used  int
}

func newIndex() index { return index{slots: make([]slot, 64), mask: 63} }

func (t *Table) find(s *capture.Segment) uint32 {
	tag := uint32(s.Hash)
	for i := tag & t.index.mask; ; i = (i + 1) & t.index.mask {
		sl := t.index.slots[i]
		if sl.flow == 0 {
			return 0
		}
		if sl.tag == tag && t.flow(sl.flow).key == s.Key {
			return sl.flow
		}
	}
}

func (x *index) insert(tag, flow uint32) {
	if x.used++; x.used*2 > len(x.slots) {
		old := x.slots
		x.slots = make([]slot, 2*len(old))
		x.mask = uint32(len(x.slots) - 1)
		for _, sl := range old {
			if sl.flow != 0 {
				x.place(sl)
			}
		}
	}
	x.place(slot{tag, flow})
}

func (x *index) place(sl slot) {
	i := sl.tag & x.mask
	for x.slots[i].flow != 0 {
		i = (i + 1) & x.mask
	}
	x.slots[i] = sl
}

func (x *index) remove(tag, flow uint32) {
	i := tag & x.mask
	for x.slots[i].flow != flow {
		i = (i + 1) & x.mask
	}
	x.used--
	for j := i; ; {
		j = (j + 1) & x.mask
		sl := x.slots[j]
		if sl.flow == 0 {
			break
		}
		if (j-sl.tag)&x.mask >= (j-i)&x.mask { // its own place is not behind the free one
			x.slots[i] = sl
			i = j
		}
	}
	x.slots[i] = slot{}
}
