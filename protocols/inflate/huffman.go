package inflate

// Sizes of the alphabets (RFC 1951, sections 3.2.5 and 3.2.7).
const (
	maxLitLen  = 288
	maxDist    = 32
	maxCodeLen = 15
)

// fastBits is how many bits of a code are looked up at once; longer codes are
// rare by construction.
const fastBits = 10

// huffman decodes one canonical prefix code.
type huffman struct {
	fast   [1 << fastBits]uint16  // by the next bits: symbol<<4 | length; 0: a longer code, or none
	count  [maxCodeLen + 1]uint16 // codes of each length
	symbol [maxLitLen]uint16      // in the order of their codes
}

// build makes the decoder from the code lengths of all symbols. It reports
// whether they are a code: one that leaves bit patterns without meaning is only if
// it has one codeword of one bit, or none (RFC 1951, section 3.2.7).
func (h *huffman) build(lens []uint8) bool {
	h.count = [maxCodeLen + 1]uint16{}
	for _, n := range lens {
		h.count[n]++
	}
	used := len(lens) - int(h.count[0])
	h.count[0] = 0
	left := 1
	for n := 1; n <= maxCodeLen; n++ {
		if left = left<<1 - int(h.count[n]); left < 0 {
			return false // more codes than there are bit patterns
		}
	}
	if left > 0 && used > 0 && !(used == 1 && h.count[1] == 1) {
		return false
	}
	h.fill(lens)
	return true
}

// fill sorts the symbols and writes the table for the short codes.
func (h *huffman) fill(lens []uint8) {
	var offset, code [maxCodeLen + 2]uint16
	for n := 1; n <= maxCodeLen; n++ {
		offset[n+1] = offset[n] + h.count[n]
		code[n+1] = (code[n] + h.count[n]) << 1
	}
	clear(h.fast[:])
	for s, n := range lens {
		if n == 0 {
			continue
		}
		h.symbol[offset[n]] = uint16(s)
		offset[n]++
		if n <= fastBits {
			for i := reverse(code[n], n); i < 1<<fastBits; i += 1 << n {
				h.fast[i] = uint16(s)<<4 | uint16(n)
			}
		}
		code[n]++
	}
}

func reverse(code uint16, n uint8) (r int) {
	for range n {
		r = r<<1 | int(code&1)
		code >>= 1
	}
	return r
}

// decode finds the symbol that hold begins with and its length in bits. A length
// beyond the bits that there are means that more are needed; one of 0 that no
// code begins so.
func (h *huffman) decode(hold uint64) (symbol int, n uint) {
	if e := h.fast[hold&(1<<fastBits-1)]; e != 0 {
		return int(e >> 4), uint(e & 15)
	}
	code, first, index := 0, 0, 0
	for n := 1; n <= maxCodeLen; n++ {
		code |= int(hold & 1)
		hold >>= 1
		count := int(h.count[n])
		if code-first < count {
			return int(h.symbol[index+code-first]), uint(n)
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 0
}
