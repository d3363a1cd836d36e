package mime

import "golang.org/x/sys/cpu"

var canCount = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// countAVX2 counts the octets of the base64 alphabet among the n at p, a multiple
// of 32.
//
//go:noescape
func countAVX2(p *byte, n int) uint64

// countWide counts the octets of the base64 alphabet in a prefix of b, where the
// processor can do so for 32 at once, and returns the rest.
func countWide(b []byte) (n uint64, rest []byte) {
	if k := len(b) &^ 31; canCount && k > 0 {
		return countAVX2(&b[0], k), b[k:]
	}
	return 0, b
}
