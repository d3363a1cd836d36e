package line

import "golang.org/x/sys/cpu"

var canScan = cpu.X86.HasAVX2 && cpu.X86.HasBMI1

// scanAVX2 returns how many of the n octets at p are lines as they should be: every
// LF has its CR, every CR its LF, no dot follows an LF. last is where the last LF of
// them is, or -1. atStart is 1 when a line begins at p, else 0. It takes nothing of
// fewer than 64 octets, and no more once about 800 of a line were without an end,
// the 64 times empty before p counted.
//
//go:noescape
func scanAVX2(p *byte, n int, atStart uint64, empty int) (taken, last int)

// scan is plain for a processor that compares 32 octets at once: one pass, whatever
// the lengths of the lines. It may take less than is plain.
func (s *Block) scan(b []byte) int {
	if !canScan || len(b) < 64 || s.length > 800 {
		return 0
	}
	start := uint64(0)
	if s.state == atStart {
		start = 1
	}
	n, last := scanAVX2(&b[0], len(b), start, (int(s.length)+63)/64)
	if n > 0 && b[n-1] == '\r' {
		n-- // what follows decides about it
	}
	if n == 0 {
		return 0
	}
	if last >= 0 {
		s.length, s.state = 0, atStart
	}
	if rest := n - 1 - last; rest > 0 {
		s.state = atText
		s.grow(rest)
	}
	return n
}
