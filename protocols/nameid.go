package protocols

// NameID is the number by which events name a message that a protocol gives an
// opaque name: the FNV-1a hash (64 bits) of the name. It is never 0.
func NameID[T ~string | ~[]byte](name T) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return max(h, 1)
}
