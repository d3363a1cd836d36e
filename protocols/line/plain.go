package line

import "bytes"

// plain takes lines that are as they should be, up to one that begins with a
// dot, and the beginning of a line that b does not end. It takes nothing, and
// changes nothing, where it is not certain; b begins in atStart, not with a dot,
// or in atText.
//
// The end of each line is looked for where the line before it makes it likely:
// the lines of an encoded attachment are equally long. That may pass over an LF,
// so what was found is counted against what is there. With every LF found, each
// behind a CR, and no CR besides, all is in order.
func (s *Block) plain(b []byte) int {
	if n := s.scan(b); n > 0 {
		return n
	}
	n, lines := 0, 0 // octets of whole lines, and how many
	length, stride, long := int(s.length), int(s.stride), false
	for {
		i := n + stride - length - 1
		if i <= n || i >= len(b) || b[i] != '\n' {
			if i = bytes.IndexByte(b[n:], '\n'); i < 0 {
				break
			}
			i += n
		}
		if i == n || b[i-1] != '\r' {
			return 0
		}
		stride = length + i + 1 - n
		long = long || stride > MaxText
		n, length = i+1, 0
		lines++
		if n == len(b) || b[n] == '.' {
			return s.took(b[:n], lines, 0, stride, long)
		}
	}
	return s.took(b, lines, length+len(b)-n, stride, long)
}

// took ends plain, if there are no other ends of lines in b than those found.
func (s *Block) took(b []byte, lines, length, stride int, long bool) int {
	if bytes.Count(b, []byte{'\n'}) != lines || bytes.Count(b, []byte{'\r'}) != lines {
		return 0
	}
	s.state, s.length, s.stride = atStart, 0, uint16(min(stride, MaxText))
	if long {
		s.Odd |= OddLong
	}
	if length > 0 {
		s.state = atText
		s.grow(length)
	}
	return len(b)
}
