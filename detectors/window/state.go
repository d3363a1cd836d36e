package window

import "encoding/binary"

// Append appends the state of the counter to dst.
func (c *Count[N]) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.last))
	for _, n := range c.n {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(n))
	}
	return dst
}

// Load takes over what Append wrote at the beginning of src, and returns the rest.
// Where ok is false nothing has changed.
func (c *Count[N]) Load(src []byte) (rest []byte, ok bool) {
	if len(src) < 8*(1+parts) {
		return nil, false
	}
	n := Count[N]{last: int64(binary.LittleEndian.Uint64(src))}
	if n.last < 0 {
		return nil, false
	}
	for i := range n.n {
		in := binary.LittleEndian.Uint64(src[8*(1+i):])
		if in > uint64(^N(0)-n.sum) {
			return nil, false
		}
		n.n[i] = N(in)
		n.sum += N(in)
	}
	*c = n
	return src[8*(1+parts):], true
}

// Append appends the state of the set to dst.
func (s *Set) Append(dst []byte) []byte {
	full := uint32(0)
	if s.full {
		full = 1
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s.members))<<1|full)
	for _, m := range s.members {
		dst = binary.LittleEndian.AppendUint64(dst, m.hash)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(m.seen))
	}
	return dst
}

// Load takes over what Append wrote at the beginning of src, and returns the rest.
// Where ok is false nothing has changed.
func (s *Set) Load(src []byte) (rest []byte, ok bool) {
	if len(src) < 4 {
		return nil, false
	}
	head := binary.LittleEndian.Uint32(src)
	members := head >> 1
	if src = src[4:]; members > maxMembers || len(src) < 16*int(members) {
		return nil, false
	}
	n := Set{full: head&1 == 1}
	if members > 0 {
		n.members = make([]member, members, max(members, usualMembers))
	}
	for i := range n.members {
		n.members[i] = member{binary.LittleEndian.Uint64(src[16*i:]), int64(binary.LittleEndian.Uint64(src[16*i+8:]))}
	}
	*s = n
	return src[16*members:], true
}
